"""Fusion: the scores of all parts become one ranking, calibrated, weighted, cut off and explained."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xsearch.conf import settings
from xsearch.search.compiled_query import CompiledQuery
from xsearch.search.context import SearchContext
from xsearch.search.preferences import UNDERSTOOD, ScoreColumn, apply_preferences
from xsearch.search.results import Coverage
from xsearch.search.retrieval.scores import CandidateScores
from xsearch.search.vectors.calibration import Calibration, calibration_of
from xsearch.search.vectors.query_vectors import FALLBACKS, LEXICAL, UNWANTED, VectorPart

_MATCHED_FROM = 0.3  # of a part's calibrated score
_CLOSE_WORDS = 0.3  # lexical score
_QUERY_KINDS = {"text", "image", "audio", "like"}
_NEAREST = 12  # objects that are shown where nothing is close
_ROUNDING = 1e-6
_RANK_CONSTANT = 60  # of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009)

#: Makes similarities and weights of parts into shares of a score.
FusionMethod = Callable[[Mapping[str, ScoreColumn], Mapping[str, float]], dict[str, ScoreColumn]]


@dataclass(frozen=True)
class Ranking:
    """The objects above the cut-off, best first: ``keys``, ``scores`` in [0, 1], and by part what it contributed."""

    #: True if any object is close to the query; if not, these are just the nearest ones.
    is_close: bool
    coverage: Coverage
    keys: list[Any]
    scores: ScoreColumn
    weights: Mapping[str, float]
    similarities: Mapping[str, ScoreColumn]
    calibrated: Mapping[str, ScoreColumn]
    contributions: Mapping[str, ScoreColumn]

    def __len__(self) -> int:
        return len(self.keys)

    def reordered(self, order: NDArray[np.intp], scores: ScoreColumn) -> Ranking:
        """Return the same objects in another ``order``, with new ``scores``, which are given in the present order."""

        def by_part(columns: Mapping[str, ScoreColumn]) -> dict[str, ScoreColumn]:
            return {name: values[order] for name, values in columns.items()}

        return replace(
            self,
            keys=[self.keys[place] for place in order],
            scores=scores[order],
            similarities=by_part(self.similarities),
            calibrated=by_part(self.calibrated),
            contributions=by_part(self.contributions),
        )

    def trace(self, place: int) -> dict[str, dict[str, float]]:
        """Return what each part contributed to the score of the hit at ``place``."""
        return {
            name: {
                "similarity": round(float(self.similarities[name][place]), 4),
                "calibrated": round(float(self.calibrated[name][place]), 4),
                "weight": round(self.weights[name], 4),
                "contribution": round(float(self.contributions[name][place]), 4),
            }
            for name in self.weights
            if not np.isnan(self.similarities[name][place])
        }

    def matched_by(self, place: int) -> list[str]:
        """Return the kinds of query ("text", "image", "audio", "like") that found a hit, strongest first."""
        trace = {name: part for name, part in self.trace(place).items() if kind_of(name) in _QUERY_KINDS}
        strongest: dict[str, float] = {}
        for name, part in trace.items():
            if part["calibrated"] >= _MATCHED_FROM and part["contribution"] > 0:
                strongest[kind_of(name)] = max(strongest.get(kind_of(name), 0.0), part["contribution"])
        if not strongest and trace:
            return [kind_of(max(trace, key=lambda name: trace[name]["contribution"]))]
        return sorted(strongest, key=lambda kind: -strongest[kind])


def kind_of(name: str) -> str:
    """Return the kind of query that a part compares: "text" for "lexical" and "text:image"."""
    return "text" if name == LEXICAL else name.partition(":")[0]


def fuse(
    context: SearchContext,
    compiled: CompiledQuery,
    candidates: CandidateScores,
    weights: Mapping[str, float],
    *,
    nearest: bool = False,
) -> Ranking:
    """Rank the candidates by ``XSEARCH["FUSION"]``, without those whose calibrated score is below the cut-off.

    A part adds nothing to a candidate that it cannot be compared with. Of equal scores the older object comes first.
    Candidates of the first pages stay before those that a full scan added, so that later pages continue where earlier
    ones end; unless none of them is close, when there was no earlier page. Without parts all objects are equal.
    Preferences lower scores, but drop nothing below the cut-off. ``nearest`` takes the best below the cut-off too.
    """
    count = len(candidates)
    similarities = _without_fallbacks({name: candidates.columns[name] for name in weights})
    calibrations = {part.name: calibration_of(context, part) for part in compiled.parts}
    calibrated = {
        name: values if name == LEXICAL else calibrations[name].calibrate(values)
        for name, values in similarities.items()
    }
    contributions = weighted(calibrated, weights)
    scores = total(contributions, count) if weights else np.ones(count)
    kept = scores > 0 if nearest else scores >= settings.CUT_OFF
    if weights and settings.FUSION != "calibrated":
        contributions = _fused(METHODS[settings.FUSION], similarities, weights, _is_first(candidates))
        scores = total(contributions, count)
    close = _close(similarities, calibrations, count) if weights else kept
    is_whole = nearest or _is_whole(candidates.upper_bounds, calibrations, weights)
    if compiled.preferences:
        factor, stays = apply_preferences(compiled.preferences, candidates.columns, count)
        kept &= stays
        contributions = {**contributions, UNDERSTOOD: scores * (factor - 1)}
        similarities, calibrated = {**similarities, UNDERSTOOD: factor}, {**calibrated, UNDERSTOOD: factor}
        weights, scores = {**weights, UNDERSTOOD: 1.0}, scores * factor
    order = _best_first(candidates, scores, kept, close)
    is_close = not nearest and bool(close[order].any())
    if not is_close:
        order = order[:_NEAREST]
    is_approximate = candidates.is_approximate and not nearest
    return Ranking(
        is_close,
        Coverage.of(is_whole=is_whole, is_approximate=is_approximate, is_limited=candidates.is_limited),
        [candidates.keys[place] for place in order],
        scores[order].clip(0.0, 1.0),
        dict(weights),
        *({name: values[order] for name, values in by.items()} for by in (similarities, calibrated, contributions)),
    )


def _best_first(
    candidates: CandidateScores, scores: ScoreColumn, kept: NDArray[np.bool_], close: NDArray[np.bool_]
) -> NDArray[np.intp]:
    """Return the places of the ``kept`` candidates, those of the first pages first if any of these is ``close``."""
    first = _is_first(candidates)
    later = ~first & bool((close & kept & first).any())
    order = np.lexsort((-scores, later))
    return order[kept[order]]


def _is_first(candidates: CandidateScores) -> NDArray[np.bool_]:
    return np.array([key in candidates.first for key in candidates.keys], dtype=bool)


def _fused(
    method: FusionMethod,
    similarities: Mapping[str, ScoreColumn],
    weights: Mapping[str, float],
    first: NDArray[np.bool_],
) -> dict[str, ScoreColumn]:
    """Return each part's share. Candidates of the first pages are ranked among themselves, as without a full scan."""
    shares = method(similarities, weights)
    if first.any():
        among = method({name: values[first] for name, values in similarities.items()}, weights)
        for name, values in among.items():
            shares[name][first] = values
    return shares


