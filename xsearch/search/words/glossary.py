"""The glossary, applied to the words of a query: Chinese ones find English texts, and the other way round."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from xsearch.conf import settings
from xsearch.search.words.synonyms import Key, key_of
from xsearch.search.words.terms import TRANSLATION_WORTH, VARIANT_WORTH, Part, Reading, Stretch, Word
from xsearch.text.glossary import Finder, Line, Span, has_chinese, read_glossary, variants

logger = logging.getLogger("xsearch.search")

_MAX_WORDS = 4  # of an English term

_lock = threading.Lock()
_loaded: dict[str, Translations] = {}


class Translations:
    """A glossary, ready to be looked up: the terms by their lexemes, and what each is read as."""

    def __init__(self, lines: Sequence[Line]) -> None:
        keys = {term: key_of(term) for line in lines for term in (*line.chinese, *line.english)}
        #: What is meant by a Chinese term in lower case, and by the lexemes of an English one.
        self.chinese: dict[str, dict[Key, Reading]] = {}
        self.english: dict[Key, dict[Key, Reading]] = {}
        for line in lines:
            for one, other in _translations(line):
                readings = self._readings_of(one, keys[one])
                readings[keys[other]] = _reading(keys[other], TRANSLATION_WORTH, "translation")
        for side in ("chinese", "english"):
            for one, other in variants([_both_ways(line, getattr(line, side)) for line in lines]):
                if keys[one] != keys[other]:
                    readings = self._readings_of(one, keys[one])
                    readings.setdefault(keys[other], _reading(keys[other], VARIANT_WORTH, "variant"))
        self._finder = Finder(self.chinese)
        # 自行车头盔 is a helmet for bicycles, but an ice cream is no cream.
        self._made_of_parts = {
            keys[term]
            for line in lines
            for term in line.english
            if any(self._finder.parts(chinese) for chinese in line.chinese)
        }

    def applied(self, stretches: Sequence[Stretch], text: str) -> list[Stretch]:
        """Return the words of ``text`` with what the glossary adds to the shop's own synonyms."""
        done: list[Stretch] = []
        for is_free, group in groupby(stretches, key=lambda stretch: not stretch.others):
            if is_free:
                done += self._read([word for stretch in group for word in stretch.words], text)
            else:
                done += [self._beside(stretch, text) for stretch in group]
        return done

    def familiar_lexemes(self) -> set[str]:
        """Return the lexemes of all terms, which are no typing errors."""
        return {*self.chinese, *(lexeme for key in self.english for lexeme in key)}

    def reaching(self, counts: Mapping[str, int]) -> dict[str, int]:
        """Return the Chinese terms that are read as words of ``counts``, and how many objects have these."""
        found = {term: _most(others, counts) for term, others in self.chinese.items()}
        return {term: count for term, count in found.items() if count}

    def _readings_of(self, term: str, key: Key) -> dict[Key, Reading]:
        if has_chinese(term):
            return self.chinese.setdefault(term.lower(), {})
        return self.english.setdefault(key, {})

    def _beside(self, stretch: Stretch, text: str) -> Stretch:
        read = list(self._read(stretch.words, text))
        if len(read) == 1:
            return Stretch(read[0].words, (*stretch.others, *read[0].others))
        return Stretch(tuple(word for each in read for word in each.words), stretch.others)

    def _read(self, words: Sequence[Word], text: str) -> Iterator[Stretch]:
        for chinese, group in groupby(words, key=lambda word: has_chinese(text[word.start : word.end])):
            neighbours = list(group)
            yield from (self._read_chinese(neighbours, text) if chinese else self._read_english(neighbours))

    # English: words in a row

    def _read_english(self, words: Sequence[Word]) -> Iterator[Stretch]:
        position = 0
        while position < len(words):
            count, key = self._longest(words[position : position + _MAX_WORDS])
            taken = _with_modifiers(words[position : position + count])
            position += count
            others = tuple(self.english.get(key, {}).values())
            if count == 1:
                yield Stretch((_read_as(taken[0], others),))
            elif key in self._made_of_parts:
                alone = (_read_as(word, self.english.get((word.lexeme,), {}).values()) for word in taken)
                yield Stretch(tuple(alone), others)
            else:
                yield Stretch(tuple(taken), others)

    def _longest(self, words: Sequence[Word]) -> tuple[int, Key]:
        keys = (tuple(word.lexeme for word in words[:count]) for count in range(len(words), 0, -1))
        key = next((key for key in keys if key in self.english), (words[0].lexeme,))
        return len(key), key

    # Chinese: characters in a row, be they cut into words as they may

    def _read_chinese(self, words: Sequence[Word], text: str) -> Iterator[Stretch]:
        spans = self._finder.find(text, [Span(word.start, word.end) for word in words])
        for together in _connected(words, spans):
            area = Span(together[0].start, together[-1].end)
            inside = [span for span in spans if area.start <= span.start < area.end]
            yield self._read_together(together, area, inside, text)

    def _read_together(self, words: Sequence[Word], area: Span, spans: Sequence[Span], text: str) -> Stretch:
        if not spans:
            return Stretch(tuple(words))
        others: tuple[Reading, ...] = ()
        if list(spans) == [area]:
            term = text[area.start : area.end].lower()
            others = tuple(self.chinese[term].values())
            spans = [Span(area.start + part.start, area.start + part.end) for part in self._finder.parts(term)]
            if not spans:
                return Stretch((_read_as(words[0], others),)) if len(words) == 1 else Stretch(tuple(words), others)
        pieces = tuple(self._piece(span, text) for span in _filled(area, spans))
        return Stretch(pieces, (_whole(words), *others))

    def _piece(self, span: Span, text: str) -> Word:
        surface = text[span.start : span.end]
        word = Word(surface, span.start, span.end, surface.lower(), (Reading((Part(surface.lower()),)),))
        return _read_as(word, self.chinese.get(surface.lower(), {}).values())


