"""Evaluation of the search on judged queries, and comparison of configurations with tests of significance."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.core.exceptions import FieldError

from xsearch.conf import DEFAULTS, overridden
from xsearch.errors import BadQuery
from xsearch.evaluation.judgements import JudgedQuery, Skipped
from xsearch.evaluation.metrics import (
    DEPTH,
    MEASURES,
    Difference,
    EvaluationError,
    Interval,
    confidence_interval,
    library,
    mean,
    measure,
    paired_difference,
    statistics,
)
from xsearch.index.registry import Index
from xsearch.media import MediaError

_NAMED = re.compile(r"\s*([^={},]+?)\s*=\s*(\{.*)", re.DOTALL)
_FORMS = 'text=0,image=1 (weights), {"FUSION": "rrf"} (settings), or NAME={…} (either, with a name)'
# Models are loaded once per process, and vectors are of the encoder that indexed them.
_LOADED_ONCE = {"ENCODERS", "TRANSCRIBERS"}


@dataclass(frozen=True)
class Configuration:
    """Settings that differ from the project's ``XSEARCH``, and weights as ``xsearch.search`` takes them."""

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)


@dataclass
class Evaluation:
    """Metrics over all queries and by kind, and everything that was skipped or degraded."""

    overall: dict[str, float] = field(default_factory=dict)
    by_kind: dict[str, dict[str, float]] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    #: By query, the relevant keys that the catalogue does not have.
    unknown_keys: list[dict[str, Any]] = field(default_factory=list)
    #: Number of searches that left out a part, by part.
    degraded: dict[str, int] = field(default_factory=dict)
    #: Confidence intervals of the metrics, by kind; those of all queries under "".
    intervals: dict[str, dict[str, Interval]] = field(default_factory=dict)
    #: Of the queries without a relevant object: their number, the share that found nothing, and hits per query.
    nothing_relevant: dict[str, float] = field(default_factory=dict)
    #: Each query's kind and metrics, by its id.
    scores: dict[str, tuple[str, dict[str, float]]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON that ``xsearch_evaluate --json`` prints."""
        by_kind = {kind: bounds for kind, bounds in self.intervals.items() if kind}
        return {
            "overall": self.overall,
            "by_kind": self.by_kind,
            "intervals": {"overall": self.intervals.get("", {}), "by_kind": by_kind},
            "nothing_relevant": self.nothing_relevant,
            "skipped": [asdict(skipped) for skipped in self.skipped],
            "unknown_keys": self.unknown_keys,
            "degraded": self.degraded,
        }


#: Difference between a configuration and the base, by metric.
Differences = dict[str, Difference]


@dataclass(frozen=True)
class Comparison:
    """The evaluation of a configuration, and its differences from the base, overall and by kind."""

    configuration: Configuration
    evaluation: Evaluation
    overall: Differences
    by_kind: dict[str, Differences]

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON of a comparison, as ``xsearch_evaluate --json`` prints it."""

        def plain(differences: Differences) -> dict[str, Any]:
            return {metric: difference._asdict() for metric, difference in differences.items()}

        by_kind = {kind: plain(differences) for kind, differences in self.by_kind.items()}
        difference = {"overall": plain(self.overall), "by_kind": by_kind}
        return {"name": self.configuration.name, **self.evaluation.as_dict(), "difference": difference}


@dataclass(frozen=True)
class _Outcome:
    query: JudgedQuery
    keys: list[str]
    #: Number of objects that the search counted as matches.
    total: int
    latency_ms: float
    degraded: list[str]


def evaluate(
    index: Index,
    judgements: Iterable[JudgedQuery | Skipped],
    *,
    key: str = "pk",
    weights: Mapping[str, float] | None = None,
    configuration: Configuration | None = None,
    progress: Callable[[int], None] = lambda _done: None,
) -> Evaluation:
    """Search for every judged query and compare the results with what is relevant by the field ``key``.

    ``weights`` override those of the ``configuration``. A query that the search refuses is skipped with the
    reason. Raises ``EvaluationError`` for a ``key`` that is not a field of the model.
    """
    library()
    statistics()
    check_key(index, key)
    configuration = configuration or Configuration("present")
    given = {**configuration.weights, **(weights or {})}
    outcomes: list[_Outcome] = []
    skipped: list[Skipped] = []
    warm: set[str] = set()
    with overridden(configuration.settings):
        for judgement in judgements:
            done = judgement if isinstance(judgement, Skipped) else _attempt(index, judgement, key, given, warm)
            (skipped if isinstance(done, Skipped) else outcomes).append(done)  # type: ignore[arg-type]
            progress(len(outcomes))
    return _sum_up(outcomes, skipped, _unknown_keys(index, key, outcomes))


def check_key(index: Index, key: str) -> None:
    """Raise ``EvaluationError`` unless ``key`` is a field of the model."""
    try:
        index.get_queryset().values_list(key)
    except FieldError as error:
        fields = ", ".join(field.name for field in index.model._meta.concrete_fields if field.editable)
        raise EvaluationError(f"{index.label} has no field {key!r}. Use pk or one of: {fields}.") from error


def _attempt(
    index: Index, query: JudgedQuery, key: str, weights: Mapping[str, float] | None, warm: set[str]
) -> _Outcome | Skipped:
    try:
        kind = "+".join(query.inputs)
        if kind not in warm:  # the first query of a kind loads models, which must not count as latency
            warm.add(kind)
            _run(index, query, key, weights)
        return _run(index, query, key, weights)
    except (BadQuery, MediaError) as error:
        return Skipped(query.line, str(error))
    except OSError as error:
        return Skipped(query.line, f"{error.filename} cannot be read: {error.strerror}")


def _run(index: Index, query: JudgedQuery, key: str, weights: Mapping[str, float] | None) -> _Outcome:
    from xsearch.search import search

    media = {part: path.read_bytes() for part in ("image", "audio") if (path := getattr(query, part))}
    queryset = index.filter_queryset(index.get_queryset(), query.filters)
    started = time.perf_counter()
    results = search(queryset, text=query.text, weights=weights, page_size=DEPTH, **media)
    latency_ms = (time.perf_counter() - started) * 1000
    pks = [hit.object.pk for hit in results.hits]
    keys = dict(queryset.filter(pk__in=pks).values_list("pk", key))
    found = [str(keys[pk]) for pk in pks if pk in keys]
    total = results.total if results.is_close else 0
    return _Outcome(query, found, total, latency_ms, list(results.degraded))


def _unknown_keys(index: Index, key: str, outcomes: Iterable[_Outcome]) -> list[dict[str, Any]]:
    present = set(map(str, index.get_queryset().order_by().values_list(key, flat=True)))
    return [
        {"line": query.line, "id": query.id, "keys": missing}
        for query in (outcome.query for outcome in outcomes)
        if (missing := [name for name, grade in query.relevant.items() if grade and name not in present])
    ]


def _sum_up(outcomes: list[_Outcome], skipped: list[Skipped], unknown_keys: list[dict[str, Any]]) -> Evaluation:
    judged = [outcome for outcome in outcomes if outcome.query.relevant]
    scores = measure(
        {outcome.query.id: outcome.query.relevant for outcome in judged},
        {outcome.query.id: outcome.keys for outcome in judged},
    )
    by_kind = {
        kind: [o for o in judged if o.query.kind == kind] for kind in sorted({outcome.query.kind for outcome in judged})
    }
    intervals = {
        kind: {name: confidence_interval([scores[each.query.id][name] for each in members]) for name in MEASURES}
        for kind, members in {"": judged, **by_kind}.items()
    }
    return Evaluation(
        _means(judged, scores),
        {kind: _means(members, scores) for kind, members in by_kind.items()},
        sorted(skipped),
        unknown_keys,
        dict(Counter(part for outcome in outcomes for part in outcome.degraded)),
        intervals,
        _nothing_relevant([outcome for outcome in outcomes if not outcome.query.relevant]),
        {outcome.query.id: (outcome.query.kind, scores[outcome.query.id]) for outcome in judged},
    )


def _means(outcomes: list[_Outcome], scores: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    means = {name: mean(scores[outcome.query.id][name] for outcome in outcomes) for name in MEASURES}
    latency_ms = mean(outcome.latency_ms for outcome in outcomes)
    return {"queries": len(outcomes), **means, "latency_ms": round(latency_ms, 3)}


def _nothing_relevant(outcomes: list[_Outcome]) -> dict[str, float]:
    """Return figures of the queries without a relevant object, where the best answer has no hits; nDCG cannot tell."""
    return {
        "queries": len(outcomes),
        "found_nothing": mean(outcome.total == 0 for outcome in outcomes),
        "hits": mean(outcome.total for outcome in outcomes),
    }


def compare(
    index: Index,
    judgements: Iterable[JudgedQuery | Skipped],
    configurations: Sequence[Configuration],
    *,
    key: str = "pk",
    progress: Callable[[int], None] = lambda _done: None,
) -> list[Comparison]:
    """Evaluate each configuration, and compare all with the first one, the base.

    Raises ``EvaluationError`` like ``evaluate``, and for two configurations of the same name.
    """
    names = [configuration.name for configuration in configurations]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise EvaluationError(f"Two configurations are called {', '.join(twice)}. Name them: NAME={{…}}.")
    queries = list(judgements)
    evaluations = [
        evaluate(index, queries, key=key, configuration=configuration, progress=progress)
        for configuration in configurations
    ]
    return [_compared(*pair, evaluations[0]) for pair in zip(configurations, evaluations, strict=True)]


def _compared(configuration: Configuration, other: Evaluation, base: Evaluation) -> Comparison:
    both = [query for query in base.scores if query in other.scores]
    kinds = {kind: [query for query in both if base.scores[query][0] == kind] for kind in base.by_kind}
    by_kind = {kind: _differences(queries, base, other) for kind, queries in kinds.items()}
    return Comparison(configuration, other, _differences(both, base, other), by_kind)


def _differences(queries: Sequence[str], base: Evaluation, other: Evaluation) -> Differences:
    return {
        metric: paired_difference(
            [base.scores[query][1][metric] for query in queries], [other.scores[query][1][metric] for query in queries]
        )
        for metric in MEASURES
    }


def parse_configuration(text: str) -> Configuration:
    """Read ``text=0,image=1``, a JSON object, or ``NAME={…}``; keys in capitals are settings, others weights.

    Raises ``EvaluationError`` for anything else.
    """
    named = _NAMED.fullmatch(text)
    name, body = (named[1], named[2]) if named else (text.strip(), text)
    values = _values(body)
    settings = {key: value for key, value in values.items() if key.isupper()}
    if fixed := sorted(_LOADED_ONCE & set(settings)):
        raise EvaluationError(f"{', '.join(fixed)} cannot change while searching. Set it, run xsearch_index, evaluate.")
    if unknown := sorted(set(settings) - set(DEFAULTS)):
        raise EvaluationError(f"Unknown settings: {', '.join(unknown)}. Known: {', '.join(DEFAULTS)}.")
    weights = {key: value for key, value in values.items() if key not in settings}
    for key, value in weights.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise EvaluationError(f"The weight of {key!r} must be a number from 0 to 100, not {value!r}.")
    return Configuration(name, settings, weights)


def _values(body: str) -> dict[str, Any]:
    try:
        found = json.loads(body) if body.lstrip().startswith("{") else _pairs(body)
    except (ValueError, RecursionError) as error:
        raise EvaluationError(f"{body!r} is no configuration ({error}). Write {_FORMS}.") from error
    if not found:
        raise EvaluationError(f"{body!r} is no configuration: it changes nothing. Write {_FORMS}.")
    return dict(found)


def _pairs(body: str) -> dict[str, float]:
    pairs = (pair.partition("=") for pair in body.split(",") if pair.strip())
    return {name.strip(): float(number) for name, _, number in pairs}
