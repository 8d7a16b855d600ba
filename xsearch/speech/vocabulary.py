"""The vocabulary of pocketsphinx: a language model and a pronunciation dictionary, from the catalogue's phrases."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, islice, product

from xsearch.speech.ngrams import END, START, NgramCounts
from xsearch.speech.pronunciation import PronunciationDictionary, dictionary_lines
from xsearch.speech.verbalisation import word_lists, written_tokens

_AMOUNTS = (*range(1, 21), *range(25, 101, 5), *range(150, 501, 50), 1000)

_BREAK = re.compile(r"[,;:()\[\]|/–—]|\s-\s")
_MAX_CHARACTERS = 300  # of a phrase: titles, not descriptions
_MAX_HEADS = 2_000
_WINDOW = 4  # words: further apart in a title, two words are rarely said one after the other
# Weights, relative to a title said in full.
_OPENING, _CLOSING = 0.3, 0.1  # a word of a title said first, said last
_SKIPPED, _SWAPPED = 0.5, 0.2  # two words of a title said in a row, in their order and the other way round
_OPENINGS, _ENDINGS, _LIMITS = 0.1, 0.05, 0.1  # all of each group together
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
    step = -(-len(segmented) // max_phrases) or 1  # every n-th phrase: the cost of a huge catalogue is bounded
    for segments, times in islice(segmented.items(), 0, None, step):
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
        for word in chain.from_iterable(segments):
            frequency[word] += times
    return {word for word, _ in frequency.most_common(max_words) if dictionary.pronunciations(word)}


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
    lists = word_lists()
    for opening in lists["openings"]:
        counts.add_opening(opening.split(), _OPENINGS * total / len(lists["openings"]))
    for ending in lists["endings"]:
        counts.add_ending(ending.split(), _ENDINGS * total / len(lists["endings"]))
    for limit, amount in product(lists["limits"], _AMOUNTS):
        weight = _LIMITS * total / (len(lists["limits"]) * len(_AMOUNTS))
        for currency in ("", *lists["currencies"]):
            counts.add_ending(f"{limit} {amount} {currency}".split(), weight)
    for (head, times), colour in product(heads.most_common(_MAX_HEADS), lists["colours"]):
        counts.add_pair(colour, head, _COLOURED * times)
    for colour in lists["colours"]:
        counts.add_pair(START, colour, _COLOURED * total)
        counts.add_pair("in", colour, _COLOURED * total)
        counts.add_pair(colour, END, _COLOURED * total)
