"""Words of catalogue texts and queries, analysed the same way on both sides."""

from xsearch.text.analysis import ANALYSIS_VERSION, Token, analyse, detect_language
from xsearch.text.tsearch import tsquery_literal, tsvector_literal

__all__ = ["ANALYSIS_VERSION", "Token", "analyse", "detect_language", "tsquery_literal", "tsvector_literal"]
