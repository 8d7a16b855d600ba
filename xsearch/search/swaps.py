"""What a search knows about swaps: whose vectors a statement sees."""

from __future__ import annotations

from functools import lru_cache

from django.db.models import Exists, QuerySet

from xsearch.models import EncoderSpace
from xsearch.search.expressions import HoldsVectorsOf
from xsearch.stores import Store


class SpaceSwapped(Exception):  # noqa: N818 - no error: the search begins anew
    """The vectors that a query was made for are not the live ones any more."""


def live_rows(space: EncoderSpace, store: Store) -> QuerySet[EncoderSpace]:
    """Return ``space`` if the column of ``store`` holds its vectors in the statement that asks, nothing otherwise."""
    return _live_rows(space.pk, space.fingerprint, store)


def is_live(space: EncoderSpace, store: Store) -> Exists:
    """Whether a vector of ``space`` may be compared with those that this very statement sees; a swap may come any time.

    A statement locks its tables when it is parsed, and sees what was committed until then: columns by their names and
    the row of their space come from the same side of a swap, which renames and notes in one transaction. With
    REPEATABLE READ it sees older rows than names, so that the comment on the column is asked as well.
    """
    return _is_live(space.pk, space.fingerprint, store)


def _live_rows(key: int, fingerprint: str, store: Store) -> QuerySet[EncoderSpace]:
    return EncoderSpace.objects.filter(HoldsVectorsOf(store, fingerprint), pk=key, fingerprint=fingerprint)


@lru_cache(maxsize=64)
def _is_live(key: int, fingerprint: str, store: Store) -> Exists:
    """Return an expression that is asked for several times in every search; it holds no answer."""
    return Exists(_live_rows(key, fingerprint, store))
