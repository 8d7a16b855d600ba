"""Personalisation: results reordered by a customer's taste in looks, fields and prices, within bounds.

Scores move by at most ``PERSONAL_BOUND``, so a result that is better by more than twice that stays before the other.
Nothing is added to the results or removed.
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
from xsearch.search.context import SearchContext
from xsearch.search.ranking.fusion import Ranking
from xsearch.search.ranking.taste import affinities
from xsearch.search.retrieval.scores import ScoreColumn
from xsearch.visitors.events import acts_of, popularity_of

logger = logging.getLogger("xsearch.search")

DEGRADED = "personal"
#: Weight of interactions at which taste counts half of what it may.
_FEW_ACTS = 2.0
#: Affinities are differences of shares, which are seldom far apart.
_GAIN = 2.0
#: A reason is named if its share is at least this fraction of the strongest one.
_TELLING = 0.4


@dataclass(frozen=True)
class PersonalRanking:
    """A reordered ranking, and for each key that moved: {"moved": places up, "because": names of reasons}."""

    ranking: Ranking
    notes: Mapping[Any, dict[str, Any]]


def personalise(context: SearchContext, ranking: Ranking, groups: Mapping[Any, Any], user: Any) -> PersonalRanking:
    """Reorder ``ranking`` by what all customers did and by what ``user`` did; if that fails, leave it as it is."""
    try:
        ranking = _by_popularity(context.index, ranking)
        return _by_taste(context, ranking, groups, user)
    except DatabaseError:
        if connections[context.using].in_atomic_block:
            raise
        logger.exception("Results could not be personalised")
        context.degrade(DEGRADED)
        return PersonalRanking(ranking, {})


def _by_popularity(index: Index, ranking: Ranking) -> Ranking:
    weight = float(settings.POPULARITY_WEIGHT)
    keys = ranking.keys[: settings.PERSONAL_WINDOW]
    if weight <= 0 or not keys:
        return ranking
    scores = popularity_of(index, keys)
    return moved(ranking, weight * np.array([scores.get(str(key), 0.0) for key in keys]))


def _by_taste(context: SearchContext, ranking: Ranking, groups: Mapping[Any, Any], user: Any) -> PersonalRanking:
    keys = ranking.keys[: settings.PERSONAL_WINDOW]
    acts = acts_of(context.index, user) if user is not None and settings.PERSONAL_BOUND > 0 and len(keys) > 1 else {}
    if not acts:
        return PersonalRanking(ranking, {})
    parts = affinities(context, acts, keys)
    shifts = bounded_shifts(parts, sum(map(abs, acts.values())))
    personal = moved(ranking, sum(shifts.values(), np.zeros(len(keys))))
    return PersonalRanking(personal, _notes(ranking, personal, groups, keys, shifts))


def bounded_shifts(parts: Mapping[str, ScoreColumn], acts: float) -> dict[str, ScoreColumn]:
    """Turn affinities, shape (n,) in [-1, 1], into shifts of scores whose sum lies within ``PERSONAL_BOUND``.

    ``acts`` is the weight of all interactions: few of them move little.
    """
    if not parts:
        return {}
    centred = {name: (values - values.mean()) / len(parts) for name, values in parts.items()}
    whole = _GAIN * sum(centred.values(), np.zeros(1))
    kept = np.minimum(1.0, 1.0 / np.maximum(np.abs(whole), 1e-9))
    bound = settings.PERSONAL_BOUND * acts / (acts + _FEW_ACTS)
    return {name: bound * _GAIN * kept * values for name, values in centred.items()}


def moved(ranking: Ranking, shifts: ScoreColumn) -> Ranking:
    """Return ``ranking`` with the scores of its first n results shifted, shape (n,), and sorted again."""
    scores = ranking.scores.copy()
    scores[: len(shifts)] += shifts
    return ranking.reordered(np.argsort(-scores, kind="stable"), scores.clip(0.0, 1.0))


def _notes(
    before: Ranking, after: Ranking, groups: Mapping[Any, Any], keys: Sequence[Any], shifts: Mapping[str, ScoreColumn]
) -> dict[Any, dict[str, Any]]:
    old, new = _places(before, groups), _places(after, groups)
    window = {key: place for place, key in enumerate(keys)}
    notes = {}
    for key in before.keys:
        group = groups.get(key, key)
        if up := old[group] - new[group]:
            own = {name: float(values[window[key]]) * np.sign(up) for name, values in shifts.items() if key in window}
            notes[key] = {"moved": up, "because": _reasons(own)}
    return notes


def _places(ranking: Ranking, groups: Mapping[Any, Any]) -> dict[Any, int]:
    """Return the place of each group of variants."""
    ordered = dict.fromkeys(groups.get(key, key) for key in ranking.keys)
    return {group: place for place, group in enumerate(ordered)}


def _reasons(shares: Mapping[str, float]) -> list[str]:
    """Return the names of the reasons that moved a result, strongest first; none if it only made room for others."""
    strongest = max(shares.values(), default=0.0)
    telling = [name for name, share in shares.items() if share > 1e-6 and share >= _TELLING * strongest]
    return sorted(telling, key=lambda name: -shares[name])
