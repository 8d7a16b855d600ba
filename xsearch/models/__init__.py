"""Tables of xsearch: embedding columns for the host's models, the outbox, the live spaces, adapters, words, events."""

from xsearch.models.adapters import Adapter
from xsearch.models.embedded import EmbeddedModel
from xsearch.models.events import Event
from xsearch.models.records import IndexRecord, SearchOverview
from xsearch.models.spaces import EncoderSpace
from xsearch.models.words import Synonym, Term

__all__ = ["Adapter", "EmbeddedModel", "EncoderSpace", "Event", "IndexRecord", "SearchOverview", "Synonym", "Term"]
