"""What customers do: events, what was searched for, and a memory of those who agreed to have one."""

from xsearch.behaviour.queries import popular_queries
from xsearch.behaviour.recording import record_event, record_search
from xsearch.behaviour.visiting import remembered_visitor

__all__ = ["popular_queries", "record_event", "record_search", "remembered_visitor"]
