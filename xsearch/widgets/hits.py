"""What a results page shows of the hits, and of how they were found."""

from __future__ import annotations

from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from xsearch.index.filters import field_label
from xsearch.index.registry import Index, get_index
from xsearch.search import Hit, SearchResults
from xsearch.search.ranking.taste import LOOK
from xsearch.web.responses import hit_body
from xsearch.widgets.examples import example_urls
from xsearch.widgets.query import PageQuery


def cards(results: SearchResults, query: PageQuery | None = None) -> list[dict[str, Any]]:
    """Return what a template shows of each hit: the fields of the API, ``object``, ``position``, and how to show it.

    Beside a ``query`` there are also the addresses that take the hit as an example.
    """
    first = (results.page - 1) * results.page_size + 1
    return [
        _card(hit, get_index(type(hit.object)), position) | example_urls(query, hit.object)
        for position, hit in enumerate(results.hits, start=first)
    ]


def _card(hit: Hit, index: Index, position: int) -> dict[str, Any]:
    kind = capfirst(str(index.model._meta.verbose_name))
    shown = {"object": hit.object, "position": position, "template": index.template, "kind": kind}
    return {**hit_body(hit, index), **shown, "reasons": reasons(index, hit)}


def reasons(index: Index, hit: Hit) -> list[str]:
    """Return what moved a result to where it stands, in plain words; nothing if it only made room."""
    names = hit.personal["because"] if hit.personal else []
    return [_("Looks") if name == LOOK else field_label(index, name) for name in names]


def did_you_say(query: PageQuery, results: SearchResults) -> list[dict[str, str]]:
    """Return what else may have been said in the recording, each with the address that searches for it."""
    texts = [text for text, _ in results.alternatives] if query.has_audio else []
    return [{"text": text, "url": query.of_words(text)} for text in texts]


def notices(degraded: list[str]) -> list[str]:
    """Return in plain words what was left out of a search."""
    words = {
        "speech": _("Speech could not be understood right now. You can type instead."),
        "image": _("Photos could not be compared right now; the results rest on the other parts."),
        "audio": _("Sounds could not be compared right now; the results rest on the other parts."),
        "example": _("An example is not in the shop any more. It was left out."),
        "composition": _("The words could not change the photo right now; photo and words were compared one by one."),
        "personal": _("Results could not be put in the order of your taste right now."),
        "text": _("Only the exact words were compared right now, not their meaning."),
    }
    spoken = _("Speech in this language is not understood here yet. You can type instead.")
    other = _("A part of the search is not available right now; some results may be missing.")
    found = [spoken if code.startswith("speech:") else words.get(code.split(":")[0], other) for code in degraded]
    return list(dict.fromkeys(found))
