"""Beam search over tokens: the most probable texts of a decoder that is asked step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Takes the beams that go on (rows of the step before) and their newest tokens, and returns the log-probabilities
#: of what follows, shape (beams, tokens).
Step = Callable[[Sequence[int], Sequence[int]], NDArray[np.float32]]


@dataclass(frozen=True)
class Hypothesis:
    """Tokens without the end, and the mean log-probability of all of them with it."""

    tokens: tuple[int, ...]
    log_probability: float


def beam_search(
    first: NDArray[np.float32], step: Step, *, beams: int, end_token: int, max_tokens: int
) -> list[Hypothesis]:
    """Return up to ``beams`` hypotheses, the best mean log-probability first; one beam is greedy search.

    ``first`` are the log-probabilities of the first token, shape (tokens,). The search is over when
    ``beams`` hypotheses have ended (Whisper's rule with patience 1).
    """
    live: list[tuple[float, tuple[int, ...]]] = [(0.0, ())]
    scores, finished = first[None, :], list[Hypothesis]()
    while True:
        ended, grown = _extend(live, scores, beams, end_token)
        finished += ended
        live = [(total, tokens) for _, total, tokens in grown]
        if len(finished) >= beams or not grown or len(grown[0][2]) >= max_tokens:
            break
        scores = step([row for row, *_ in grown], [tokens[-1] for *_, tokens in grown])
    if len(finished) < beams:
        finished += [Hypothesis(tokens, total / len(tokens)) for total, tokens in live]
    return sorted(finished, key=lambda found: (-found.log_probability, found.tokens))[:beams]


def _extend(
    live: list[tuple[float, tuple[int, ...]]], scores: NDArray[np.float32], beams: int, end_token: int
) -> tuple[list[Hypothesis], list[tuple[int, float, tuple[int, ...]]]]:
    """Return what ends here and the (row, sum of log-probabilities, tokens) that go on, best first."""
    likeliest = np.argpartition(-scores, min(beams, scores.shape[1] - 1), axis=1)[:, : beams + 1]
    candidates = [
        (total + float(scores[row, token]), row, int(token))
        for row, (total, _) in enumerate(live)
        for token in likeliest[row]
        if np.isfinite(scores[row, token])
    ]
    ended: list[Hypothesis] = []
    grown: list[tuple[int, float, tuple[int, ...]]] = []
    for total, row, token in sorted(candidates, key=lambda one: (-one[0], one[1], one[2])):
        tokens = live[row][1]
        if token == end_token:
            ended.append(Hypothesis(tokens, total / (len(tokens) + 1)))
        else:
            grown.append((row, total, (*tokens, token)))
        if len(grown) == beams:
            break
    return ended, grown
