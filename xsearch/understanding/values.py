"""Reads the values of a catalogue's declared fields from its tables, and makes a lexicon of them once per version."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any

from django.conf import settings as django_settings
from django.db import models
from django.utils.functional import lazy
from django.utils.translation import override

from xsearch.conf import settings
from xsearch.index.fields import NumberFilter
from xsearch.index.filters import field_label
from xsearch.index.registry import Index
from xsearch.index.related import RelatedFilter
from xsearch.index.translations import TranslatedFilter
from xsearch.lazy import VersionedCache
from xsearch.text.glossary import glossary_lines
from xsearch.understanding.lexicon import Value, ValueLexicon

_MAX_VALUES = 5_000  # of a field; one with more is no field to choose from
_TEXTS = (models.CharField, models.TextField)

_lexicons: VersionedCache[ValueLexicon] = VersionedCache()

_title = lazy(field_label, str)
SynonymPairs = Callable[[], Iterable[tuple[str, str]]]


def lexicon_of(indexes: Sequence[Index], version: object, same: SynonymPairs, scope: Hashable = ()) -> ValueLexicon:
    """Return the lexicon of catalogues together; made when it is first needed and when ``version`` changes.

    ``same`` returns the shop's synonyms: pairs of terms, of which the first also means the second. ``scope`` keeps the
    lexicons of several databases or schemas apart.
    """
    key = (scope, tuple(index.label for index in indexes))
    return _lexicons.get(key, version, lambda: _new_lexicon(indexes, same()))


def price_filter(indexes: Sequence[Index]) -> str | None:
    """Return the declared filter for prices, if any of the indexes has a numeric one."""
    for index in indexes:
        if index.price in index.filters and isinstance(index.field(str(index.price)), NumberFilter):
            return index.price
    return None


def _new_lexicon(indexes: Sequence[Index], same: Iterable[tuple[str, str]]) -> ValueLexicon:
    fields = [(index, name) for index in indexes for name in index.filters if index.field(name).has_texts]
    price = price_filter(indexes)
    of_price = [(index, price) for index in indexes if price and price in index.filters]
    values = {(each.field, each.value): each for index, name in fields for each in _values(index, name)}
    return ValueLexicon(
        list(values.values()),
        price=price,
        titles={name: _title(index, name) for index, name in reversed([*fields, *of_price])},
        same=same,
        glossary=glossary_lines(settings.GLOSSARY),
    )


def _values(index: Index, name: str) -> Iterator[Value]:
    """Yield the values of a field with their names in every language of the site: names of related rows, not keys."""
    field = index.field(name)
    columns: dict[str, Any] = {"": field.expression()}
    rows: models.QuerySet[Any] = index.model._base_manager.all()
    if isinstance(field, TranslatedFilter):
        columns |= field.columns
    if isinstance(field, RelatedFilter):
        rows, columns = field.related._base_manager.all(), _in_languages(field.related, field.name_field)
    read = rows.order_by().values_list(*columns.values()).distinct()[: _MAX_VALUES + 1]
    found = [row for row in read if row[0] and isinstance(row[0], str)]
    for value, *others in found if len(found) <= _MAX_VALUES else ():
        labels = dict(zip(list(columns)[1:], others, strict=True))
        yield _value(index, name, str(value), {code: label for code, label in labels.items() if label})


def _in_languages(model: type[models.Model], label: str) -> dict[str, str]:
    """Return the fields of a label by language, such as ``name_zh``; the label itself first."""
    codes = {code.replace("-", "_").lower(): code for code, _name in django_settings.LANGUAGES}
    codes |= {code.partition("_")[0]: known for code, known in codes.items()}
    fields = {field.name for field in model._meta.concrete_fields if isinstance(field, _TEXTS)}
    return {"": label} | {known: f"{label}_{code}" for code, known in codes.items() if f"{label}_{code}" in fields}


def _value(index: Index, name: str, value: str, labels: dict[str, str]) -> Value:
    field = index.field(name)
    for code, _name in django_settings.LANGUAGES:
        with override(code):
            labels.setdefault(code, index.facet_label(name, field.readable(value)))
    return Value(name, value, tuple(dict.fromkeys([value, *labels.values()])), labels)
