"""Filling a column for the first time: its HNSW index is built afterwards at once, instead of grown row by row.

An HNSW index takes about a millisecond for every row that is added to it, and a fraction of that for a row
when it is built as a whole, in memory and by several processes.
"""

from __future__ import annotations

from xsearch.index.registry import Index
from xsearch.indexing import vector_indexes
from xsearch.indexing.outbox import claimable
from xsearch.indexing.spaces import live_spaces
from xsearch.models import EncoderSpace, IndexRecord

#: Objects; fewer are added to an index in no time.
_MANY = 5_000
#: Shares of the objects without a vector: above the first an index goes, below the second it is built.
_MOST = 0.5
_SOME = 0.2


def drop_indexes(index: Index) -> None:
    """Drop the HNSW index of each column that is about to be filled for the most part.

    A search compares what is there row by row meanwhile, which is the smaller part.
    """
    if not claimable(index)[_MANY : _MANY + 1].exists():
        return
    for space in live_spaces(index).values():
        if _is_filling(index, space, _MOST):
            with vector_indexes.alone_with_indexes() as is_alone:
                for store in index.stores_for(space.modality) if is_alone else ():
                    vector_indexes.drop_vector_index(store, store.column)


def create_indexes(index: Index) -> None:
    """Create the HNSW indexes that are missing, but for columns that are still being filled."""
    if vector_indexes.missing_indexes(vector_indexes.columns_in(index, live_spaces(index))):
        vector_indexes.create_vector_indexes(lambda: vector_indexes.columns_in(index, _filled_spaces(index)))


def _filled_spaces(index: Index) -> dict[str, EncoderSpace]:
    return {name: space for name, space in live_spaces(index).items() if not _is_filling(index, space, _SOME)}


def _is_filling(index: Index, space: EncoderSpace, share: float) -> bool:
    """Say whether many objects, and more than ``share`` of all, wait for their first vector of ``space``."""
    records = IndexRecord.objects.filter(content_type=index.content_type)
    waiting = records.filter(status=IndexRecord.Status.PENDING)
    first = waiting.exclude(fingerprints__contains={space.modality: space.fingerprint}).count()
    return first > _MANY and first > share * records.count()
