"""Translations: the glossary applied to the words of a query, from Chinese to English and the other way round."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from threading import Condition

from cachetools import LRUCache, cached

from xsearch.conf import settings
from xsearch.search.words.synonyms import key_of
from xsearch.search.words.terms import TRANSLATION_WORTH, VARIANT_WORTH, Phrase, QueryWord, Reading
from xsearch.text.chinese import has_chinese
from xsearch.text.glossary import GlossaryLine, TermKey, TermMatcher, TextSpan, glossary_lines, variants

_MAX_WORDS = 4  # of an English term


class Translations:
    """A glossary by the lexemes of its terms, and the readings of each term."""

    def __init__(self, lines: Sequence[GlossaryLine]) -> None:
        keys = {term: key_of(term) for line in lines for term in (*line.chinese, *line.english)}
        #: The readings of a Chinese term in lower case, and of the lexemes of an English one.
        self.chinese: dict[str, dict[TermKey, Reading]] = {}
        self.english: dict[TermKey, dict[TermKey, Reading]] = {}
        for line in lines:
            for one, other in line.translations():
                readings = self._readings_of(one, keys[one])
                readings[keys[other]] = Reading.of(keys[other], TRANSLATION_WORTH, "translation")
        for side in ("chinese", "english"):
            for one, other in variants([line.both_ways(getattr(line, side)) for line in lines]):
                if keys[one] != keys[other]:
                    readings = self._readings_of(one, keys[one])
                    readings.setdefault(keys[other], Reading.of(keys[other], VARIANT_WORTH, "variant"))
        self._matcher = TermMatcher(self.english, self.chinese, max_words=_MAX_WORDS)
        # 自行车头盔 is a helmet for bicycles, but an ice cream is no cream.
        self._made_of_parts = {
            keys[term]
            for line in lines
            for term in line.english
            if any(self._matcher.parts(chinese) for chinese in line.chinese)
        }

    def applied(self, phrases: Sequence[Phrase], text: str) -> list[Phrase]:
        """Return the phrases of ``text`` with the readings that the glossary adds to the shop's own synonyms."""
        done: list[Phrase] = []
        for has_synonyms, group in groupby(phrases, key=lambda phrase: bool(phrase.others)):
            if has_synonyms:
                done += [self._with_synonyms(phrase, text) for phrase in group]
            else:
                done += self._read([word for phrase in group for word in phrase.words], text)
        return done

    def familiar_lexemes(self) -> set[str]:
        """Return the lexemes of all terms: they are no typing errors."""
        return {*self.chinese, *(lexeme for key in self.english for lexeme in key)}

    def reaching(self, counts: Mapping[str, int]) -> dict[str, int]:
        """Return the Chinese terms with a reading among the lexemes ``counts``, and how many objects have it."""
        found = {
            term: max(min(counts.get(lexeme, 0) for lexeme in key) for key in others)
            for term, others in self.chinese.items()
        }
        return {term: count for term, count in found.items() if count}

    def _readings_of(self, term: str, key: TermKey) -> dict[TermKey, Reading]:
        if has_chinese(term):
            return self.chinese.setdefault(term.lower(), {})
        return self.english.setdefault(key, {})

    def _with_synonyms(self, phrase: Phrase, text: str) -> Phrase:
        """Return a phrase that has synonyms with its translations."""
        read = list(self._read(phrase.words, text))
        if len(read) == 1:
            return Phrase(read[0].words, (*phrase.others, *read[0].others))
        return Phrase(tuple(word for each in read for word in each.words), phrase.others)

    def _read(self, words: Sequence[QueryWord], text: str) -> Iterator[Phrase]:
        for chinese, group in groupby(words, key=lambda word: has_chinese(text[word.start : word.end])):
            neighbours = list(group)
            yield from (self._read_chinese(neighbours, text) if chinese else self._read_english(neighbours))

    def _read_english(self, words: Sequence[QueryWord]) -> Iterator[Phrase]:
        for key, place in self._matcher.split([word.lexeme for word in words]):
            taken = _with_modifiers(words[place])
            others = tuple(self.english.get(key, {}).values())
            if len(taken) == 1:
                yield Phrase((_read_as(taken[0], others),))
            elif key in self._made_of_parts:
                alone = (_read_as(word, self.english.get((word.lexeme,), {}).values()) for word in taken)
                yield Phrase(tuple(alone), others)
            else:
                yield Phrase(tuple(taken), others)

    def _read_chinese(self, words: Sequence[QueryWord], text: str) -> Iterator[Phrase]:
        spans = self._matcher.find_chinese(text, [TextSpan(word.start, word.end) for word in words])
        for together in _connected(words, spans):
            area = TextSpan(together[0].start, together[-1].end)
            inside = [span for span in spans if area.start <= span.start < area.end]
            yield self._read_together(together, area, inside, text)

    def _read_together(
        self, words: Sequence[QueryWord], area: TextSpan, spans: Sequence[TextSpan], text: str
    ) -> Phrase:
        if not spans:
            return Phrase(tuple(words))
        others: tuple[Reading, ...] = ()
        if list(spans) == [area]:
            term = text[area.start : area.end].lower()
            others = tuple(self.chinese[term].values())
            spans = [TextSpan(area.start + part.start, area.start + part.end) for part in self._matcher.parts(term)]
            if not spans:
                return Phrase((_read_as(words[0], others),)) if len(words) == 1 else Phrase(tuple(words), others)
        pieces = tuple(self._piece(span, text) for span in _filled(area, spans))
        return Phrase(pieces, (Reading.of([word.lexeme for word in words]), *others))

    def _piece(self, span: TextSpan, text: str) -> QueryWord:
        surface = text[span.start : span.end]
        word = QueryWord(surface, span.start, span.end, surface.lower(), (Reading.of([surface.lower()]),))
        return _read_as(word, self.chinese.get(surface.lower(), {}).values())


