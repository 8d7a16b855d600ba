"""What words beside a photo want changed: "like this, but red", "same without stripes", "这个，但是要蓝色的"."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from django.conf import settings as django_settings
from django.db import models
from django.utils import translation

from xsearch.conf import settings
from xsearch.index.filters import final_field
from xsearch.index.registry import Index
from xsearch.search.words.synonyms import Key, key_of
from xsearch.search.words.terms import Word, words_of
from xsearch.text import analyse
from xsearch.text.analysis import is_stop_word
from xsearch.text.glossary import Finder, Line, Span, has_chinese, read_glossary

#: Domains of the glossary whose lines are values of one attribute each.
DOMAINS = ("colours", "materials", "patterns")
_MAX_VALUES = 200  # of a field; one with more is no attribute but a text
_MAX_WORDS = 4  # of an English term
# Words that only point to the photo, besides those that are never searched for.
_POINTING_WORDS = """
    same similar exactly instead one ones version only however though rather another colour
    这件 这款 这双 这条 这只 那件 那款 那双 那条 那只 同款 同样 一样 类似 相似
    同 但是 但 不过 只是 换成 换 改成 改 变成 跟 像 颜色
"""
_POINTING = frozenset(_POINTING_WORDS.split())
_BEFORE = re.compile(
    r"(?:\b(?:without|no|not|non|minus|except)\b(?:\s+(?:any|the|a|an|in))*|不要|不带|没有|不是|去掉|别|无|非)[\s-]*$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Named:
    """A value of an attribute that words name: wanted, or unwanted ("without stripes")."""

    attribute: str
    value: str
    is_wanted: bool = True


@dataclass(frozen=True)
class Change:
    """What the words beside a photo say: ``words`` to search for, the values among them, and the ``rest``."""

    words: str
    named: tuple[Named, ...] = ()
    rest: str = ""


@dataclass
class Attributes:
    """The attributes of a catalogue: the values of each, and the terms in both languages that name them."""

    values: dict[str, list[str]] = field(default_factory=dict)
    _chinese: dict[str, tuple[str, str]] = field(default_factory=dict)
    #: None for longer terms in which a value is only a part of something else: red wine.
    _english: dict[Key, tuple[str, str] | None] = field(default_factory=dict)

    def add(self, attribute: str, value: str, terms: Sequence[str]) -> None:
        """Let ``terms`` name ``value``; one that names another already goes on doing so."""
        known = self.values.setdefault(attribute, [])
        if value not in known:
            known.append(value)
        for term in terms:
            if has_chinese(term):
                self._chinese.setdefault(term.lower(), (attribute, value))
            elif key := key_of(term):
                self._english.setdefault(key, (attribute, value))

    def except_in(self, term: str) -> None:
        """Let ``term`` name no value, if it begins like a colour."""
        key = key_of(term)
        first = self._english.get(key[:1])
        if len(key) > 1 and first and first[0] == "colour":
            self._english.setdefault(key, None)

    def named_by(self, term: str) -> tuple[str, str] | None:
        """Return the attribute and the value that ``term`` names."""
        return self._chinese.get(term.lower()) if has_chinese(term) else self._english.get(key_of(term))

    def copy(self) -> Attributes:
        """Return attributes to which values can be added without changing these."""
        return Attributes(
            {name: list(values) for name, values in self.values.items()}, dict(self._chinese), dict(self._english)
        )

    def find(self, text: str, words: Sequence[Word]) -> Iterator[tuple[Span, tuple[str, str]]]:
        """Yield where a value is named, from left to right, the longest term first, and what it is."""
        chinese = [Span(word.start, word.end) for word in words if has_chinese(text[word.start : word.end])]
        spans = Finder(self._chinese).find(text, chinese)
        found = [(span, self._chinese[text[span.start : span.end].lower()]) for span in spans]
        yield from sorted([*found, *self._find_english(words)])

    def _find_english(self, words: Sequence[Word]) -> Iterator[tuple[Span, tuple[str, str]]]:
        position = 0
        while position < len(words):
            count = min(_MAX_WORDS, len(words) - position)
            while count and tuple(word.lexeme for word in words[position : position + count]) not in self._english:
                count -= 1
            taken = words[position : position + max(count, 1)]
            position += len(taken)
            named = self._english[tuple(word.lexeme for word in taken)] if count else None
            if named:
                yield Span(taken[0].start, taken[-1].end), named


def read_change(index: Index, text: str, unwanted_text: str = "") -> Change:
    """Return what ``text``, said beside a photo, says; ``unwanted_text`` names what was found to be not wanted."""
    words = words_of(analyse(text))
    telling = [Span(word.start, word.end) for word in words if not _only_points(word)]
    named, places, unwanted = [], [], []
    for span, (attribute, value) in attributes_of(index).find(text, words):
        before = _BEFORE.search(text, 0, span.start)
        named.append(Named(attribute, value, is_wanted=before is None))
        places.append(span)
        if before:
            unwanted.append(Span(before.start(), span.end))
    away = attributes_of(index).find(unwanted_text, words_of(analyse(unwanted_text)))
    named += [Named(attribute, value, is_wanted=False) for _span, (attribute, value) in away]
    if not named and len(telling) == len(words):
        return Change(text, (), text)
    return Change(_kept(text, telling, unwanted), tuple(named), _kept(text, telling, [*unwanted, *places]))


def _only_points(word: Word) -> bool:
    surface = word.surface.lower()
    return surface in _POINTING or is_stop_word(surface)


def _kept(text: str, spans: Sequence[Span], but_for: Sequence[Span]) -> str:
    """Return what stands in ``spans``, without what also stands in ``but_for``."""
    places = {place for span in spans for place in range(*span)} - {p for span in but_for for p in range(*span)}
    return " ".join("".join(text[place] if place in places else " " for place in range(len(text))).split())


_found: dict[str, tuple[float, str | None, Attributes]] = {}


def attributes_of(index: Index) -> Attributes:
    """Return the attributes of a catalogue, read again every ``VOCABULARY_MAX_AGE_S``."""
    read_at, glossary, found = _found.get(index.label, (float("-inf"), None, Attributes()))
    if glossary != settings.GLOSSARY or time.monotonic() - read_at > settings.VOCABULARY_MAX_AGE_S:
        found = _read(index)
        _found[index.label] = (time.monotonic(), settings.GLOSSARY, found)
    return found


def forget_attributes() -> None:
    """Read the values of every catalogue again; for tests and after a change of the whole catalogue."""
    _found.clear()


def _read(index: Index) -> Attributes:
    """Return the attributes of the glossary with the catalogue's own values of those fields that hold such."""
    found = _of_glossary(settings.GLOSSARY).copy()
    for name in dict.fromkeys([*index.facets, *index.filters]):
        values = _values_of(index, name)
        terms = {value: _terms(index, name, value) for value in values}
        known = {value: next(filter(None, map(found.named_by, terms[value])), None) for value in values}
        attributes = [place[0] for place in known.values() if place]
        if not attributes or 2 * len(attributes) < len(values):
            continue
        attribute = max(set(attributes), key=attributes.count)
        for value in values:
            found.add(attribute, (known[value] or ("", value))[1], terms[value])
    return found


