"""How good a search is: judged queries × search → metrics (ir-measures) and how sure they are (SciPy)."""

from xsearch.evaluation.compare import Comparison, compare
from xsearch.evaluation.configurations import Configuration, parse_configuration
from xsearch.evaluation.evaluate import Evaluation, evaluate
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
