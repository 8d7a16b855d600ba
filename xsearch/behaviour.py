"""Deprecated name of ``xsearch.visitors``."""

import warnings

from xsearch.visitors import popular_queries, record_event, record_search, remembered_visitor

__all__ = ["popular_queries", "record_event", "record_search", "remembered_visitor"]

warnings.warn("xsearch.behaviour is xsearch.visitors now: change the import.", DeprecationWarning, stacklevel=2)
