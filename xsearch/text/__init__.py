"""Analysis of texts in English and Chinese: the same for documents and queries."""

from xsearch.text.analysis import ANALYSIS_VERSION, Token, analyse, detect_language, tsquery_literal, tsvector_literal

__all__ = ["ANALYSIS_VERSION", "Token", "analyse", "detect_language", "tsquery_literal", "tsvector_literal"]
