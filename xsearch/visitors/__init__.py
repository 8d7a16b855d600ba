"""Visitors: events, queries, and a memory of the visitors who agreed to it."""

from xsearch.visitors.events import record_event
from xsearch.visitors.identity import remembered_visitor
from xsearch.visitors.queries import popular_queries, record_search

__all__ = ["popular_queries", "record_event", "record_search", "remembered_visitor"]
