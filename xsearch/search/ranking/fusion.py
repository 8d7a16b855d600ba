"""From the evidence of all parts to one ranking: calibrated, weighted, cut off, explained."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xsearch.conf import settings
from xsearch.index.registry import Index
from xsearch.search.ranking.preferences import UNDERSTOOD, Leaning, lean
from xsearch.search.retrieval.evidence import Evidence, Floats
from xsearch.search.vectors.calibration import Background, background
from xsearch.search.vectors.parts import LEXICAL, STAND_INS, UNWANTED, VectorPart

_MATCHED_FROM = 0.3  # of a part's calibrated score
_CLOSE_WORDS = 0.3  # lexical score
_SPEAKING = {"text", "image", "audio", "like"}
_NEAREST = 12  # objects that are shown where nothing is close
_ROUNDING = 1e-6
Method = Callable[[Mapping[str, Floats], Mapping[str, float]], dict[str, Floats]]
_RANK_CONSTANT = 60  # of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009)


@dataclass(frozen=True)
class Ranking:
    """The objects above the cut-off, best first: ``keys``, their ``scores`` in [0, 1], and what each part gave.

    ``is_close`` says whether any of them is what was asked for, as far as one can tell; else they are the nearest
    of what there is.
    """

    is_close: bool
    #: Whether there are no more, as far as one can tell, or no more are wanted; else there are less likely ones.
    is_whole: bool
    #: Whether walks may have missed some, and whether there are too many rows to look at all of them.
    is_approximate: bool
    is_too_many: bool
    keys: list[Any]
    scores: Floats
    weights: Mapping[str, float]
    similarities: Mapping[str, Floats]
    calibrated: Mapping[str, Floats]
    contributions: Mapping[str, Floats]

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def is_exact(self) -> bool:
        """Whether these are all that there are for certain."""
        return self.is_whole and not self.is_approximate

    @property
    def is_final(self) -> bool:
        """Whether a whole look would find no more."""
        return self.is_exact or self.is_too_many

    def reordered(self, order: NDArray[np.intp], scores: Floats) -> Ranking:
        """Return the same objects in another ``order`` of places, with new ``scores`` by their places of now."""

        def by_part(columns: Mapping[str, Floats]) -> dict[str, Floats]:
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
        """Return the kinds of query ("text", "image", "audio", "like") that speak for a hit, strongest first."""
        trace = {name: part for name, part in self.trace(place).items() if kind_of(name) in _SPEAKING}
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
    index: Index,
    evidence: Evidence,
    parts: Sequence[VectorPart],
    weights: Mapping[str, float],
    leanings: Sequence[Leaning] = (),
    *,
    nearest: bool = False,
) -> Ranking:
    """Rank the candidates by ``XSEARCH["FUSION"]``, and leave out those whose calibrated score is below the cut-off.

    A part that a candidate has no vector for counts as nothing. Of equal scores the older object comes first. What was
    likely comes before what was only looked at afterwards, so that later pages go on where earlier ones end; unless
    nothing of it is close, when there was no earlier page. Where there is no part, all objects are equal but for the
    ``leanings``, which lower scores, but below no cut-off. ``nearest`` takes the best of what is below the cut-off.
    """
    similarities = _without_stand_ins({name: evidence.columns[name] for name in weights})
    backgrounds = {part.name: background(index, part) for part in parts}
    calibrated = {
        name: values if name == LEXICAL else backgrounds[name].calibrate(values)
        for name, values in similarities.items()
    }
    contributions = weighted(calibrated, weights)
    scores = total(contributions, len(evidence)) if weights else np.ones(len(evidence))
    kept = scores > 0 if nearest else scores >= settings.CUT_OFF
    if weights and settings.FUSION != "calibrated":
        contributions = _fused(METHODS[settings.FUSION], similarities, weights, _likely(evidence))
        scores = total(contributions, len(evidence))
    close = _close(similarities, backgrounds, len(evidence)) if weights else kept
    is_whole = nearest or _is_whole(evidence.beyond, backgrounds, weights)
    if leanings:
        factor, stays = lean(leanings, evidence.columns, len(evidence))
        kept &= stays
        contributions = {**contributions, UNDERSTOOD: scores * (factor - 1)}
        similarities, calibrated = {**similarities, UNDERSTOOD: factor}, {**calibrated, UNDERSTOOD: factor}
        weights, scores = {**weights, UNDERSTOOD: 1.0}, scores * factor
    order = _best_first(evidence, scores, kept, close)
    is_close = not nearest and bool(close[order].any())
    if not is_close:
        order = order[:_NEAREST]
    return Ranking(
        is_close,
        is_whole,
        evidence.is_approximate and not nearest,
        evidence.is_too_many,
        [evidence.keys[place] for place in order],
        scores[order].clip(0.0, 1.0),
        dict(weights),
        *({name: values[order] for name, values in by.items()} for by in (similarities, calibrated, contributions)),
    )


def _best_first(
    evidence: Evidence, scores: Floats, kept: NDArray[np.bool_], close: NDArray[np.bool_]
) -> NDArray[np.intp]:
    """Return the places of the candidates that are ``kept``, the likely ones first if any of these is ``close``."""
    likely = _likely(evidence)
    later = ~likely & bool((close & kept & likely).any())
    order = np.lexsort((-scores, later))
    return order[kept[order]]


def _likely(evidence: Evidence) -> NDArray[np.bool_]:
    return np.array([key in evidence.likely for key in evidence.keys], dtype=bool)


def _fused(
    method: Method, similarities: Mapping[str, Floats], weights: Mapping[str, float], likely: NDArray[np.bool_]
) -> dict[str, Floats]:
    """Return each part's share; what is likely is ranked among itself, as it was when nothing else was looked at."""
    shares = method(similarities, weights)
    if likely.any():
        among = method({name: values[likely] for name, values in similarities.items()}, weights)
        for name, values in among.items():
            shares[name][likely] = values
    return shares


