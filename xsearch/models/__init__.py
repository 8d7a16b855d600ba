"""Tables of xsearch: embedding columns of products, outbox, spaces, adapters, words, suggestions, visitors."""

from xsearch.models.adapters import Adapter
from xsearch.models.embedded import EmbeddedModel
from xsearch.models.events import Event
from xsearch.models.records import IndexRecord, SearchOverview
from xsearch.models.spaces import EncoderSpace
from xsearch.models.suggestions import Suggestion, SuggestionKey
from xsearch.models.visitors import Popularity, PopularQuery, QueryLog, Visitor
from xsearch.models.words import Synonym, Term

__all__ = [
    "Adapter", "EmbeddedModel", "EncoderSpace", "Event", "IndexRecord", "PopularQuery", "Popularity", "QueryLog",
    "SearchOverview", "Suggestion", "SuggestionKey", "Synonym", "Term", "Visitor",
]  # fmt: skip
