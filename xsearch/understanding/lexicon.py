"""The values of a catalogue's fields by their names, in English and Chinese."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from django.utils.translation import get_language

from xsearch.text.analysis import Token, is_stop_word, tokenize
from xsearch.text.chinese import has_chinese
from xsearch.text.folding import fold_in_place
from xsearch.text.glossary import GlossaryLine, TermKey, TermMatcher, TextSpan, variants
from xsearch.text.word_lists import word_list

_MAX_WORDS = 5  # of an English name
_GAP = re.compile(r"[\s\-&/]{0,3}")  # between the words of a name
_PARTS = re.compile(r"\s*(?:[,/+、]|&|\band\b|和|与|及)\s*")
_COLOURS = "colours"  # the domain of the glossary
#: Domains of the glossary with properties, and not with kinds of things.
_DESCRIBING = frozenset(
    {_COLOURS, "materials", "patterns", "sizes and shapes", "qualities", "persons", "seasons and occasions"}
)
_VERBS = frozenset({"iron"})
_KINDS_FROM = 1 / 3  # of the values of a field: it holds kinds of things then


@dataclass(frozen=True)
class Value:
    """A value of a declared filter with its ``names``, and its ``labels`` by language."""

    field: str
    value: str
    names: tuple[str, ...] = ()
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)


class NamedValue(NamedTuple):
    """A part of a text that names values of a field; several values are alternatives."""

    start: int
    end: int
    field: str
    values: tuple[str, ...]


class ValueLexicon:
    """Finds the values that a text names; made once for a catalogue.

    ``price`` is the declared filter for prices. ``titles`` are the labels of the fields. ``same`` are pairs of terms:
    the first also means the second. ``glossary`` translates.
    """

    def __init__(
        self,
        values: Sequence[Value] = (),
        *,
        price: str | None = None,
        titles: Mapping[str, str] | None = None,
        same: Iterable[tuple[str, str]] = (),
        glossary: Sequence[GlossaryLine] = (),
    ) -> None:
        self.price = price
        self.titles = titles or {}
        self._labels = {(value.field, value.value): value.labels for value in values}
        self._sizes = Counter(value.field for value in values)
        self._values: dict[TermKey, dict[str, list[str]]] = {}
        self._plurals: set[TermKey] = set()
        familiar = _terms_of(glossary)
        self._describing = _terms_of(line for line in glossary if line.domain in _DESCRIBING)
        #: The fields whose values are kinds of things; others hold properties and brands.
        self.kinds = _fields_of_kinds(values, familiar - self._describing)
        for value in values:
            for name in value.names or (value.value,):
                self._add_value(name, value)
                for part in _parts(name, familiar):
                    self._add_value(part, value)
        self._translate(glossary)
        for term, other in same:
            self._add_name(term, self._values_of(other))
        self._collect_other_terms(glossary)
        self._chinese = {name for name, *_others in self._values if has_chinese(name)}
        self._matcher = TermMatcher(self._values, self._chinese | self._other_chinese, max_words=_MAX_WORDS)

    def label(self, field: str, value: str) -> str:
        """Return how a value reads in the language of the page."""
        return self._labels.get((field, value), {}).get(get_language() or "en") or value

    def describes(self, word: Token) -> bool:
        """Return True if a word is a colour, a material or the like, and not a verb as well: "non-iron"."""
        return (word.lexeme,) in self._describing and word.lexeme not in _VERBS

    def find(self, words: Sequence[Token], text: str, original: str) -> list[NamedValue]:
        """Return the values that ``words`` of ``text`` name, from left to right; ``original`` is the text as typed."""
        return sorted([*self._find_english(words, text, original), *self._find_chinese(words, text)])

    # Construction

    def _add_value(self, name: str, value: Value) -> None:
        self._add_name(name, {value.field: [value.value]})
        last = name.rsplit(maxsplit=1)[-1:]
        if last and _is_plural(last[0].lower()):
            self._plurals.add(_key_of(name))

    def _add_name(self, name: str, values: Mapping[str, Sequence[str]]) -> None:
        """Add ``values`` to those that ``name`` means."""
        if not (values and _names_something(name)):
            return
        key = _key_of(name)
        known = self._values.setdefault(key, {})
        if key[0] == "the" and len(key) > 1:
            self._values.setdefault(key[1:], known)
        for of_field, names in values.items():
            known[of_field] = list(dict.fromkeys([*known.get(of_field, ()), *names]))

    def _values_of(self, name: str) -> Mapping[str, Sequence[str]]:
        return self._values.get(_key_of(name), {})

    def _translate(self, glossary: Sequence[GlossaryLine]) -> None:
        """Add the names of values that the glossary has, independently of the order of its lines."""
        new = [
            (term, dict(meant))
            for line in glossary
            for term, other in line.translations()
            if not self._values_of(term) and (meant := self._values_of(other))
        ]
        for side in ([line.chinese for line in glossary], [line.english for line in glossary]):
            new += [(term, dict(self._values_of(other))) for term, other in variants(side) if not self._values_of(term)]
        for term, meant in new:
            self._add_name(term, meant)

    def _collect_other_terms(self, glossary: Sequence[GlossaryLine]) -> None:
        """Collect the terms that a colour is only a part of, as in red wine."""
        self._colours = {_key_of(term) for line in glossary if line.domain == _COLOURS for term in line.english}
        english = (_key_of(term) for line in glossary for term in line.english)
        self._longer = {key for key in english if len(key) > 1 and key not in self._values}
        self._other_chinese = {fold_in_place(term) for line in glossary for term in line.chinese if len(term) > 1}

    # Reading

    def _find_english(self, words: Sequence[Token], text: str, original: str) -> Iterator[NamedValue]:
        for start, end in _runs(words, text):
            for key, place in self._matcher.split([word.lexeme for word in words[start:end]]):
                first, last = start + place.start, start + place.stop
                values = self._values.get(key)
                if values is not None and self._is_meant(key, words[last - 1], words[last : last + 2], text):
                    span = TextSpan(words[first].start, words[last - 1].end)
                    yield self._named(span, values, original if first else original.lower())

    def _is_meant(self, key: TermKey, last: Token, following: Sequence[Token], text: str) -> bool:
        """Return True if the words of ``key`` are not part of something else: "shoe rack", "red wine"."""
        if not following or following[0].tag or not _are_neighbours(text, last, following[0]):
            return True
        lexemes = tuple(word.lexeme for word in following)
        if key in self._colours and any((*key, *lexemes[:more]) in self._longer for more in (1, 2)):
            return False
        after = following[0]
        is_kind = key in self._plurals and not _is_plural(last.surface)
        stands_alone = is_stop_word(after.surface) or after.surface in _AFTER or after.surface.isdigit()
        return not is_kind or stands_alone or lexemes[:1] in self._values

    def _find_chinese(self, words: Sequence[Token], text: str) -> Iterator[NamedValue]:
        spans = [TextSpan(word.start, word.end) for word in words if word.tag]
        for span in self._matcher.find_chinese(text, spans) if spans else ():
            # 无线耳机 is a term of its own, and names 耳机 too.
            starts = range(span.start, max(span.end - 1, span.start + 1))
            start = next((start for start in starts if text[start : span.end] in self._chinese), None)
            if start is not None:
                yield self._named(TextSpan(start, span.end), self._values[(text[start : span.end],)], text)

    def _named(self, span: TextSpan, values: Mapping[str, Sequence[str]], original: str) -> NamedValue:
        """Choose the field if several have the value: the one with this spelling, else the one with the fewest."""
        written = original[span.start : span.end]
        exact = [of_field for of_field, names in values.items() if written in names]
        chosen = exact if len(exact) == 1 else sorted(values, key=lambda of_field: self._sizes[of_field])
        return NamedValue(span.start, span.end, chosen[0], tuple(values[chosen[0]]))


#: Words after which the name of a thing does not go on: "a lamp with …".
_AFTER = word_list("after a name")


@lru_cache(maxsize=20_000)
def _key_of(term: str) -> TermKey:
    """Return the lexemes of an English name, or a Chinese name itself."""
    text = fold_in_place(term)
    return (text,) if has_chinese(term) else tuple(word.lexeme for word in tokenize(text))


def _runs(words: Sequence[Token], text: str) -> Iterator[tuple[int, int]]:
    """Return where English words follow each other as those of a name do: first and last place, exclusive."""
    starts = [
        place
        for place, word in enumerate(words)
        if not place or word.tag or words[place - 1].tag or not _are_neighbours(text, words[place - 1], word)
    ]
    return ((start, end) for start, end in pairwise([*starts, len(words)]) if not words[start].tag)


def _are_neighbours(text: str, one: Token, other: Token) -> bool:
    """Return True if there is nothing but spaces, a hyphen, & or / between two words of ``text``."""
    return _GAP.fullmatch(text, one.end, other.start) is not None


def _fields_of_kinds(values: Sequence[Value], things: Collection[TermKey]) -> frozenset[str]:
    """Return the fields of which many values are plurals ("Hats, Scarves & Socks") or among ``things``."""

    sizes: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    for value in values:
        sizes[value.field] += 1
        names = value.names or (value.value,)
        kinds[value.field] += any(_key_of(name) in things or _is_plural(name.lower()) for name in names)
    return frozenset(name for name, count in kinds.items() if count > _KINDS_FROM * sizes[name])


def _terms_of(lines: Iterable[GlossaryLine]) -> set[TermKey]:
    return {_key_of(term) for line in lines for term in (*line.chinese, *line.english)}


def _is_plural(word: str) -> bool:
    return word.endswith("s") and not word.endswith("ss")


def _names_something(name: str) -> bool:
    """Return True if a name is more than a letter, a number or stop words."""
    return any(
        len(word.surface) > 1 - bool(word.tag) and not word.surface.isdigit() and not is_stop_word(word.surface)
        for word in tokenize(fold_in_place(name))
    )


def _parts(name: str, familiar: set[TermKey]) -> list[str]:
    """Return the kinds of things in "Hats, Scarves & Socks", if the glossary has all of them."""
    parts = [part for part in _PARTS.split(name) if part]
    are_kinds = all(_key_of(part) in familiar and _is_plural(part.lower()) for part in parts)
    return parts if len(parts) > 1 and are_kinds else []
