"""What customers do: events, what was searched for, and a memory of those who agreed to have one."""

from xsearch.behaviour.queries import popular_queries

__all__ = ["popular_queries"]
