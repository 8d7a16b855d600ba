"""For shop owners: what is indexed, what failed and why, and a page to look at and try the search."""

from xsearch.admin import adapters, overview, records, synonyms  # noqa: F401 - they register themselves
from xsearch.admin.indexed import IndexedAdmin

__all__ = ["IndexedAdmin"]
