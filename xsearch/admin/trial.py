"""A trial search in the admin, with the contribution of each part."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xsearch.index.registry import Index
from xsearch.search import Hit, SearchResults, search
from xsearch.web import parameters
from xsearch.web.problems import problem_of
from xsearch.web.requests import SearchParameters
from xsearch.web.uploads import MemoryUploadHandler

MEDIA = ("image", "audio")
_ALLOWED = ("q", "weights", "lang", "model", *MEDIA)
_SIZE = 20
#: Labels of the kinds of queries and columns.
KINDS = {
    "text": gettext_lazy("text"),
    "image": gettext_lazy("photo"),
    "audio": gettext_lazy("sound"),
    "lexical": gettext_lazy("words"),
    "unwanted": gettext_lazy("unwanted words"),
    "understood": gettext_lazy("understood"),
}


@dataclass
class Trial:
    """A trial search: its parameters, and its results or its error."""

    values: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    results: SearchResults | None = None
    #: The parts that contributed to any hit, in the order of the columns.
    parts: list[tuple[str, str]] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    @property
    def done(self) -> bool:
        """True if the search ran, with or without hits."""
        return self.results is not None


def attempt(request: HttpRequest, handler: MemoryUploadHandler) -> Trial:
    """Run the search of ``request``, if it has one."""
    trial = Trial()
    try:
        asked = parameters.collect(request.GET) | parameters.collect(request.POST) | parameters.collect(request.FILES)
        trial.values = {name: value for name, value in asked.items() if name in _ALLOWED}
        handler.check()
        if request.method == "POST" or "q" in trial.values:
            _search(trial)
    except Exception as error:
        problem = problem_of(error)
        if problem is None:
            raise
        trial.error = problem.detail
    return trial


def _search(trial: Trial) -> None:
    asked = {**trial.values, "explain": True, "page_size": _SIZE}
    checked = parameters.check(asked, SearchParameters)
    values = checked.values
    trial.results = search(
        checked.index.get_queryset(),
        text=values.get("q"),
        image=values.get("image"),
        audio=values.get("audio"),
        weights=values.get("weights"),
        language=values.get("lang"),
        page_size=_SIZE,
        facets=None,
        explain=True,
    )
    trial.left_out = [left_out(name) for name in trial.results.degraded]
    names = dict.fromkeys(name for hit in trial.results.hits for name in hit.explain or {})
    trial.parts = [(name, part_label(name)) for name in names]
    trial.rows = [_row(checked.index, hit, list(names)) for hit in trial.results.hits]


def part_label(name: str) -> str:
    """Return the label of a part: "text:image" → "text → photo"."""
    query, colon, column = name.partition(":")
    asked = str(KINDS.get(query, query))
    return f"{asked} → {KINDS.get(column, column)}" if colon else asked


def _row(index: Index, hit: Hit, names: list[str]) -> dict[str, Any]:
    explained = hit.explain or {}
    return {
        "title": index.title(hit.object),
        "image": index.image_url(hit.object),
        "url": _admin_url(index, hit.object),
        "score": hit.score,
        "matched_by": ", ".join(str(KINDS.get(kind, kind)) for kind in hit.matched_by),
        "parts": [_part(explained[name]) if name in explained else None for name in names],
    }


def _part(explained: dict[str, Any]) -> dict[str, Any]:
    # The value of a meter has a decimal point in every language.
    return {
        **explained,
        "calibrated_value": f"{explained['calibrated']:.3f}",
        "contribution_text": f"{explained['contribution']:+.3f}",
        # The term that matched each word, its worth, and the word's share in the query.
        "found_words": [
            {"word": word, "found_as": found["as"], "worth": f"{found['worth']:.2f}", "share": f"{found['share']:.2f}"}
            for word, found in explained.get("words", {}).items()
        ],
    }


def _admin_url(index: Index, obj: Any) -> str | None:
    meta = index.model._meta
    try:
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[obj.pk])
    except NoReverseMatch:
        return None


def left_out(name: str) -> str:
    """Return in plain words that a part was left out of a search."""
    if name.startswith("speech"):
        return _("speech was not understood (%(part)s)") % {"part": name}
    return _("%(part)s was not available") % {"part": part_label(name)}