def translations() -> Translations | None:
    """Return the glossary that is set, loaded when it is first used; None without one or with a broken one."""
    path = settings.GLOSSARY
    if path is None:
        return None
    with _lock:
        if path not in _loaded:
            _loaded[path] = _load(Path(path))
        return _loaded[path]


def applied(stretches: Sequence[Stretch], text: str) -> list[Stretch]:
    """Return ``stretches`` with what the glossary adds, if there is one."""
    glossary = translations()
    return glossary.applied(stretches, text) if glossary else list(stretches)


def _load(path: Path) -> Translations:
    try:
        return Translations(read_glossary(path))
    except (OSError, ValueError):
        # A search goes on without translations; `manage.py check` says what is wrong.
        logger.exception("The glossary cannot be read")
        return Translations([])


def _translations(line: Line) -> Iterator[tuple[str, str]]:
    for one, other in ((line.chinese, line.english), (line.english, line.chinese)):
        yield from ((term, meant) for term in _both_ways(line, one) for meant in other)


def _both_ways(line: Line, terms: Sequence[str]) -> list[str]:
    return [term for term in terms if term not in line.one_way]


def _reading(key: Key, worth: float, kind: str) -> Reading:
    return Reading(tuple(Part(lexeme) for lexeme in key), worth, needs_all=len(key) > 1, kind=kind)


def _read_as(word: Word, others: Iterable[Reading]) -> Word:
    return replace(word, readings=(*word.readings, *others))


def _with_modifiers(words: Sequence[Word]) -> list[Word]:
    """Return the words of an English term; in "pots and pans" none says the kind of another."""
    *others, head = words
    touching = (after.start - word.end <= 1 for word, after in zip(others, words[1:], strict=True))
    return [*(replace(word, is_modifier=next(touching)) for word in others), head]


def _whole(words: Sequence[Word]) -> Reading:
    """Return the words as they stand, all of them together."""
    return Reading(tuple(Part(word.lexeme) for word in words), needs_all=len(words) > 1)


def _connected(words: Sequence[Word], spans: Sequence[Span]) -> list[list[Word]]:
    """Return the words in groups that no span crosses the borders of."""
    groups: list[list[Word]] = []
    for word in words:
        if groups and any(span.start < word.start < span.end for span in spans):
            groups[-1].append(word)
        else:
            groups.append([word])
    return groups


def _filled(area: Span, spans: Sequence[Span]) -> Iterator[Span]:
    """Yield ``spans`` and what they leave of ``area``."""
    position = area.start
    for span in [*spans, Span(area.end, area.end)]:
        if position < span.start:
            yield Span(position, span.start)
        if span.start < span.end:
            yield span
        position = span.end


def _most(others: Iterable[Key], counts: Mapping[str, int]) -> int:
    return max((min(counts.get(lexeme, 0) for lexeme in key) for key in others), default=0)