def similarity_thresholds(
    context: SearchContext, parts: Sequence[VectorPart], weights: Mapping[str, float]
) -> dict[str, float]:
    """Return a similarity for each part, so that every object above the cut-off reaches that of at least one part.

    A weighted mean cannot exceed its largest term with all the weight. Returns nothing where objects below the cut-off
    influence those above it.
    """
    positive = {name: weight for name, weight in weights.items() if weight > 0}
    if not positive or settings.CUT_OFF <= 0 or settings.FUSION == "rrf":
        return {}
    score = settings.CUT_OFF * _total_weight(weights) / _largest_weight(positive) - _ROUNDING
    if not 0 < score < 1:
        return {}
    found = {part.name: calibration_of(context, part).similarity_of(score) for part in parts if part.name in positive}
    return found | ({LEXICAL: score} if LEXICAL in positive else {})


def _is_whole(
    upper_bounds: Mapping[str, float], calibrations: Mapping[str, Calibration], weights: Mapping[str, float]
) -> bool:
    """Return True if no object outside the candidates reaches the cut-off (Fagin, Lotem and Naor's threshold, 2003)."""
    highest = {
        name: np.array([value]) if name == LEXICAL else calibrations[name].calibrate(np.array([value]))
        for name, value in upper_bounds.items()
        if weights.get(name, 0.0) > 0
    }
    return not upper_bounds or (bool(weights) and bool(total(weighted(highest, weights), 1)[0] < settings.CUT_OFF))


