"""A trigram language model with Witten-Bell smoothing, written in the ARPA format.

Witten, Bell: The zero-frequency problem (IEEE Trans. Inf. Theory 37(4), 1991), interpolated:
P(w|h) = (c(h,w) + T(h) P(w|h')) / (c(h) + T(h)), h' being h without its first word and T(h) the number
of distinct words seen after h. Counts may be fractions; a word with a count below one adds that
fraction to T(h).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

START, END = "<s>", "</s>"
ORDER = 3
_Gram = tuple[str, ...]
_Table = dict[_Gram, float]

#: Unigram weight of requests and price limits: they surround product names and hardly ever interrupt them.
_APART = 0.1
_NEVER = -99.0  # the usual logarithm of zero in ARPA files


class NgramCounts:
    """Weighted counts of one to three words in a row."""

    def __init__(self) -> None:
        self.by_order: tuple[Counter[_Gram], ...] = tuple(Counter() for _ in range(ORDER))

    def add_sentence(self, words: Sequence[str], weight: float = 1.0) -> None:
        """Count a sentence with its start and end."""
        self._add((START, *words, END), weight, weight)

    def add_opening(self, words: Sequence[str], weight: float) -> None:
        """Count words that begin a sentence, which anything may follow."""
        self._add((START, *words), weight, _APART * weight)

    def add_ending(self, words: Sequence[str], weight: float) -> None:
        """Count words that end a sentence, which anything may precede."""
        self._add((*words, END), weight, _APART * weight)

    def _add(self, padded: _Gram, weight: float, unigram_weight: float) -> None:
        for order, counts in enumerate(self.by_order, start=1):
            more = unigram_weight if order == 1 else weight
            for at in range(len(padded) - order + 1):
                counts[padded[at : at + order]] += more  # type: ignore[assignment]

    def add_pair(self, first: str, second: str, weight: float) -> None:
        """Count two words that may follow each other although no sentence has them."""
        self.by_order[1][first, second] += weight  # type: ignore[assignment]
        for word in (first, second):
            self.by_order[0][(word,)] += 0

    def smoothed(self) -> TrigramModel:
        """Return the smoothed probabilities."""
        # Interpolated with the uniform distribution; a sentence's start is never predicted.
        singles = {gram: count for gram, count in self.by_order[0].items() if gram != (START,)}
        size = sum(singles.values()) + len(singles)
        tables, backoffs = [{gram: (count + 1) / size for gram, count in singles.items()}], []
        for counts in self.by_order[1:]:
            totals, types = _histories(counts)
            tables.append(
                {
                    gram: (count + types[gram[:-1]] * tables[-1][gram[1:]]) / (totals[gram[:-1]] + types[gram[:-1]])
                    for gram, count in counts.items()
                }
            )
            backoffs.append({history: types[history] / (total + types[history]) for history, total in totals.items()})
        return TrigramModel(tuple(tables), tuple(backoffs))


@dataclass(frozen=True)
class TrigramModel:
    """Probabilities of words after a history: one table for each order, and the back-off weights of histories."""

    tables: tuple[_Table, ...]
    backoffs: tuple[_Table, ...]

    def probability(self, word: str, history: Sequence[str] = ()) -> float:
        """Return P(word | the last two words of history)."""
        context = tuple(history)[-(ORDER - 1) :]
        weight = 1.0
        while context:
            found = self.tables[len(context)].get((*context, word))
            if found is not None:
                return weight * found
            weight *= self.backoffs[len(context) - 1].get(context, 1.0)
            context = context[1:]
        return weight * self.tables[0].get((word,), 0.0)

    def arpa(self) -> str:
        """Return the model in the ARPA back-off format (logarithms to base 10)."""
        lines = ["\\data\\"]
        tables = [{(START,): 0.0, **self.tables[0]}, *self.tables[1:]]
        lines += [f"ngram {order}={len(table)}" for order, table in enumerate(tables, start=1)]
        for order, table in enumerate(tables, start=1):
            backoffs = self.backoffs[order - 1] if order < ORDER else None
            lines += ["", f"\\{order}-grams:", *(_line(gram, table[gram], backoffs) for gram in sorted(table))]
        return "\n".join([*lines, "", "\\end\\", ""])


def _histories(counts: Counter[_Gram]) -> tuple[_Table, _Table]:
    """Return the sum of counts and T, the number of distinct next words, for every history."""
    totals: defaultdict[_Gram, float] = defaultdict(float)
    types: defaultdict[_Gram, float] = defaultdict(float)
    for gram, count in counts.items():
        totals[gram[:-1]] += count
        types[gram[:-1]] += min(1.0, count)
    return dict(totals), dict(types)


def _line(gram: _Gram, probability: float, backoffs: _Table | None) -> str:
    logarithm = math.log10(probability) if probability > 0 else _NEVER
    line = f"{logarithm:.4f} {' '.join(gram)}"
    return line if backoffs is None else f"{line} {math.log10(backoffs.get(gram, 1.0)):.4f}"