def floors(index: Index, parts: Sequence[VectorPart], weights: Mapping[str, float]) -> dict[str, float]:
    """Return for each part a similarity so that every object above the cut-off reaches that of one part at least.

    A weighted sum cannot be more than its largest term would be with all the weight. Nothing is returned where
    objects below the cut-off matter to those above it.
    """
    speaking = {name: weight for name, weight in weights.items() if weight > 0}
    if not speaking or settings.CUT_OFF <= 0 or settings.FUSION == "rrf":
        return {}
    score = settings.CUT_OFF * _whole(weights) / _most(speaking) - _ROUNDING
    if not 0 < score < 1:
        return {}
    found = {part.name: background(index, part).similarity_of(score) for part in parts if part.name in speaking}
    return found | ({LEXICAL: score} if LEXICAL in speaking else {})


def _is_whole(beyond: Mapping[str, float], backgrounds: Mapping[str, Background], weights: Mapping[str, float]) -> bool:
    """Say whether no object that was not looked at reaches the cut-off (Fagin, Lotem and Naor's threshold, 2003)."""
    highest = {
        name: np.array([value]) if name == LEXICAL else backgrounds[name].calibrate(np.array([value]))
        for name, value in beyond.items()
        if weights.get(name, 0.0) > 0
    }
    return not beyond or (bool(weights) and bool(total(weighted(highest, weights), 1)[0] < settings.CUT_OFF))


def _close(similarities: Mapping[str, Floats], backgrounds: Mapping[str, Background], count: int) -> NDArray[np.bool_]:
    """Say of each candidate whether any part finds it near, shape (count,)."""
    close = np.zeros(count, dtype=bool)
    for name, values in similarities.items():
        if name == LEXICAL:
            close |= values >= _CLOSE_WORDS
        elif kind_of(name) == "like":
            close |= ~np.isnan(values)
        elif kind_of(name) == UNWANTED:
            continue
        else:
            close |= backgrounds[name].is_near(values)
    return close


def _without_stand_ins(columns: Mapping[str, Floats]) -> dict[str, Floats]:
    """Leave a stand-in out wherever there is what it stands in for."""
    found = dict(columns)
    for name, better in STAND_INS.items():
        if name in found and better in found:
            found[name] = np.where(np.isnan(found[better]), found[name], np.nan)
    return found


def weighted(columns: Mapping[str, Floats], weights: Mapping[str, float]) -> dict[str, Floats]:
    """Return each part's share of the weighted mean, shape (n,), zero where there is nothing to compare.

    Of plain similarities of unit vectors the sum is the cosine of the concatenated vectors, each scaled by the
    square root of its weight (late fusion as the literature states it).
    """
    whole = _whole(weights)
    return {name: np.nan_to_num(values) * (weights[name] / whole) for name, values in columns.items()}


def reciprocal_ranks(columns: Mapping[str, Floats], weights: Mapping[str, float]) -> dict[str, Floats]:
    """Return each part's share by reciprocal rank fusion, scaled so that the first in every part has the score 1."""
    shares = {}
    for name, values in columns.items():
        there = ~np.isnan(values)
        ranks = np.full(len(values), np.inf)
        ranks[there] = 1 + np.argsort(np.argsort(-values[there], kind="stable"), kind="stable")
        shares[name] = (_RANK_CONSTANT + 1) / (_RANK_CONSTANT + ranks)
    return weighted(shares, weights)


def total(contributions: Mapping[str, Floats], count: int) -> Floats:
    """Return the sum of the parts' shares, shape (count,)."""
    return sum(contributions.values(), np.zeros(count))


def _whole(weights: Mapping[str, float]) -> float:
    """Return what the weights add up to; a stand-in beside what it stands in for never adds to it."""
    counted = (weight for name, weight in weights.items() if weight > 0 and STAND_INS.get(name) not in weights)
    return sum(counted) or 1.0


def _most(weights: Mapping[str, float]) -> float:
    """Return the most that the weights of what one object has can add up to: a stand-in takes the other's place."""
    instead = {name: weights.get(STAND_INS.get(name, ""), 0.0) for name in weights}
    return sum(max(weight - instead[name], 0.0) for name, weight in weights.items())


#: How similarities become shares of a score, for ``XSEARCH["FUSION"]``; "calibrated" is the default beside them.
METHODS: dict[str, Method] = {
    "cosine": weighted,
    "rrf": reciprocal_ranks,
}
