"""Fields with a column for each language, by django-modeltranslation: each is indexed, and labels are in the page's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models.constants import LOOKUP_SEP
from django.db.models.functions import Coalesce, NullIf

from xsearch.index import paths
from xsearch.index.fields import AnyField, TextFilter
from xsearch.index.trees import Place


def plain(queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """Return ``queryset`` without the rewriting of names, which leaves out a column that is named twice."""
    return queryset.rewrite(False) if hasattr(queryset, "rewrite") else queryset


def has_default_order(queryset: models.QuerySet[Any]) -> bool:
    """Return True if the order is that of the model, which translated models write into every queryset."""
    if not hasattr(queryset, "rewrite"):
        return False
    return bool(queryset.query.order_by == queryset.model._default_manager.all().query.order_by)


def languages_of(field: AnyField) -> list[str]:
    """Return the names of the columns of a translated field, that of the default language first; none for others."""
    if not apps.is_installed("modeltranslation"):
        return []
    from modeltranslation.manager import get_translatable_fields_for_model
    from modeltranslation.utils import build_localized_fieldname

    if field is None or field.name not in (get_translatable_fields_for_model(field.model) or ()):
        return []
    return [build_localized_fieldname(field.name, language) for language in _languages()]


def in_every_language(model: type[models.Model], path: str) -> list[str]:
    """Return the paths of a text in every language, or ``path`` alone."""
    before, separator, name = path.rpartition(LOOKUP_SEP)
    steps = paths.relations(model, before) if before else []
    owner = steps[-1].model if steps else model
    field = next((field for field in owner._meta.get_fields() if field.name == name), None)
    return [f"{before}{separator}{column}" for column in languages_of(field)] or [path]


class TranslatedFilter(TextFilter):
    """A text with a translation: its value is that of the default language, its label the one of the page."""

    @classmethod
    def takes(cls, field: AnyField) -> bool:
        """Return True for texts with a column for each language."""
        return super().takes(field) and bool(languages_of(field))

    @property
    def columns(self) -> dict[str, str]:
        """The path of the column of each language, that of the default language first."""
        before, separator, _name = self.path.rpartition(LOOKUP_SEP)
        columns = [f"{before}{separator}{column}" for column in languages_of(self.field)]
        return dict(zip(_languages(), columns, strict=True))

    def column(self, prefix: str = "") -> Any:
        """Return the text in the default language, or in another one where it has none."""
        return _first_text([f"{prefix}{column}" for column in self.columns.values()])

    def first(self) -> Any:
        """Return the text in the language of the page, or in another one where it has none."""
        columns = self.columns
        return _first_text(list(dict.fromkeys([columns[_page_language()], *columns.values()])))

    def condition(self, values: Sequence[Any]) -> models.Q:
        """Return the condition that a row has one of ``values`` in any language, in any case."""
        texts = [self.parse(value) for value in values]
        matches = [models.Q(**{f"{column}__iexact": text}) for column in self.columns.values() for text in texts]
        return reduce(or_, matches, models.Q())

    def known(self) -> models.Q:
        """Return the condition that a row has a text in any language."""
        return reduce(or_, [models.Q(**{f"{column}__gt": ""}) for column in self.columns.values()])

    def labels(self, values: Iterable[Any], places: Mapping[Any, Place] | None = None) -> dict[Any, str]:  # noqa: ARG002
        """Return the texts in the language of the page, or in that of the value."""
        values = list(values)
        rows = plain(self.index.model._base_manager.order_by()).annotate(xs_value=self.column())
        found = rows.filter(xs_value__in=values).values_list("xs_value", self.first()).distinct()
        texts = {value: value for value in values} | dict(found)
        return {value: self.index.facet_label(self.name, text) for value, text in texts.items()}


def _first_text(columns: Sequence[str]) -> Any:
    text = models.TextField()
    texts = [NullIf(models.F(column), models.Value(""), output_field=text) for column in columns]
    return Coalesce(*texts, output_field=text) if len(texts) > 1 else texts[0]


def _languages() -> list[str]:
    from modeltranslation import settings

    return list(dict.fromkeys([settings.DEFAULT_LANGUAGE, *settings.AVAILABLE_LANGUAGES]))


def _page_language() -> str:
    from modeltranslation.utils import get_language

    return str(get_language())
