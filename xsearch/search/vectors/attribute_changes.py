"""Changes to a photo that the words of a query ask for: "like this, but red", "same without stripes", "要蓝色的"."""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from django.conf import settings as django_settings
from django.utils import translation

from xsearch.conf import settings
from xsearch.index.registry import Index
from xsearch.index.related import RelatedFilter
from xsearch.lazy import VersionedCache
from xsearch.search.words.synonyms import key_of
from xsearch.search.words.terms import QueryWord, words_of
from xsearch.text import analyse
from xsearch.text.analysis import is_stop_word
from xsearch.text.chinese import has_chinese
from xsearch.text.glossary import TermKey, TermMatcher, TextSpan, glossary_lines
from xsearch.text.word_lists import word_list
from xsearch.understanding.negation import negation_before

#: Domains of the glossary whose lines are values of one attribute each.
DOMAINS = ("colours", "materials", "patterns")
_MAX_VALUES = 200  # of a field; one with more is no attribute but a text
_MAX_WORDS = 4  # of an English term
# Words that only point to the photo; stop words do as well.
_POINTING = word_list("pointing words")


@dataclass(frozen=True)
class NamedAttribute:
    """A value of an attribute that words name; ``is_wanted`` is False for "without stripes"."""

    attribute: str
    value: str
    is_wanted: bool = True


@dataclass(frozen=True)
class Change:
    """The ``words`` of a query to search for, the values that they name, and the ``rest``, which names no value."""

    words: str
    named: tuple[NamedAttribute, ...] = ()
    rest: str = ""


@dataclass
class AttributeLexicon:
    """The attributes of a catalogue: the values of each, and the terms for them in both languages.

    All values are added before the first ``find``.
    """

    values: dict[str, list[str]] = field(default_factory=dict)
    _chinese: dict[str, tuple[str, str]] = field(default_factory=dict)
    #: None for longer terms of which a value is only a part: red wine.
    _english: dict[TermKey, tuple[str, str] | None] = field(default_factory=dict)

    def add(self, attribute: str, value: str, terms: Sequence[str]) -> None:
        """Add the ``terms`` for ``value``, but for those that another value has already."""
        known = self.values.setdefault(attribute, [])
        if value not in known:
            known.append(value)
        for term in terms:
            if has_chinese(term):
                self._chinese.setdefault(term.lower(), (attribute, value))
            elif key := key_of(term):
                self._english.setdefault(key, (attribute, value))

    def add_exception(self, term: str) -> None:
        """Add a ``term`` that names no value although it begins with a colour."""
        key = key_of(term)
        first = self._english.get(key[:1])
        if len(key) > 1 and first and first[0] == "colour":
            self._english.setdefault(key, None)

    def named_by(self, term: str) -> tuple[str, str] | None:
        """Return the attribute and the value that ``term`` names."""
        return self._chinese.get(term.lower()) if has_chinese(term) else self._english.get(key_of(term))

    def copy(self) -> AttributeLexicon:
        """Return a copy to which values can be added."""
        return AttributeLexicon(
            {name: list(values) for name, values in self.values.items()}, dict(self._chinese), dict(self._english)
        )

    @cached_property
    def _matcher(self) -> TermMatcher:
        return TermMatcher(self._english, self._chinese, max_words=_MAX_WORDS)

    def find(self, text: str, words: Sequence[QueryWord]) -> list[tuple[TextSpan, tuple[str, str]]]:
        """Return the place of each term for a value, from left to right, and its attribute and value."""
        chinese = [TextSpan(word.start, word.end) for word in words if has_chinese(text[word.start : word.end])]
        spans = self._matcher.find_chinese(text, chinese)
        found = [(span, self._chinese[text[span.start : span.end].lower()]) for span in spans]
        for key, place in self._matcher.split([word.lexeme for word in words]):
            if named := self._english.get(key):
                found.append((TextSpan(words[place.start].start, words[place.stop - 1].end), named))
        return sorted(found)


def read_change(index: Index, text: str, negated_text: str = "", scope: Hashable = ()) -> Change:
    """Return the change that ``text`` asks for; ``negated_text`` holds the values that the query negates."""
    words = words_of(analyse(text))
    meaningful = [
        TextSpan(word.start, word.end)
        for word in words
        if not (word.surface.lower() in _POINTING or is_stop_word(word.surface.lower()))
    ]
    lexicon = attributes_of(index, scope)
    named, places, negations = [], [], []
    for span, (attribute, value) in lexicon.find(text, words):
        negated_from = negation_before(text, span.start)
        named.append(NamedAttribute(attribute, value, is_wanted=negated_from is None))
        places.append(span)
        if negated_from is not None:
            negations.append(TextSpan(negated_from, span.end))
    negated = lexicon.find(negated_text, words_of(analyse(negated_text)))
    named += [NamedAttribute(attribute, value, is_wanted=False) for _span, (attribute, value) in negated]
    if not named and len(meaningful) == len(words):
        return Change(text, (), text)
    return Change(_kept(text, meaningful, negations), tuple(named), _kept(text, meaningful, [*negations, *places]))


def _kept(text: str, spans: Sequence[TextSpan], but_for: Sequence[TextSpan]) -> str:
    """Return the text in ``spans``, without that in ``but_for``."""
    places = {place for span in spans for place in range(*span)} - {p for span in but_for for p in range(*span)}
    return " ".join("".join(text[place] if place in places else " " for place in range(len(text))).split())


_attributes: VersionedCache[AttributeLexicon] = VersionedCache()


def attributes_of(index: Index, scope: Hashable = ()) -> AttributeLexicon:
    """Return the attributes of a catalogue, read again every ``VOCABULARY_MAX_AGE_S``.

    ``scope`` keeps the attributes of several databases or schemas apart.
    """
    version = (settings.GLOSSARY, time.monotonic() // max(settings.VOCABULARY_MAX_AGE_S, 1))
    return _attributes.get((scope, index.label), version, lambda: _read(index))


def forget_attributes() -> None:
    """Read the values of every catalogue again; for tests and after a change of the whole catalogue."""
    _attributes.clear()


def _read(index: Index) -> AttributeLexicon:
    """Return the glossary's attributes, with the catalogue's own values of the fields that hold such attributes."""
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
    field = index.field(name)
    if isinstance(field, RelatedFilter) or not field.has_texts:
        return []
    found = index.get_queryset().order_by().values_list(field.expression(), flat=True).distinct()[: _MAX_VALUES + 1]
    values = sorted(value for value in found if value and isinstance(value, str))
    return values if len(values) <= _MAX_VALUES else []


def _terms(index: Index, name: str, value: str) -> list[str]:
    """Return the names of a value in the languages of the site."""
    labels = [value]
    for code, _name in django_settings.LANGUAGES:
        with translation.override(code):
            labels.append(index.facet_label(name, value))
    return list(dict.fromkeys(labels))


@lru_cache(maxsize=2)
def _of_glossary(path: str | None) -> AttributeLexicon:
    found, lines = AttributeLexicon(), glossary_lines(path)
    for line in lines:
        if line.domain in DOMAINS and line.english[0] != line.domain.removesuffix("s"):
            found.add(line.domain.removesuffix("s"), line.english[0], [*line.english, *line.chinese])
    for term in (term for line in lines if line.domain not in DOMAINS for term in line.english):
        found.add_exception(term)
    return found
