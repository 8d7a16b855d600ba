"""What a query means: prices, named values and negations, in English and Chinese."""

from xsearch.understanding.conditions import ID_MAX, MODES, Condition, Interpretation, Mode, Op
from xsearch.understanding.lexicon import Lexicon, Named, Value
from xsearch.understanding.prices import ABOUT
from xsearch.understanding.understand import understand
from xsearch.understanding.values import lexicon_of, price_filter

__all__ = [
    "ABOUT",
    "ID_MAX",
    "MODES",
    "Condition",
    "Interpretation",
    "Lexicon",
    "Mode",
    "Named",
    "Op",
    "Value",
    "lexicon_of",
    "price_filter",
    "understand",
]
