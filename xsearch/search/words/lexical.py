"""The full-text query: the words, their weights, and the documents that have them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from operator import itemgetter
from typing import Any

from django.db import models

from xsearch.conf import settings
from xsearch.index.translations import plain
from xsearch.models import IndexRecord, Term
from xsearch.search.context import SearchContext
from xsearch.search.words import glossary, synonyms
from xsearch.search.words.expressions import LexicalScore, Matches
from xsearch.search.words.terms import Compounds, Phrase, QueryWord, Reading, with_prefix, words_of
from xsearch.search.words.weights import documents_with, weighted
from xsearch.text import analyse
from xsearch.understanding import Interpretation

_MAX_TOKENS = 48
_MIN_PREFIX = 3  # characters
#: Documents scored for one query at most; beyond that the rarest words decide.
MAX_SCORED = 2_000
#: Documents at most whose titles are checked for a word.
_MAX_SIFTED = 20_000
_MAX_TIERS = 4


@dataclass(frozen=True)
class LexicalQuery:
    """The words of a query; their weights add up to one."""

    phrases: Sequence[Phrase]
    #: Upper bound of the documents that have a word of each phrase.
    documents: Sequence[int]
    #: The queries of alternative texts that this one combines.
    alternatives: Sequence[LexicalQuery] = ()

    @property
    def literal(self) -> str:
        """The ``tsquery`` of documents that have any of the words."""
        return " | ".join(phrase.literal for phrase in self.phrases)

    @property
    def conjunction(self) -> str:
        """The ``tsquery`` of documents that have something of every phrase."""
        return " & ".join(f"({phrase.literal})" for phrase in self.phrases)

    def score(self) -> LexicalScore:
        """Return the expression of a document's score: 1 when every word is in a field of weight A."""
        return LexicalScore("search_document", self.phrases)

    def tiers(self) -> list[str]:
        """Return the queries to run in turn until there are enough candidates: all words, the rarer ones, any."""
        if self.alternatives:
            together = zip_longest(*(each.tiers() for each in self.alternatives))
            return [" | ".join(f"({tier})" for tier in tiers if tier) for tiers in together]
        if sum(self.documents) <= MAX_SCORED or len(self.phrases) == 1:
            return [self.literal]
        by_count = sorted(zip(self.documents, self.phrases, strict=True), key=itemgetter(0))
        rarest = [phrase for _count, phrase in by_count]
        counts = sorted({len(rarest), *range(1, min(len(rarest), _MAX_TIERS))}, reverse=True)
        every = [" & ".join(f"({phrase.literal})" for phrase in rarest[:count]) for count in counts]
        return [*every, self.literal]

    def best(self, rows: models.QuerySet[Any], object_key: str) -> tuple[list[Any], bool]:
        """Return the keys of the ``MATCHES`` best rows, and True if they are the best for certain.

        Not all rows with a word are scored: of common words, the oldest rows that have them in titles come first.
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
        """Yield queries with the weights of the fields to search; no weights for all fields."""
        tiers = self.tiers()
        is_common = sum(self.documents) > MAX_SCORED and min(self.documents) <= _MAX_SIFTED
        for tier in tiers:
            if is_common and (len(tiers) == 1 or tier != tiers[-1]):
                yield from ((tier, fields) for fields in ("a", "ab"))
            yield tier, ""

    def found_in(self, context: SearchContext, keys: Sequence[Any]) -> dict[Any, dict[str, Any]]:
        """Return for each object how each word of the query was found in it, and its worth."""
        asked = [(surface, weight, reading) for phrase in self.phrases for surface, weight, reading in _read(phrase)]
        store = context.main_store
        rows = plain(store.model._base_manager.using(context.using).order_by())
        rows = rows.filter(**{f"{store.object_key}__in": list(keys)})
        scores = {f"xs{n}": LexicalScore("search_document", [_only(reading)]) for n, (*_, reading) in enumerate(asked)}
        found: dict[Any, dict[str, Any]] = {}
        for key, *values in rows.annotate(**scores).values_list(store.object_key, *scores):
            words = found[key] = {}
            for value, (surface, weight, reading) in zip(values, asked, strict=True):
                worth = value * reading.worth
                if worth > words.get(surface, {}).get("worth", 0):
                    words[surface] = _explained(reading, worth, weight)
        return found


def _read(phrase: Phrase) -> Iterator[tuple[str, float, Reading]]:
    for word in phrase.words:
        for reading in word.readings:
            yield word.surface, word.weight, reading
    for other in phrase.others:
        yield " ".join(word.surface for word in phrase.words), phrase.weight, other


def _only(reading: Reading) -> Phrase:
    return Phrase((QueryWord("", 0, 0, "", (replace(reading, worth=1.0),), 1.0),))


def _explained(reading: Reading, worth: float, weight: float) -> dict[str, Any]:
    found_as = " ".join(part.lexeme for part in reading.parts)
    return {"as": found_as, "by": reading.kind, "worth": round(worth, 4), "share": round(weight, 4)}


def expanded(context: SearchContext, text: str) -> list[Phrase]:
    """Return the words of ``text`` with the readings that synonyms and the glossary add."""
    words = words_of(analyse(text)[:_MAX_TOKENS])
    return glossary.applied(synonyms.expand(words, text, synonyms_of(context)), text) if words else []


def synonyms_of(context: SearchContext) -> synonyms.Expansions:
    """Return the shop's synonyms, read once for a search."""
    return context.once("synonyms", lambda: synonyms.expansions(context.using, synonyms_version(context)))


