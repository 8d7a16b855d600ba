"""Indexing: from a product to its inputs, vectors and row; the outbox, the workers, the only writer of embeddings."""

from xsearch.indexing.batch import IndexingReport
from xsearch.indexing.dispatch import pause_indexing
from xsearch.indexing.marking import sweep
from xsearch.indexing.outbox import mark
from xsearch.indexing.worker import index_pending

__all__ = ["IndexingReport", "index_pending", "mark", "pause_indexing", "sweep"]
