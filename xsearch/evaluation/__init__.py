"""Search quality on judged queries: metrics (ir-measures) with confidence intervals (SciPy), and tuning."""

from xsearch.evaluation.evaluate import (
    Comparison,
    Configuration,
    Evaluation,
    compare,
    evaluate,
    parse_configuration,
)
from xsearch.evaluation.judgements import JudgedQuery, Skipped, read_judgements
from xsearch.evaluation.metrics import DEPTH, MEASURES, EvaluationError, measure

__all__ = [
    "DEPTH",
    "MEASURES",
    "Comparison",
    "Configuration",
    "Evaluation",
    "EvaluationError",
    "JudgedQuery",
    "Skipped",
    "compare",
    "evaluate",
    "measure",
    "parse_configuration",
    "read_judgements",
]
