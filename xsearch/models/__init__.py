"""Tables of xsearch: embedding columns for the host's models, outbox, live spaces, words, suggestions, events."""

from xsearch.models.embedded import EmbeddedModel
from xsearch.models.events import Event
from xsearch.models.records import IndexRecord, SearchOverview
from xsearch.models.spaces import EncoderSpace
from xsearch.models.suggestions import Suggestion, SuggestionKey
from xsearch.models.words import Synonym, Term

__all__ = [
    "EmbeddedModel", "EncoderSpace", "Event", "IndexRecord", "SearchOverview", "Suggestion",
    "SuggestionKey", "Synonym", "Term",
]  # fmt: skip
