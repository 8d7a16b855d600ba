"""What customers do: events, what was searched for, and a memory of those who agreed to have one."""

from xsearch.visitors.events import record_event, record_search
from xsearch.visitors.identity import remembered_visitor
from xsearch.visitors.queries import popular_queries

__all__ = ["popular_queries", "record_event", "record_search", "remembered_visitor"]
