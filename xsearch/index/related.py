"""Filters by related rows: the key of a row is the value, its name the label."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property, reduce
from operator import or_
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.constants import LOOKUP_SEP

from xsearch.index.fields import AnyField, FilterField
from xsearch.index.translations import in_every_language
from xsearch.index.trees import Place, Tree, tree_of

_BIGGEST_KEY = 2**63
_LABEL_FIELDS = ("name", "title", "label", "slug")


class RowName(str):
    """A value of a filter that is the name of related rows, though it may look like a key: "7" as words say it."""

    __slots__ = ()


class RelatedFilter(FilterField):
    """A related row: its key is the value, its name the label."""

    @classmethod
    def takes(cls, field: AnyField) -> bool:
        """Return True for relations, forward or reverse."""
        return isinstance(field.related_model, type)

    @property
    def related(self) -> type[models.Model]:
        """The model of the related rows."""
        return self.field.related_model  # type: ignore[no-any-return]

    @cached_property
    def name_field(self) -> str:
        """The field of a related row that has its name; "" if there is none."""
        texts = (models.CharField, models.TextField)
        fields = {field.name for field in self.related._meta.get_fields() if isinstance(field, texts)}
        return next((name for name in _LABEL_FIELDS if name in fields), "")

    @property
    def has_texts(self) -> bool:  # type: ignore[override]
        """True if the rows have names."""
        return bool(self.name_field)

    def column(self, prefix: str = "") -> Any:
        """Return the key of the related row."""
        return models.F(f"{prefix}{self.path}{LOOKUP_SEP}pk")

    def condition(self, values: Sequence[Any]) -> models.Q:
        """Return the condition that a related row is one of ``values``."""
        return models.Q(**{f"{self.path}{LOOKUP_SEP}pk__in": self.rows(values).values("pk")})

    def rows(self, values: Sequence[Any]) -> models.QuerySet[Any]:
        """Return the related rows that have one of ``values`` as their key; else those that have it as their name.

        In a tree, everything below them belongs to them.
        """
        rows = self.related._base_manager.order_by()
        found = rows.filter(reduce(or_, [self._is(value) for value in values], models.Q()))
        return self.tree.with_descendants(found) if self.tree else found

    def labels(self, values: Iterable[Any], places: Mapping[Any, Place] | None = None) -> dict[Any, str]:
        """Return the labels of keys: the related objects as texts."""
        rows = self._with_relations().in_bulk(list(values))
        if self.tree:
            self.tree.remember_ancestors(rows, places or self.places(rows))
        return {key: self.index.facet_label(self.name, str(row)) for key, row in rows.items()}

    def places(self, values: Iterable[Any]) -> Mapping[Any, Place]:
        """Return the places of keys and of their ancestors in the tree of the rows, if they make one."""
        return self.tree.places(values) if self.tree else {}

    @cached_property
    def tree(self) -> Tree | None:
        """The tree that the related rows make, such as categories."""
        return tree_of(self.related)

    def _with_relations(self) -> models.QuerySet[Any]:
        """Return the related rows with those that their names may have: of relations to one row each."""
        fields = self.related._meta.concrete_fields
        names = [field.name for field in fields if field.is_relation and field.related_model is not self.related]
        rows = self.related._base_manager.all()
        return rows.select_related(*names) if names else rows

    def chosen_label(self, text: str) -> str:
        """Return the name of the row that a value of a request names by its key."""
        row = self.related._base_manager.filter(self._is(text)).first()
        return self.index.facet_label(self.name, str(row)) if row else text

    def _is(self, value: Any) -> models.Q:
        text = self.parse(value)
        names = in_every_language(self.related, self.name_field) if self.name_field else []
        named = reduce(or_, [models.Q(**{f"{name}__iexact": text}) for name in names], models.Q(pk__in=[]))
        keys = {} if isinstance(value, RowName) else self._keys(text)
        if not keys:
            return named
        has_key = reduce(or_, (models.Q(**{name: key}) for name, key in keys.items()))
        return has_key | (named & ~models.Q(models.Exists(self.related._base_manager.filter(has_key))))

    def _keys(self, text: str) -> dict[str, Any]:
        """Return the keys that a text may be: the primary key, and the field that a foreign key refers to."""
        related = self.related._meta
        fields = {related.pk, getattr(self.field, "target_field", related.pk)}
        found = {}
        for field in fields:
            with suppress(ValidationError, ValueError, TypeError, ArithmeticError):
                found[field.name] = field.to_python(text)
        return {name: key for name, key in found.items() if not isinstance(key, int) or abs(key) < _BIGGEST_KEY}
