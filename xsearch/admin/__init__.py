"""For shop owners: what is indexed, what failed and why, and a page to look at and try the search."""

from xsearch.admin import adapters, overview, synonyms  # noqa: F401 - they register themselves
from xsearch.admin.records import IndexedAdmin

__all__ = ["IndexedAdmin"]