def translations() -> Translations | None:
    """Return the glossary of the settings, loaded when it is first used; None without one."""
    return _translations_of(settings.GLOSSARY) if settings.GLOSSARY else None


def applied(phrases: Sequence[Phrase], text: str) -> list[Phrase]:
    """Return ``phrases`` with the readings that the glossary adds, if there is one."""
    glossary = translations()
    return glossary.applied(phrases, text) if glossary else list(phrases)


@cached(LRUCache(maxsize=4), condition=Condition())
def _translations_of(path: str) -> Translations:
    return Translations(glossary_lines(path))


def _read_as(word: QueryWord, others: Iterable[Reading]) -> QueryWord:
    return replace(word, readings=(*word.readings, *others))


def _with_modifiers(words: Sequence[QueryWord]) -> list[QueryWord]:
    """Return the words of an English term, marked as modifiers of the next; those of "pots and pans" are none."""
    *others, head = words
    touching = (after.start - word.end <= 1 for word, after in zip(others, words[1:], strict=True))
    return [*(replace(word, is_modifier=next(touching)) for word in others), head]


def _connected(words: Sequence[QueryWord], spans: Sequence[TextSpan]) -> list[list[QueryWord]]:
    """Return the words in groups, so that every span lies within one group."""
    groups: list[list[QueryWord]] = []
    for word in words:
        if groups and any(span.start < word.start < span.end for span in spans):
            groups[-1].append(word)
        else:
            groups.append([word])
    return groups


def _filled(area: TextSpan, spans: Sequence[TextSpan]) -> Iterator[TextSpan]:
    """Yield ``spans`` and the gaps between them in ``area``."""
    position = area.start
    for span in [*spans, TextSpan(area.end, area.end)]:
        if position < span.start:
            yield TextSpan(position, span.start)
        if span.start < span.end:
            yield span
        position = span.end