def _close(
    similarities: Mapping[str, ScoreColumn], calibrations: Mapping[str, Calibration], count: int
) -> NDArray[np.bool_]:
    """Return a mask of the candidates that any part finds close, shape (count,)."""
    close = np.zeros(count, dtype=bool)
    for name, values in similarities.items():
        if name == LEXICAL:
            close |= values >= _CLOSE_WORDS
        elif kind_of(name) == "like":
            close |= ~np.isnan(values)
        elif kind_of(name) == UNWANTED:
            continue
        else:
            close |= calibrations[name].is_close(values)
    return close


def _without_fallbacks(columns: Mapping[str, ScoreColumn]) -> dict[str, ScoreColumn]:
    """Clear a fallback wherever the better part has a score."""
    found = dict(columns)
    for name, better in FALLBACKS.items():
        if name in found and better in found:
            found[name] = np.where(np.isnan(found[better]), found[name], np.nan)
    return found


def weighted(columns: Mapping[str, ScoreColumn], weights: Mapping[str, float]) -> dict[str, ScoreColumn]:
    """Return each part's share of the weighted mean, shape (n,), zero where nothing can be compared.

    For similarities of unit vectors the sum is the cosine of the concatenated vectors, each scaled by the square root
    of its weight (late fusion as the literature states it).
    """
    total_weight = _total_weight(weights)
    return {name: np.nan_to_num(values) * (weights[name] / total_weight) for name, values in columns.items()}


def reciprocal_ranks(columns: Mapping[str, ScoreColumn], weights: Mapping[str, float]) -> dict[str, ScoreColumn]:
    """Return each part's share by reciprocal rank fusion, scaled so that the first in every part has the score 1."""
    shares = {}
    for name, values in columns.items():
        there = ~np.isnan(values)
        ranks = np.full(len(values), np.inf)
        ranks[there] = 1 + np.argsort(np.argsort(-values[there], kind="stable"), kind="stable")
        shares[name] = (_RANK_CONSTANT + 1) / (_RANK_CONSTANT + ranks)
    return weighted(shares, weights)


def total(contributions: Mapping[str, ScoreColumn], count: int) -> ScoreColumn:
    """Return the sum of the parts' shares, shape (count,)."""
    return sum(contributions.values(), np.zeros(count))


def _total_weight(weights: Mapping[str, float]) -> float:
    """Return the sum of the weights; a fallback and the better part never count together."""
    counted = (weight for name, weight in weights.items() if weight > 0 and FALLBACKS.get(name) not in weights)
    return sum(counted) or 1.0


def _largest_weight(weights: Mapping[str, float]) -> float:
    """Return the largest sum of weights that count for one object: a fallback replaces the better part."""
    better = {name: weights.get(FALLBACKS.get(name, ""), 0.0) for name in weights}
    return sum(max(weight - better[name], 0.0) for name, weight in weights.items())


#: The fusion methods of ``XSEARCH["FUSION"]`` besides "calibrated", the default.
METHODS: dict[str, FusionMethod] = {
    "cosine": weighted,
    "rrf": reciprocal_ranks,
}