def synonyms_version(context: SearchContext) -> object:
    """Return the version of the synonyms, read once for a search."""
    return context.once("synonyms version", lambda: synonyms.version(context.using))


def lexical_query(
    context: SearchContext, text: str, interpretation: Interpretation | None = None
) -> LexicalQuery | None:
    """Return the full-text query for ``text``; None if it has no word to look for.

    Words that describe a thing, by the ``interpretation``, count less than those that name it.
    """
    if not context.index.text or not (phrases := expanded(context, text)):
        return None
    compounds = Compounds(phrases)
    counts = _counts(context, {*compounds.lexemes(), *(lexeme for phrase in phrases for lexeme in phrase.lexemes())})
    phrases = compounds.applied(counts)
    phrases = _completed(_reachable(phrases, counts), counts)
    documents = [min(sum(counts.get(lexeme, 0) for lexeme in each.lexemes()), counts[""]) for each in phrases]
    interpretation = interpretation or Interpretation(text)
    describing, naming = _lexemes(interpretation.descriptions()), _lexemes(interpretation.kinds())
    return LexicalQuery(weighted(phrases, counts, describing, naming), documents)


def _lexemes(phrases: Sequence[str]) -> set[str]:
    return {token.lexeme for phrase in phrases for token in analyse(phrase)}


def spoken_query(
    context: SearchContext, said: Sequence[tuple[str, float]], interpretation: Interpretation | None = None
) -> LexicalQuery | None:
    """Return the full-text query for alternative texts, (text, share); None if none of them has a word.

    A word counts by the shares of the texts that have it. Texts whose words no document has are left out.
    """
    found = [(query, share) for text, share in said if (query := lexical_query(context, text, interpretation))]
    found = [(query, share) for query, share in found if sum(query.documents)] or found[:1]
    if len(found) < 2:
        return found[0][0] if found else None
    whole = sum(share for _, share in found)
    phrases: dict[Any, Phrase] = {}
    documents: dict[Any, int] = {}
    for query, share in found:
        for phrase, count in zip(query.phrases, query.documents, strict=True):
            key = (tuple(word.readings for word in phrase.words), phrase.others)
            phrases[key] = phrase.scaled(share / whole, plus=phrases.get(key))
            documents[key] = count
    alternatives = [query for query, _ in found]
    return LexicalQuery(list(phrases.values()), list(documents.values()), alternatives)


def nearest_query(context: SearchContext, near: Mapping[str, float]) -> LexicalQuery | None:
    """Return the full-text query for words spelled like those of the query; None if no document has any.

    Its scores are comparable between indexes, and below the cut-off.
    """
    words: dict[str, QueryWord] = {}
    for form, nearness in sorted(near.items(), key=lambda pair: -pair[1]):
        for word in words_of(analyse(form)):  # the nearest counts more than others together
            words.setdefault(word.lexeme, replace(word, weight=nearness**3))
    counts = _counts(context, set(words))
    whole = sum(word.weight for word in words.values())
    there = [word for word in words.values() if counts.get(word.lexeme)]
    if not there:
        return None
    phrases = [Phrase((replace(word, weight=word.weight * settings.CUT_OFF / whole),)) for word in there]
    return LexicalQuery(phrases, [counts[word.lexeme] for word in there])


def _counts(context: SearchContext, lexemes: set[str]) -> dict[str, int]:
    """Return how many documents have each lexeme; the empty lexeme has the number of all documents."""
    of_index = {"content_type": context.index.content_type}
    terms = Term.objects.using(context.using).filter(**of_index, lexeme__in=[*lexemes, ""])
    counts = dict(terms.values_list("lexeme", "objects_with"))
    if "" not in counts:  # not counted yet
        counts[""] = IndexRecord.objects.using(context.using).filter(**of_index).count()
    return counts


def _reachable(phrases: Sequence[Phrase], counts: Mapping[str, int]) -> list[Phrase]:
    """Remove the translations into words that no document has."""

    def kept(readings: Sequence[Reading]) -> tuple[Reading, ...]:
        return tuple(each for each in readings if not each.is_of_glossary or documents_with(each, counts))

    if len(counts) == 1:  # words are not counted yet
        return list(phrases)
    return [
        Phrase(tuple(replace(word, readings=kept(word.readings)) for word in each.words), kept(each.others))
        for each in phrases
    ]


def _completed(phrases: Sequence[Phrase], counts: Mapping[str, int]) -> list[Phrase]:
    """Add a prefix reading to model numbers and to an unknown last word."""
    last = phrases[-1].words[-1]

    def completed(word: QueryWord) -> QueryWord:
        is_code = any(character.isdigit() for character in word.lexeme) and not word.lexeme.isdigit()
        is_unknown_last = word is last and not counts.get(word.lexeme)
        is_prefix = len(word.lexeme) >= _MIN_PREFIX and (is_code or is_unknown_last)
        return with_prefix(word) if is_prefix else word

    return [replace(phrase, words=tuple(map(completed, phrase.words))) for phrase in phrases]
