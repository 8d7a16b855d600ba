"""The vocabulary of pocketsphinx: a language model and a pronunciation dictionary, from the catalogue's phrases."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice, product

from xsearch.speech.ngrams import END, START, NgramCounts
from xsearch.speech.pronunciation import PronunciationDictionary, dictionary_lines
from xsearch.speech.verbalisation import written_tokens

#: Beginnings of spoken requests.
CARRIERS = (
    "show me", "show me a", "show me some", "show me the", "i am looking for", "i am looking for a",
    "i'm looking for a", "i'm looking for", "looking for", "do you have", "do you have a", "do you have any",
    "find", "find me", "find me a", "find a", "search for", "search for a", "i want", "i want a", "i need",
    "i need a", "i would like a", "i'd like a", "please show me", "can i see", "where can i find", "have you got a",
    "a", "an", "some", "the", "like this but", "like this but in", "the same in", "this in",
)  # fmt: skip
ENDINGS = ("please", "on sale", "in stock", "for men", "for women", "for kids", "for him", "for her")
COLOURS = (
    "black", "white", "grey", "gray", "silver", "gold", "red", "pink", "purple", "blue", "navy", "turquoise",
    "green", "olive", "yellow", "orange", "brown", "beige", "cream", "dark", "light",
)  # fmt: skip
LIMITS = ("under", "below", "over", "above", "less than", "more than", "cheaper than", "up to")
AMOUNTS = (*range(1, 21), *range(25, 101, 5), *range(150, 501, 50), 1000)
CURRENCIES = ("dollars", "euros", "pounds")

_BREAK = re.compile(r"[,;:()\[\]|/–—]|\s-\s")
_MAX_CHARACTERS = 300  # of a phrase: titles, not descriptions
_MAX_HEADS = 2_000
_WINDOW = 4  # words: further apart in a title, two words are rarely said one after the other
# Weights, relative to a title said in full.
_OPENING, _CLOSING = 0.3, 0.1  # a word of a title said first, said last
_SKIPPED, _SWAPPED = 0.5, 0.2  # two words of a title said in a row, in their order and the other way round
_CARRIERS, _ENDINGS, _LIMITS = 0.1, 0.05, 0.1  # all of each group together
_COLOURED = 0.02


@dataclass(frozen=True)
class SpeechVocabulary:
    """The texts of an ARPA language model and of a pronunciation dictionary."""

    arpa: str
    dictionary: str


_Segments = tuple[tuple[str, ...], ...]


def build_vocabulary(
    phrases: Iterable[str], dictionary: PronunciationDictionary, *, max_words: int = 20_000, max_phrases: int = 8_000
) -> SpeechVocabulary:
    """Build the vocabulary of a catalogue; large ones are reduced to their most frequent words and an even sample.

    Customers say parts of a title, in their own order and with other words around them. So pairs of words that are
    near each other in a title count as well as the title itself.
    """
    segmented = _segment_all(phrases, dictionary)
    spoken = _pronounceable_words(segmented, dictionary, max_words)
    counts = NgramCounts()
    heads: Counter[str] = Counter()
    total = 0.0
    for segments, times in _sample(segmented, max_phrases):
        weight = math.sqrt(times)
        said = [kept for segment in segments if (kept := [word for word in segment if word in spoken])]
        _count_title(counts, said, weight)
        heads.update(segment[-1] for segment in said)
        total += weight
    _count_surroundings(counts, heads, max(total, 1.0))
    words = sorted(gram[0] for gram in counts.by_order[0] if gram[0] not in (START, END))
    return SpeechVocabulary(counts.smoothed().arpa(), "\n".join(dictionary_lines(dictionary, words)) + "\n")


def _segment_all(phrases: Iterable[str], dictionary: PronunciationDictionary) -> Counter[_Segments]:
    """Split phrases at commas, dashes and brackets into tuples of written tokens."""
    found: Counter[_Segments] = Counter()
    for phrase in phrases:
        parts = (written_tokens(part, dictionary.__contains__) for part in _BREAK.split(phrase[:_MAX_CHARACTERS]))
        found[tuple(tuple(part) for part in parts if part)] += 1
    return found


def _pronounceable_words(
    segmented: Counter[_Segments], dictionary: PronunciationDictionary, max_words: int
) -> set[str]:
    frequency: Counter[str] = Counter()
    for segments, times in segmented.items():
        for segment in segments:
            for word in segment:
                frequency[word] += times
    return {word for word, _ in frequency.most_common(max_words) if dictionary.pronunciations(word)}


def _sample(segmented: Counter[_Segments], size: int) -> Iterable[tuple[_Segments, int]]:
    """Return every n-th phrase, at most ``size``: the cost of a huge catalogue is bounded."""
    step = -(-len(segmented) // size) or 1
    return islice(segmented.items(), 0, None, step)


def _count_title(counts: NgramCounts, said: list[list[str]], weight: float) -> None:
    for segment in said:
        counts.add_sentence(segment, weight)
    words = [word for segment in said for word in segment]
    for at, word in enumerate(words):
        counts.add_pair(START, word, _OPENING * weight)
        counts.add_pair(word, END, _CLOSING * weight)
        for distance, later in enumerate(words[at + 1 : at + 1 + _WINDOW], start=1):
            counts.add_pair(word, later, _SKIPPED * weight / distance)
            counts.add_pair(later, word, _SWAPPED * weight / distance)


def _count_surroundings(counts: NgramCounts, heads: Counter[str], total: float) -> None:
    """Count phrases that customers say around product words: requests, colours, price limits."""
    for carrier in CARRIERS:
        counts.add_opening(carrier.split(), _CARRIERS * total / len(CARRIERS))
    for ending in ENDINGS:
        counts.add_ending(ending.split(), _ENDINGS * total / len(ENDINGS))
    for limit, amount in product(LIMITS, AMOUNTS):
        weight = _LIMITS * total / (len(LIMITS) * len(AMOUNTS))
        counts.add_ending([*limit.split(), str(amount)], weight)
        for currency in CURRENCIES:
            counts.add_ending([*limit.split(), str(amount), currency], weight)
    for head, times in heads.most_common(_MAX_HEADS):
        for colour in COLOURS:
            counts.add_pair(colour, head, _COLOURED * times)
    for colour in COLOURS:
        counts.add_pair(START, colour, _COLOURED * total)
        counts.add_pair("in", colour, _COLOURED * total)
        counts.add_pair(colour, END, _COLOURED * total)
