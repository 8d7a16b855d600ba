"""Full-text part of a query: which words, how rare they are, and how well a document has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from django.db import models

from xsearch.conf import settings
from xsearch.index.registry import Index
from xsearch.index.stores import main_store
from xsearch.models import IndexRecord, Term
from xsearch.search.expressions import LexicalScore, Matches
from xsearch.search.words import glossary, synonyms
from xsearch.search.words.compounds import Compounds
from xsearch.search.words.terms import Phrase, QueryWord, Reading, with_prefix, words_of
from xsearch.search.words.weights import documents_with, weighted
from xsearch.text import analyse
from xsearch.understanding import Interpretation

_MAX_TOKENS = 48
_MIN_PREFIX = 3  # characters
#: Documents scored for one query at most; for words that more of them have, the rarest words choose.
MAX_SCORED = 2_000
#: Documents that are looked into at most for whether they have a word in their titles.
_MAX_SIFTED = 20_000
_MAX_TIERS = 4


@dataclass(frozen=True)
class LexicalQuery:
    """The words of a query; their weights add up to one."""

    stretches: Sequence[Phrase]
    #: How many documents have a word of each stretch, at most.
    documents: Sequence[int]
    #: What it was put together from: other ways to have said the same.
    alternatives: Sequence[LexicalQuery] = ()

    @property
    def literal(self) -> str:
        """What a document must have any of."""
        return " | ".join(stretch.literal for stretch in self.stretches)

    @property
    def conjunction(self) -> str:
        """What a document must have to have something of every stretch."""
        return " & ".join(f"({stretch.literal})" for stretch in self.stretches)

    def score(self) -> LexicalScore:
        """Return the expression of a document's score: 1 when every word is in a field of weight A."""
        return LexicalScore("search_document", self.stretches)

    def tiers(self) -> list[str]:
        """Return what to look for in turn until there are enough candidates: all words, the rarer ones, any."""
        if self.alternatives:
            together = zip_longest(*(each.tiers() for each in self.alternatives))
            return [" | ".join(f"({tier})" for tier in tiers if tier) for tiers in together]
        if sum(self.documents) <= MAX_SCORED or len(self.stretches) == 1:
            return [self.literal]
        rarest = [stretch for _count, stretch in sorted(zip(self.documents, self.stretches, strict=True), key=_first)]
        counts = sorted({len(rarest), *range(1, min(len(rarest), _MAX_TIERS))}, reverse=True)
        every = [" & ".join(f"({stretch.literal})" for stretch in rarest[:count]) for count in counts]
        return [*every, self.literal]

    def best(self, rows: models.QuerySet[Any], object_key: str) -> tuple[list[Any], bool]:
        """Return the keys of the ``MATCHES`` rows that have the words best, and whether these are the best for certain.

        Not all that have a word are scored: of those with common words, the oldest that have them in titles come first.
        """
        found: dict[Any, float] = {}
        scored: list[Any] = []
        looks = list(self._looks())
        for tier, fields in looks:
            matching = rows.filter(Matches("search_document", tier, fields)).order_by("pk")
            scored = list(matching.values_list(object_key, self.score())[:MAX_SCORED])
            found |= dict(scored)
            if len(found) >= settings.MATCHES:
                break
        is_certain = (tier, fields) == looks[-1] and len(scored) < MAX_SCORED
        return sorted(found, key=lambda key: (-found[key], key))[: settings.MATCHES], is_certain

    def _looks(self) -> Iterator[tuple[str, str]]:
        """Yield what to look for, and the weights of the fields to look into; no weights for all of them."""
        tiers = self.tiers()
        is_common = sum(self.documents) > MAX_SCORED and min(self.documents) <= _MAX_SIFTED
        for tier in tiers:
            if is_common and (len(tiers) == 1 or tier != tiers[-1]):
                yield from ((tier, fields) for fields in ("a", "ab"))
            yield tier, ""

    def found_in(self, index: Index, keys: Sequence[Any]) -> dict[Any, dict[str, Any]]:
        """Return for each object what each word of the query was found as, and how well."""
        asked = [
            (surface, weight, reading) for stretch in self.stretches for surface, weight, reading in _read(stretch)
        ]
        store = main_store(index)
        rows = store.model._base_manager.filter(**{f"{store.object_key}__in": list(keys)}).order_by()
        scores = {f"xs{n}": LexicalScore("search_document", [_only(reading)]) for n, (*_, reading) in enumerate(asked)}
        found: dict[Any, dict[str, Any]] = {}
        for key, *values in rows.annotate(**scores).values_list(store.object_key, *scores):
            words = found[key] = {}
            for value, (surface, weight, reading) in zip(values, asked, strict=True):
                worth = value * reading.worth
                if worth > words.get(surface, {}).get("worth", 0):
                    words[surface] = _explained(reading, worth, weight)
        return found


def _read(stretch: Phrase) -> Iterator[tuple[str, float, Reading]]:
    for word in stretch.words:
        for reading in word.readings:
            yield word.surface, word.weight, reading
    for other in stretch.others:
        yield " ".join(word.surface for word in stretch.words), stretch.weight, other


def _only(reading: Reading) -> Phrase:
    return Phrase((QueryWord("", 0, 0, "", (replace(reading, worth=1.0),), 1.0),))


