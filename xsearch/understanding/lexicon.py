"""The catalogue's own values by what customers call them, in English and Chinese."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from django.utils.translation import get_language

from xsearch.text.glossary import Finder, Line, Span, has_chinese, variants
from xsearch.understanding.words import Word, are_neighbours, plain, words_in

Key = tuple[str, ...]
_MAX_WORDS = 5  # of an English name
_PARTS = re.compile(r"\s*(?:[,/+、]|&|\band\b|和|与|及)\s*")
_COLOURS = "colours"  # the domain of the glossary
#: Domains of words that say how a thing is and not what.
_DESCRIBING = frozenset(
    {_COLOURS, "materials", "patterns", "sizes and shapes", "qualities", "persons", "seasons and occasions"}
)
_VERBS = frozenset({"iron"})
_KINDS_FROM = 1 / 3  # of the values of a field


@dataclass(frozen=True)
class Value:
    """A value of a declared filter; ``names`` are what it is called, ``labels`` how it reads by language."""

    field: str
    value: str
    names: tuple[str, ...] = ()
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)


class Named(NamedTuple):
    """A stretch of a text that names values of a field; several values are alternatives."""

    start: int
    end: int
    field: str
    values: tuple[str, ...]


class Lexicon:
    """Finds the values that a text names; made once for a catalogue.

    ``price`` is the declared numeric filter that sums of money are about. ``titles`` are what the fields are called.
    ``same`` are pairs of terms, of which the first also means the second; ``glossary`` translates.
    """

    def __init__(
        self,
        values: Sequence[Value] = (),
        *,
        price: str | None = None,
        titles: Mapping[str, str] | None = None,
        same: Iterable[tuple[str, str]] = (),
        glossary: Sequence[Line] = (),
    ) -> None:
        self.price = price
        self.titles = titles or {}
        self._labels = {(value.field, value.value): value.labels for value in values}
        self._sizes: dict[str, int] = defaultdict(int)
        self._english: dict[Key, dict[str, list[str]]] = {}
        self._chinese: dict[str, dict[str, list[str]]] = {}
        self._plurals: set[Key] = set()
        familiar = _terms_of(glossary)
        self._describing = _terms_of(line for line in glossary if line.domain in _DESCRIBING)
        #: The fields whose values are kinds of things; others say how a thing is, or who made it.
        self.kinds = _fields_of_kinds(values, familiar - self._describing)
        for value in values:
            self._sizes[value.field] += 1
            for name in value.names or (value.value,):
                self._take(name, value)
                for part in _parts(name, familiar):
                    self._take(part, value)
        self._translate(glossary)
        for term, other in same:
            self._call(term, self._meant(other))
        self._note_others(glossary)

    def label(self, field: str, value: str) -> str:
        """Return how a value reads in the language of the page."""
        return self._labels.get((field, value), {}).get(get_language() or "en") or value

    def describes(self, word: Word) -> bool:
        """Say whether a word is a colour, a material or the like, and not a verb as well: "non-iron"."""
        return (word.key,) in self._describing and word.key not in _VERBS

    def find(self, words: Sequence[Word], text: str, original: str) -> list[Named]:
        """Return what the ``words`` of ``text`` name, from left to right; ``original`` is the text as it was typed."""
        found = [*self._find_english(words, text, original), *self._find_chinese(words, text)]
        return sorted(found)

    # Making it

    def _take(self, name: str, value: Value) -> None:
        self._call(name, {value.field: [value.value]})
        last = name.rsplit(maxsplit=1)[-1:]
        if last and _is_plural(last[0].lower()):
            self._plurals.add(term_key(name))

    def _call(self, name: str, values: Mapping[str, Sequence[str]]) -> None:
        """Let ``name`` stand for values, as well as for those that it stands for already."""
        if not (values and _names_something(name)):
            return
        known = self._chinese.setdefault(plain(name), {}) if has_chinese(name) else self._english_of(name)
        for of_field, names in values.items():
            known[of_field] = list(dict.fromkeys([*known.get(of_field, ()), *names]))

    def _english_of(self, name: str) -> dict[str, list[str]]:
        key = term_key(name)
        values = self._english.setdefault(key, {})
        if key[0] == "the" and len(key) > 1:
            self._english.setdefault(key[1:], values)
        return values

    def _meant(self, name: str) -> Mapping[str, Sequence[str]]:
        found = self._chinese.get(plain(name)) if has_chinese(name) else self._english.get(term_key(name))
        return found or {}

    def _translate(self, glossary: Sequence[Line]) -> None:
        """Call values also what the glossary calls them, whatever the order of its lines."""
        new = [
            (term, dict(meant))
            for line in glossary
            for ours, theirs in ((line.chinese, line.english), (line.english, line.chinese))
            for other in ours
            if (meant := self._meant(other))
            for term in theirs
            if term not in line.one_way and not self._meant(term)
        ]
        for side in ([line.chinese for line in glossary], [line.english for line in glossary]):
            new += [(term, dict(self._meant(other))) for term, other in variants(side) if not self._meant(term)]
        for term, meant in new:
            self._call(term, meant)

    def _note_others(self, glossary: Sequence[Line]) -> None:
        """Note the terms that a colour is only a part of, as in red wine."""
        self._colours = {term_key(term) for line in glossary if line.domain == _COLOURS for term in line.english}
        english = (term_key(term) for line in glossary for term in line.english)
        self._longer = {key for key in english if len(key) > 1 and key not in self._english}
        self._other_chinese = {plain(term) for line in glossary for term in line.chinese if len(term) > 1}

    @cached_property
    def _finder(self) -> Finder:
        return Finder({*self._chinese, *self._other_chinese})

    # English: words in a row

    def _find_english(self, words: Sequence[Word], text: str, original: str) -> Iterator[Named]:
        position = 0
        while position < len(words):
            count = self._longest(words[position : position + _MAX_WORDS], text)
            taken = words[position : position + count]
            if count and self._is_meant(taken, words[position + count :], text):
                stretch = Span(taken[0].start, taken[-1].end)
                values = self._english[_key_of(taken)]
                yield self._named(stretch, values, original if position else original.lower())
            position += max(count, 1)

    def _longest(self, words: Sequence[Word], text: str) -> int:
        count = 0
        while count < len(words) and not words[count].tag and (not count or _follows(words, count, text)):
            count += 1
        return next((length for length in range(count, 0, -1) if _key_of(words[:length]) in self._english), 0)

    def _is_meant(self, taken: Sequence[Word], rest: Sequence[Word], text: str) -> bool:
        """Say whether words name their value here, and are not part of something else: "shoe rack", "red wine"."""
        key = _key_of(taken)
        following = rest[0] if rest and are_neighbours(text, taken[-1], rest[0]) else None
        if following is None or following.tag:
            return True
        if key in self._colours and any(_key_of([*taken, *rest[:more]]) in self._longer for more in (1, 2)):
            return False
        is_kind = key in self._plurals and not _is_plural(taken[-1].text)
        stands_alone = following.says_nothing or following.text in _AFTER or following.text.isdigit()
        return not is_kind or stands_alone or (following.key,) in self._english

    # Chinese: characters in a row

    def _find_chinese(self, words: Sequence[Word], text: str) -> Iterator[Named]:
        spans = [Span(word.start, word.end) for word in words if word.tag]
        for span in self._finder.find(text, spans) if spans else ():
            # 无线耳机 is a term of its own, and 耳机 for all that.
            starts = range(span.start, max(span.end - 1, span.start + 1))
            start = next((start for start in starts if text[start : span.end] in self._chinese), None)
            if start is not None:
                yield self._named(Span(start, span.end), self._chinese[text[start : span.end]], text)

    def _named(self, span: Span, values: Mapping[str, Sequence[str]], original: str) -> Named:
        """Choose the field where several have the value: the one that writes it so, else the one with few values."""
        written = original[span.start : span.end]
        exact = [of_field for of_field, names in values.items() if written in names]
        chosen = exact if len(exact) == 1 else sorted(values, key=lambda of_field: self._sizes[of_field])
        return Named(span.start, span.end, chosen[0], tuple(values[chosen[0]]))


#: After these a thing is not named further: "a lamp with …".
_AFTER_WORDS = "with without under over below above between around about from up not but except max min by"
_AFTER = frozenset(_AFTER_WORDS.split())


@lru_cache(maxsize=20_000)
def term_key(term: str) -> Key:
    """Return what a name is recognised by: the stems of its English words, or the Chinese name itself."""
    return (plain(term),) if has_chinese(term) else _key_of(words_in(plain(term)))


def _key_of(words: Sequence[Word]) -> Key:
    return tuple(word.key for word in words)


def _follows(words: Sequence[Word], place: int, text: str) -> bool:
    return are_neighbours(text, words[place - 1], words[place])


def _fields_of_kinds(values: Sequence[Value], things: Collection[Key]) -> frozenset[str]:
    """Return the fields of which many values are plurals ("Hats, Scarves & Socks") or known as ``things``."""

    def is_kind(value: Value) -> bool:
        names = value.names or (value.value,)
        return any(term_key(name) in things or _is_plural(name.lower()) for name in names)

    sizes, kinds = Counter(value.field for value in values), Counter(value.field for value in values if is_kind(value))
    return frozenset(name for name, count in kinds.items() if count > _KINDS_FROM * sizes[name])


def _terms_of(lines: Iterable[Line]) -> set[Key]:
    return {term_key(term) for line in lines for term in (*line.chinese, *line.english)}


def _is_plural(word: str) -> bool:
    return word.endswith("s") and not word.endswith("ss")


def _names_something(name: str) -> bool:
    """Say whether a name is more than a letter, a number or stop words."""
    words = words_in(plain(name))
    return any(
        len(word.text) > 1 - bool(word.tag) and not word.text.isdigit() and not word.says_nothing for word in words
    )


def _parts(name: str, familiar: set[Key]) -> list[str]:
    """Return the kinds of things that "Hats, Scarves & Socks" are, if all are known and none is a place or subject."""
    parts = [part for part in _PARTS.split(name) if part]
    are_kinds = all(term_key(part) in familiar and _is_plural(part.lower()) for part in parts)
    return parts if len(parts) > 1 and are_kinds else []