def _values_of(index: Index, name: str) -> list[str]:
    field = final_field(index.model, name)
    if field.related_model or not isinstance(field, models.CharField | models.TextField):
        return []
    found = index.get_queryset().order_by().values_list(name, flat=True).distinct()[: _MAX_VALUES + 1]
    values = sorted(value for value in found if value)
    return values if len(values) <= _MAX_VALUES else []


def _terms(index: Index, name: str, value: str) -> list[str]:
    """Return how a value is called in the languages of the site."""
    labels = [value]
    for code, _name in django_settings.LANGUAGES:
        with translation.override(code):
            labels.append(index.facet_label(name, value))
    return list(dict.fromkeys(labels))


@lru_cache(maxsize=2)
def _of_glossary(path: str | None) -> Attributes:
    found, lines = Attributes(), _lines(path)
    for line in lines:
        if line.domain in DOMAINS and line.english[0] != line.domain.removesuffix("s"):
            found.add(line.domain.removesuffix("s"), line.english[0], [*line.english, *line.chinese])
    for term in (term for line in lines if line.domain not in DOMAINS for term in line.english):
        found.except_in(term)
    return found


def _lines(path: str | None) -> Sequence[Line]:
    try:
        return read_glossary(Path(path)) if path else ()
    except (OSError, ValueError):
        return ()  # the system check says what is wrong