def _explained(reading: Reading, worth: float, weight: float) -> dict[str, Any]:
    found_as = " ".join(part.lexeme for part in reading.parts)
    return {"as": found_as, "by": reading.kind, "worth": round(worth, 4), "share": round(weight, 4)}


def _first(pair: tuple[int, Phrase]) -> int:
    return pair[0]


def lexical_query(index: Index, text: str, meant: Interpretation | None = None) -> LexicalQuery | None:
    """Return the full-text query for ``text``; None when it has no word to look for.

    Words that are ``meant`` to describe count less than the others, if there are any.
    """
    words = words_of(analyse(text)[:_MAX_TOKENS])
    if not words or not index.text:
        return None
    stretches = glossary.applied(synonyms.expand(words, text), text)
    compounds = Compounds(stretches)
    counts = _counts(index, {*compounds.lexemes(), *(lexeme for stretch in stretches for lexeme in stretch.lexemes())})
    stretches = compounds.applied(counts)
    stretches = _completed(_reachable(stretches, counts), counts)
    total = counts.get("", 0)
    documents = [min(sum(counts.get(lexeme, 0) for lexeme in each.lexemes()), total) for each in stretches]
    meant = meant or Interpretation(text)
    weighed = weighted(stretches, counts, _lexemes(meant.descriptions()), _lexemes(meant.kinds()))
    return LexicalQuery(weighed, documents)


def _lexemes(phrases: Sequence[str]) -> set[str]:
    return {token.lexeme for phrase in phrases for token in analyse(phrase)}


def spoken_query(
    index: Index, said: Sequence[tuple[str, float]], meant: Interpretation | None = None
) -> LexicalQuery | None:
    """Return the full-text query for texts of which one was said, (text, share); None where none has a word.

    A word counts by the shares of the texts that have it. Texts of words that no document has are left out.
    """
    found = [(query, share) for text, share in said if (query := lexical_query(index, text, meant))]
    found = [(query, share) for query, share in found if sum(query.documents)] or found[:1]
    if len(found) < 2:
        return found[0][0] if found else None
    whole = sum(share for _, share in found)
    stretches: dict[Any, Phrase] = {}
    documents: dict[Any, int] = {}
    for query, share in found:
        for stretch, count in zip(query.stretches, query.documents, strict=True):
            key = (tuple(word.readings for word in stretch.words), stretch.others)
            stretches[key] = stretch.scaled(share / whole, plus=stretches.get(key))
            documents[key] = count
    alternatives = [query for query, _ in found]
    return LexicalQuery(list(stretches.values()), list(documents.values()), alternatives)


def nearest_query(index: Index, near: Mapping[str, float]) -> LexicalQuery | None:
    """Return the full-text query for words that are ``near`` those asked for; None where no document has any.

    Its scores are comparable between indexes, and below the cut-off.
    """
    words: dict[str, QueryWord] = {}
    for form, nearness in sorted(near.items(), key=lambda pair: -pair[1]):
        for word in words_of(analyse(form)):  # the nearest counts more than others together
            words.setdefault(word.lexeme, replace(word, weight=nearness**3))
    counts = _counts(index, set(words))
    whole = sum(word.weight for word in words.values())
    there = [word for word in words.values() if counts.get(word.lexeme)]
    if not there:
        return None
    stretches = [Phrase((replace(word, weight=word.weight * settings.CUT_OFF / whole),)) for word in there]
    return LexicalQuery(stretches, [counts[word.lexeme] for word in there])


def _counts(index: Index, lexemes: set[str]) -> dict[str, int]:
    """Return how many documents have each lexeme; how many there are at all under the empty one."""
    content_type = index.content_type
    terms = Term.objects.filter(content_type=content_type, lexeme__in=[*lexemes, ""])
    counts = dict(terms.values_list("lexeme", "objects_with"))
    if "" not in counts:  # not counted yet
        counts[""] = IndexRecord.objects.filter(content_type=content_type).count()
    return counts


def _reachable(stretches: Sequence[Phrase], counts: Mapping[str, int]) -> list[Phrase]:
    """Return ``stretches`` without translations into words that no document has."""

    def kept(readings: Sequence[Reading]) -> tuple[Reading, ...]:
        return tuple(each for each in readings if not each.is_of_glossary or documents_with(each, counts))

    if len(counts) == 1:  # words are not counted yet
        return list(stretches)
    return [
        Phrase(tuple(replace(word, readings=kept(word.readings)) for word in each.words), kept(each.others))
        for each in stretches
    ]


def _completed(stretches: Sequence[Phrase], counts: Mapping[str, int]) -> list[Phrase]:
    """Return ``stretches`` with what begins like a model number or the last word, where no document has these."""
    last = stretches[-1].words[-1]
    done = []
    for stretch in stretches:
        words = (with_prefix(word) if _is_begun(word, counts, last) else word for word in stretch.words)
        done.append(replace(stretch, words=tuple(words)))
    return done


def _is_begun(word: QueryWord, counts: Mapping[str, int], last: QueryWord) -> bool:
    is_code = any(character.isdigit() for character in word.lexeme) and not word.lexeme.isdigit()
    known = counts.get(word.lexeme, 0) and not is_code
    return not known and len(word.lexeme) >= _MIN_PREFIX and (is_code or word is last)
