"""Query understanding: prices, named values and negations, in English and Chinese."""

from xsearch.understanding.conditions import ID_MAX, MODES, Condition, Interpretation, Mode
from xsearch.understanding.lexicon import Value, ValueLexicon
from xsearch.understanding.parser import understand
from xsearch.understanding.prices import ABOUT
from xsearch.understanding.values import lexicon_of, price_filter

__all__ = ["ABOUT", "ID_MAX", "MODES", "Condition", "Interpretation", "Mode"]
__all__ += ["Value", "ValueLexicon", "lexicon_of", "price_filter", "understand"]
