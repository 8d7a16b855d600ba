"""Tables of xsearch: embedding columns of products, outbox, spaces, adapters, words, suggestions, visitors."""

from xsearch.models.encoders import Adapter, EncoderSpace
from xsearch.models.indexed import EmbeddedModel, IndexRecord, SearchOverview
from xsearch.models.leases import Lease
from xsearch.models.visitors import Event, Popularity, PopularQuery, QueryLog, Visitor
from xsearch.models.vocabulary import Suggestion, SuggestionKey, Synonym, Term

__all__ = [
    "Adapter", "EmbeddedModel", "EncoderSpace", "Event", "IndexRecord", "Lease", "PopularQuery", "Popularity",
    "QueryLog", "SearchOverview", "Suggestion", "SuggestionKey", "Synonym", "Term", "Visitor",
]  # fmt: skip
