"""Personalisation: results reordered by a customer's taste in looks, fields and prices, within bounds.

Scores move by at most ``PERSONAL_BOUND``, so a result that is better by more than twice that stays before the other.
Nothing is added to the results or removed. The mean vector of what a customer interacted with is computed from the live
column by the statement that compares results with it: both are of the same space, whatever encoder is in use.
"""

from __future__ import annotations

import json
import logging
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import DatabaseError, connections, models
from django.db.models import Aggregate, F, FloatField, Func, Subquery, TextField, Value
from django.db.models.constants import LOOKUP_SEP

from xsearch.conf import settings
from xsearch.index.registry import Index
from xsearch.index.stores import Store
from xsearch.index.translations import plain
from xsearch.search.context import SearchContext
from xsearch.search.expressions import IsAnyOf
from xsearch.search.preferences import ScoreColumn
from xsearch.search.ranking.fusion import Ranking
from xsearch.visitors.events import LEAST_PRICES, PRICE, acts_of, popularity_of

#: The reason besides the facets and the price.
LOOK = "look"
_LOOKS = ("image", "text")
_LEAST_SPREAD = 0.05  # of cosines; nearly identical similarities say nothing
_LEAST_PRICE_SPREAD = 0.3  # of natural logarithms: about a third dearer or cheaper


class _Weighted(Func):
    """A vector times the weight of its object."""

    output_field = TextField()
    template = "(%(expressions)s)"

    def __init__(self, column: str, object_key: str, weights: Mapping[str, float]) -> None:
        super().__init__(F(column), F(object_key), Value(json.dumps(weights)))

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, Any]:  # type: ignore[override]  # noqa: ARG002
        (vector, first), (key, second), (weights, third) = map(compiler.compile, self.get_source_expressions())
        weight = f"((({weights})::jsonb ->> ({key})::text)::real)"
        sql = f"(({vector})::vector * array_fill({weight}, ARRAY[vector_dims({vector})])::vector)"
        return sql, [*first, *third, *second, *first]


class _Sum(Aggregate):
    function = "SUM"
    output_field = TextField()


class _Similarity(Func):
    """Cosine similarity of a column to a vector that the database computes."""

    output_field = FloatField()

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, Any]:  # type: ignore[override]  # noqa: ARG002
        (column, first), (vector, second) = map(compiler.compile, self.get_source_expressions())
        return f"(1 - (({column})::vector <=> {vector}))", [*first, *second]


def affinities(context: SearchContext, acts: Mapping[str, float], keys: Sequence[Any]) -> dict[str, ScoreColumn]:
    """Return by reason how much each of ``keys`` suits the taste of a customer, shape (n,) in [-1, 1].

    ``acts`` are the weights of their interactions by object id. They are damped: clicking one thing often is no taste.
    """
    weights = {key: math.copysign(math.log1p(abs(weight)), weight) for key, weight in acts.items()}
    rows = _Rows(context, weights, keys)
    parts = {LOOK: rows.looks()} if rows.columns else {}
    parts |= {name: rows.shares(name) for name in context.index.facets}
    if (prices := rows.prices()) is not None:
        parts[PRICE] = prices
    return {name: values for name, values in parts.items() if np.ptp(values) > 0}


class _Rows:
    """The results and the objects that the customer interacted with: one statement, and one for each field of lists."""

    def __init__(self, context: SearchContext, weights: Mapping[str, float], keys: Sequence[Any]) -> None:
        self._keys = keys
        index, store = context.index, context.main_store
        self.columns = _columns(context)
        names = [*index.facets, *([PRICE] if PRICE in index.filters and PRICE not in index.facets else [])]
        acted = [index.model._meta.pk.to_python(key) for key in weights]
        everything = plain(store.model._base_manager.using(context.using).order_by())
        objects = everything.filter(IsAnyOf(store.object_key, [*acted, *keys]))
        liked = everything.filter(IsAnyOf(store.object_key, acted))
        named = {f"xs{number}": _to_mean(liked, name, store, weights) for number, name in enumerate(self.columns)}
        prefix = f"{store.link}{LOOKUP_SEP}" if store.link else ""
        self._similar: dict[Any, list[float | None]] = {}
        self._values: dict[str, dict[Any, set[Any]]] = {name: defaultdict(set) for name in names}
        single = [name for name in names if not index.field(name).is_multiple]
        fields = [index.field(name).expression(prefix) for name in single]
        for key, *found in objects.annotate(**named).values_list(store.object_key, *named, *fields):
            self._similar[key] = found[: len(named)]
            for name, value in zip(single, found[len(named) :], strict=True):
                self._values[name][key].add(value)
        for name in set(names) - set(single):
            for key, value in objects.values_list(store.object_key, index.field(name).expression(prefix)):
                self._values[name][key].add(value)
        self._weights = {key: weights[str(key)] for key in self._similar if str(key) in weights}

    def looks(self) -> ScoreColumn:
        """Return the similarity of the vectors, relative to the other results."""
        none = [None] * len(self.columns)
        table = np.array([self._similar.get(key, none) for key in self._keys], dtype=np.float64)
        known = np.isfinite(table)
        mean = np.where(known, table, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        away = np.where(known, table - mean, 0.0)
        spread = np.sqrt((away**2).sum(axis=0) / np.maximum(known.sum(axis=0), 1))
        return np.asarray((away / (2 * np.maximum(spread, _LEAST_SPREAD))).clip(-1, 1).mean(axis=1))

    def shares(self, name: str) -> ScoreColumn:
        """Return the share of interactions with objects that have the same value of a field."""
        values = self._values[name]
        by_value: dict[Any, float] = defaultdict(float)
        for key, weight in self._weights.items():
            for value in values[key] - {None, ""}:
                by_value[value] += weight
        whole = sum(map(abs, self._weights.values())) or 1.0
        best = [max((by_value.get(value, 0.0) for value in values[key]), default=0.0) for key in self._keys]
        return np.array(best).clip(-whole, whole) / whole

    def prices(self) -> ScoreColumn | None:
        """Return the nearness to the prices of liked objects; None if too few prices are known."""
        logs = {
            key: math.log(float(price))
            for key, found in self._values.get(PRICE, {}).items()
            for price in found
            if price and price > 0
        }
        liked = [(logs[key], weight) for key, weight in self._weights.items() if weight > 0 and key in logs]
        if len(liked) < LEAST_PRICES:
            return None
        centre = float(np.average([log for log, _ in liked], weights=[weight for _, weight in liked]))
        spread = math.sqrt(np.average([(log - centre) ** 2 for log, _ in liked], weights=[w for _, w in liked]))
        away = np.array([logs.get(key, math.inf) - centre for key in self._keys]) / max(spread, _LEAST_PRICE_SPREAD)
        return np.asarray(np.exp(-(away**2) / 2))


def _columns(context: SearchContext) -> list[str]:
    """Return the embedding columns in the main store's table, which one statement reads."""
    there = {s.modality: s for s in context.stores if not s.many and s.model is context.main_store.model}
    return [there[name].column for name in _LOOKS if name in there and settings.EMBEDDINGS.get(name)]


def _to_mean(acted: models.QuerySet[Any], column: str, store: Store, weights: Mapping[str, float]) -> _Similarity:
    """Return the similarity to the weighted mean vector of the interactions, which may point away from some."""
    summed = acted.exclude(**{column: None}).annotate(xs_all=Value(1)).values("xs_all")
    mean = summed.annotate(xs_mean=_Sum(_Weighted(column, store.object_key, weights))).values("xs_mean")
    return _Similarity(F(column), Subquery(mean))


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
