"""Results in the order of a customer's taste, within bounds: what they acted on before, by look, fields and price.

Scores move by at most ``PERSONAL_BOUND``, so that of two results the better one stays before the other
whatever the taste, if it is better by more than twice that. Nothing is added to the results or taken away.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import DatabaseError, connections

from xsearch.conf import settings
from xsearch.index.registry import Index
from xsearch.search.ranking.facets import Attributes
from xsearch.search.ranking.fusion import Ranking
from xsearch.search.ranking.taste import affinities
from xsearch.search.retrieval.evidence import Floats
from xsearch.visitors.events import acts_of
from xsearch.visitors.popularity import popularity_of

logger = logging.getLogger("xsearch.search")

DEGRADED = "personal"
#: Acts after which taste counts half of what it may.
_FEW_ACTS = 2.0
#: Affinities are differences of shares, which are seldom far apart.
_GAIN = 2.0
#: A reason is named if it moved a result at least so much of what the strongest did.
_TELLING = 0.4


@dataclass(frozen=True)
class Personal:
    """A ranking in the order of a taste, and of each key that it moved: {"moved": places up, "because": names}."""

    ranking: Ranking
    notes: Mapping[Any, dict[str, Any]]


def personalise(
    index: Index, ranking: Ranking, attributes: Attributes, user: Any, using: str, degraded: list[str]
) -> Personal:
    """Reorder ``ranking`` by what all customers do and by what ``user`` did; if that fails, leave it as it is."""
    try:
        ranking = _by_popularity(index, ranking)
        return _by_taste(index, ranking, attributes, user, using)
    except DatabaseError:
        if connections[using].in_atomic_block:
            raise
        logger.exception("Results could not be personalised")
        degraded.append(DEGRADED)
        return Personal(ranking, {})


def _by_popularity(index: Index, ranking: Ranking) -> Ranking:
    weight = float(settings.POPULARITY_WEIGHT)
    keys = ranking.keys[: settings.PERSONAL_WINDOW]
    if weight <= 0 or not keys:
        return ranking
    scores = popularity_of(index, keys)
    return moved(ranking, weight * np.array([scores.get(str(key), 0.0) for key in keys]))


def _by_taste(index: Index, ranking: Ranking, attributes: Attributes, user: Any, using: str) -> Personal:
    keys = ranking.keys[: settings.PERSONAL_WINDOW]
    acts = acts_of(index, user) if user is not None and settings.PERSONAL_BOUND > 0 and len(keys) > 1 else {}
    if not acts:
        return Personal(ranking, {})
    parts = affinities(index, acts, keys, using)
    shifts = bounded_shifts(parts, sum(map(abs, acts.values())))
    personal = moved(ranking, sum(shifts.values(), np.zeros(len(keys))))
    return Personal(personal, _notes(ranking, personal, attributes, keys, shifts))


def bounded_shifts(parts: Mapping[str, Floats], acts: float) -> dict[str, Floats]:
    """Turn affinities, shape (n,) in [-1, 1], into shifts of scores whose sum lies within ``PERSONAL_BOUND``.

    ``acts`` is the weight of everything that is known: of little, little follows.
    """
    if not parts:
        return {}
    centred = {name: (values - values.mean()) / len(parts) for name, values in parts.items()}
    whole = _GAIN * sum(centred.values(), np.zeros(1))
    kept = np.minimum(1.0, 1.0 / np.maximum(np.abs(whole), 1e-9))
    bound = settings.PERSONAL_BOUND * acts / (acts + _FEW_ACTS)
    return {name: bound * _GAIN * kept * values for name, values in centred.items()}


def moved(ranking: Ranking, shifts: Floats) -> Ranking:
    """Return ``ranking`` with the scores of its first n results shifted, shape (n,), and sorted again."""
    scores = ranking.scores.copy()
    scores[: len(shifts)] += shifts
    return ranking.reordered(np.argsort(-scores, kind="stable"), scores.clip(0.0, 1.0))


def _notes(
    before: Ranking, after: Ranking, attributes: Attributes, keys: Sequence[Any], shifts: Mapping[str, Floats]
) -> dict[Any, dict[str, Any]]:
    old, new = _places(before, attributes), _places(after, attributes)
    window = {key: place for place, key in enumerate(keys)}
    notes = {}
    for key in before.keys:
        group = attributes.groups.get(key, key)
        if up := old[group] - new[group]:
            own = {name: float(values[window[key]]) * np.sign(up) for name, values in shifts.items() if key in window}
            notes[key] = {"moved": up, "because": _reasons(own)}
    return notes


def _places(ranking: Ranking, attributes: Attributes) -> dict[Any, int]:
    """Return where each group of variants stands."""
    groups = dict.fromkeys(attributes.groups.get(key, key) for key in ranking.keys)
    return {group: place for place, group in enumerate(groups)}


def _reasons(shares: Mapping[str, float]) -> list[str]:
    """Return the names of what moved a result, strongest first; none where it only made room for others."""
    strongest = max(shares.values(), default=0.0)
    telling = [name for name, share in shares.items() if share > 1e-6 and share >= _TELLING * strongest]
    return sorted(telling, key=lambda name: -shares[name])
