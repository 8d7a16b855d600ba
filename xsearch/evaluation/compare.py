"""Comparison of several configurations on the same judged queries, with tests of significance."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from xsearch.evaluation.evaluate import Configuration, Evaluation, evaluate
from xsearch.evaluation.judgements import JudgedQuery, Skipped
from xsearch.evaluation.metrics import MEASURES, Difference, EvaluationError, paired_difference
from xsearch.index.registry import Index

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
        return {
            "name": self.configuration.name,
            **self.evaluation.as_dict(),
            "difference": {
                "overall": _as_dict(self.overall),
                "by_kind": {kind: _as_dict(differences) for kind, differences in self.by_kind.items()},
            },
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
    return [
        _compared(configuration, evaluations[0], evaluation)
        for configuration, evaluation in zip(configurations, evaluations, strict=True)
    ]


def _compared(configuration: Configuration, base: Evaluation, other: Evaluation) -> Comparison:
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


def _as_dict(differences: Differences) -> dict[str, Any]:
    return {metric: difference._asdict() for metric, difference in differences.items()}
