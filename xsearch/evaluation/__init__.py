"""How good a search is: judged queries × search → metrics of a well-kept library (ir-measures)."""

from xsearch.evaluation.evaluate import Evaluation, evaluate
from xsearch.evaluation.judgements import JudgedQuery, Skipped, read_judgements
from xsearch.evaluation.metrics import DEPTH, MEASURES, EvaluationError, measure

__all__ = [
    "DEPTH",
    "MEASURES",
    "Evaluation",
    "EvaluationError",
    "JudgedQuery",
    "Skipped",
    "evaluate",
    "measure",
    "read_judgements",
]
