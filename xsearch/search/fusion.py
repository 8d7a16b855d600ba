"""From the evidence of all parts to one ranking: calibrated, weighted, cut off, explained."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any

from xsearch.conf import settings
from xsearch.registry import Index
from xsearch.search.background import background
from xsearch.search.parts import LEXICAL, VectorPart
from xsearch.search.retrieval import Evidence

_MATCHED_FROM = 0.3  # of a part's calibrated score

# A photo is compared with a product's words only where the product has no photo: beside the comparison of
# photos it would add noise to the differences between the nearest ones. Likewise for sounds.
_STAND_INS = {"image:text": "image:image", "audio:text": "audio:audio"}


def fuse(
    index: Index, evidence: Evidence, parts: Sequence[VectorPart], weights: Mapping[str, float]
) -> list[tuple[Any, float, dict[str, Any]]]:
    """Return (key, score, trace) of every candidate above the cut-off, best first.

    A score is the weighted mean of the parts' calibrated scores, in [0, 1]; a part that a candidate has
    no vector for counts as nothing. Of equal scores the older object comes first.
    """
    backgrounds = {part.name: background(index, part) for part in parts}
    whole = sum(weight for name, weight in weights.items() if weight > 0 and not _has_better(name, weights)) or 1.0
    ranked = []
    for key, found in evidence.items():
        trace: dict[str, Any] = {}
        score = 0.0
        for name, weight in weights.items():
            if name not in found or _has_better(name, found):
                continue
            calibrated = found[name] if name == LEXICAL else backgrounds[name].calibrate(found[name])
            contribution = calibrated * weight / whole
            score += contribution
            trace[name] = _traced(found[name], calibrated, weight, contribution)
        if score >= settings.CUT_OFF:
            ranked.append((key, min(score, 1.0), trace))
    return sorted(ranked, key=lambda item: (-item[1], item[0]))


def _has_better(name: str, others: Container[str]) -> bool:
    return name in _STAND_INS and _STAND_INS[name] in others


def _traced(similarity: float, calibrated: float, weight: float, contribution: float) -> dict[str, float]:
    return {
        "similarity": round(similarity, 4),
        "calibrated": round(calibrated, 4),
        "weight": round(weight, 4),
        "contribution": round(contribution, 4),
    }


def matched_by(trace: Mapping[str, Any]) -> list[str]:
    """Return the kinds of query ("text", "image", "audio", "like") that speak for a hit, strongest first."""
    strongest: dict[str, float] = {}
    for name, part in trace.items():
        kind = "text" if name == LEXICAL else name.partition(":")[0]
        if part["calibrated"] >= _MATCHED_FROM and part["contribution"] > 0:
            strongest[kind] = max(strongest.get(kind, 0.0), part["contribution"])
    if not strongest and trace:
        best = max(trace, key=lambda name: trace[name]["contribution"])
        return ["text" if best == LEXICAL else best.partition(":")[0]]
    return sorted(strongest, key=lambda kind: -strongest[kind])
