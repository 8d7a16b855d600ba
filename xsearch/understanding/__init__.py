"""Query understanding: prices, named values and negations, in English and Chinese."""

from xsearch.understanding.conditions import ID_MAX, MODES, Condition, Interpretation, Mode, Op
from xsearch.understanding.lexicon import NamedValue, Value, ValueLexicon
from xsearch.understanding.parser import understand
from xsearch.understanding.prices import ABOUT
from xsearch.understanding.values import lexicon_of, price_filter

__all__ = [
    "ABOUT",
    "ID_MAX",
    "MODES",
    "Condition",
    "Interpretation",
    "Mode",
    "NamedValue",
    "Op",
    "Value",
    "ValueLexicon",
    "lexicon_of",
    "price_filter",
    "understand",
]
