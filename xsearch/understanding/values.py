"""The values that a catalogue's declared fields have, read from its tables; made into a lexicon once per vocabulary."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings as django_settings
from django.db import models
from django.db.models.constants import LOOKUP_SEP
from django.utils.functional import lazy
from django.utils.translation import override

from xsearch.conf import settings
from xsearch.index.filters import NUMBERS, field_label, final_field, label_path
from xsearch.index.registry import Index
from xsearch.text.glossary import Line, read_glossary
from xsearch.understanding.lexicon import Lexicon, Value

logger = logging.getLogger("xsearch.understanding")

_MAX_VALUES = 5_000  # of a field; what has more is no field to choose from
_TEXTS = (models.CharField, models.TextField)

_lock = threading.Lock()
#: By labels, the version of the words and what was made of them.
_lexicons: dict[tuple[str, ...], tuple[object, Lexicon]] = {}

_title = lazy(field_label, str)
Pairs = Callable[[], Iterable[tuple[str, str]]]


def lexicon_of(indexes: Sequence[Index], version: object, same: Pairs) -> Lexicon:
    """Return the lexicon of catalogues together; made when it is first needed and when ``version`` changes.

    ``same`` returns the shop's synonyms: pairs of terms, of which the first also means the second.
    """
    labels = tuple(index.label for index in indexes)
    known, found = _lexicons.get(labels, (None, None))
    if found is not None and (known == version or _lock.locked()):
        return found  # be it a little old, while another thread makes the new one
    with _lock:
        known, found = _lexicons.get(labels, (None, None))
        if found is None or known != version:
            found = _new_lexicon(indexes, same())
            _lexicons[labels] = (version, found)
    return found


def price_filter(indexes: Sequence[Index]) -> str | None:
    """Return the declared filter that sums of money are about, if any of the indexes has one of numbers."""
    for index in indexes:
        if index.price in index.filters and isinstance(final_field(index.model, str(index.price)), NUMBERS):
            return index.price
    return None


def _new_lexicon(indexes: Sequence[Index], same: Iterable[tuple[str, str]]) -> Lexicon:
    fields = [(index, name) for index in indexes for name in index.filters if _has_texts(index, name)]
    price = price_filter(indexes)
    of_price = [(index, price) for index in indexes if price and price in index.filters]
    values = {(each.field, each.value): each for index, name in fields for each in _values(index, name)}
    return Lexicon(
        list(values.values()),
        price=price,
        titles={name: _title(index, name) for index, name in reversed([*fields, *of_price])},
        same=same,
        glossary=_glossary(settings.GLOSSARY),
    )


def _has_texts(index: Index, name: str) -> bool:
    return isinstance(final_field(index.model, label_path(index, name)), _TEXTS)


def _values(index: Index, name: str) -> Iterator[Value]:
    """Yield the values of a field with what they are called in every language that is known."""
    field: Any = final_field(index.model, name)
    if field.related_model:
        label = label_path(index, name).rpartition(LOOKUP_SEP)[2]
        rows, columns = field.related_model._base_manager.all(), _in_languages(field.related_model, label)
    else:
        rows, columns = index.model._base_manager.all(), {"": name}
    found = rows.order_by().values_list(*columns.values()).distinct()[: _MAX_VALUES + 1]
    found = [row for row in found if row[0]]
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
    choices = {str(key): label for key, label in final_field(index.model, name).flatchoices or ()}
    for code, _name in django_settings.LANGUAGES:
        with override(code):
            labels.setdefault(code, str(choices.get(value) or index.facet_label(name, value)))
    return Value(name, value, tuple(dict.fromkeys([value, *labels.values()])), labels)


@lru_cache(maxsize=4)
def _glossary(path: str | None) -> list[Line]:
    try:
        return read_glossary(Path(path)) if path else []
    except (OSError, ValueError):
        # A search goes on without translations; `manage.py check` says what is wrong.
        logger.exception("The glossary cannot be read")
        return []
