"""The state of one search: opened by the engine, passed down, dropped at the end."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from copy import copy
from functools import cached_property
from typing import Any, TypeVar

from django.db import connections, models
from django.db.models import CharField, Func

from xsearch.encoders import Encoder
from xsearch.index.registry import Index
from xsearch.index.stores import Store, main_store
from xsearch.index.translations import plain
from xsearch.indexing.spaces import live_encoder, live_spaces
from xsearch.models import EncoderSpace
from xsearch.models.routing import write_alias
from xsearch.search.expressions import IsAnyOf

ValueT = TypeVar("ValueT")

#: Live spaces by modality.
LiveSpaces = dict[str, EncoderSpace]


def read_alias(queryset: models.QuerySet[Any], examples: Iterable[models.Model]) -> str:
    """Return the alias of the database to search in: where an example was saved, since a replica may lack it still."""
    primary = write_alias(queryset.model)
    is_free = queryset._db is None  # type: ignore[attr-defined]  # the caller named no database
    if is_free and any(example._state.db == primary for example in examples):
        return primary
    return queryset.db


class _CurrentSchema(Func):
    """The schema that unqualified table names resolve to; tenants may have one each."""

    function = "current_schema"
    output_field = CharField()


class _SharedState:
    """State shared by the contexts of one search: the live spaces, and everything that was made of the query."""

    def __init__(self, aliases: Mapping[Index, str]) -> None:
        self.aliases = dict(aliases)
        self.made: dict[Hashable, Any] = {}
        self._spaces: dict[Index, LiveSpaces] = {}
        self._schemas: dict[str, str] = {}

    def spaces(self, index: Index) -> LiveSpaces:
        """Return the live spaces of an index in the order in which they were opened; one statement for all indexes."""
        if index not in self._spaces:
            self._read_spaces(self.aliases[index])
        return self._spaces[index]

    def _read_spaces(self, using: str) -> None:
        owners = {index.content_type.pk: index for index, alias in self.aliases.items() if alias == using}
        self._spaces |= {index: {} for index in owners.values()}
        rows = EncoderSpace.objects.using(using).filter(content_type__in=owners).order_by("pk")
        for space in rows.annotate(schema=_CurrentSchema()):
            self._schemas[using] = space.schema
            self._spaces[owners[space.content_type_id]][space.modality] = space

    def forget_spaces(self) -> None:
        """Read the spaces again when they are next needed."""
        self._spaces.clear()

    def schema(self, using: str) -> str:
        """Return the name of the current schema of a database."""
        if using not in self._schemas and not self._spaces:
            self._read_spaces(using)
        if using not in self._schemas:
            with connections[using].cursor() as cursor:
                cursor.execute("SELECT current_schema()")
                self._schemas[using] = cursor.fetchone()[0]
        return self._schemas[using]


class SearchContext:
    """One search in one index: what is read once for it, and the parts of it that failed.

    Contexts of indexes that are searched together share what was made of the query: its photo, transcript, correction
    and vectors.
    """

    def __init__(self, index: Index, using: str, shared: _SharedState | None = None) -> None:
        self.index = index
        self.using = using
        #: Names of the parts that were left out because they were not available.
        self.degraded: list[str] = []
        self._shared = shared or _SharedState({index: using})

    @classmethod
    def open_all(cls, aliases: Mapping[Index, str]) -> list[SearchContext]:
        """Return a context for each index of one search; ``aliases`` are the databases that they are read from."""
        shared = _SharedState(aliases)
        return [cls(index, alias, shared) for index, alias in aliases.items()]

    @property
    def indexes(self) -> tuple[Index, ...]:
        """The indexes of this search, this one included."""
        return tuple(self._shared.aliases)

    def each_index(self) -> list[SearchContext]:
        """Return a context for each index of this search, whose failures count for nothing."""
        return [SearchContext(index, alias, self._shared) for index, alias in self._shared.aliases.items()]

    @property
    def spaces(self) -> LiveSpaces:
        """The live spaces of the index by modality, read once for the whole search."""
        return self._shared.spaces(self.index)

    def spaces_of(self, index: Index) -> LiveSpaces:
        """Return the live spaces of any index, also of one that is not searched."""
        if index in self._shared.aliases:
            return self._shared.spaces(index)
        return self.once(("spaces", index), lambda: live_spaces(index))

    def forget_spaces(self) -> None:
        """Read the live spaces again: one of them was swapped."""
        self._shared.forget_spaces()

    @cached_property
    def stores(self) -> list[Store]:
        """The embedding columns of the index."""
        return self.index.stores()

    def stores_for(self, modality: str) -> tuple[Store, ...]:
        """Return the embedding columns of one modality."""
        return tuple(store for store in self.stores if store.modality == modality)

    @cached_property
    def main_store(self) -> Store:
        """The store with one row per object, which has the full-text document."""
        return main_store(self.index)

    @property
    def scope(self) -> tuple[str, str]:
        """The database alias and the schema: what is cached of a catalogue belongs to these."""
        return self.using, self._shared.schema(self.using)

    @property
    def cache_key(self) -> tuple[str, str, str]:
        """The key for whatever is cached of this catalogue: index label, database alias, schema."""
        return self.index.label, *self.scope

    def encoder(self, space: EncoderSpace) -> Encoder | None:
        """Return the encoder of a live space; None when it is not available any more."""
        return self.once(("encoder", space.pk, space.fingerprint), lambda: live_encoder(space))

    def once(self, key: Hashable, make: Callable[[], ValueT]) -> ValueT:
        """Return what ``make`` made for ``key`` in this search, also for another of its indexes.

        A ``key`` may name an object by its ``id`` as long as it is part of the request, which outlives the search.
        """
        if key not in self._shared.made:
            self._shared.made[key] = make()
        found: ValueT = self._shared.made[key]
        return found

    def objects(self, keys: Sequence[Any]) -> models.QuerySet[Any]:
        """Return the objects with these primary keys, in no order, hidden ones too."""
        return plain(self.index.model._base_manager.using(self.using).filter(IsAnyOf("pk", keys)).order_by())

    def degrade(self, *names: str) -> None:
        """Note parts that are left out because they are not available."""
        self.degraded += names

    def with_own_failures(self) -> SearchContext:
        """Return the same context with an empty list of failures of its own."""
        other = copy(self)
        other.degraded = []
        return other
