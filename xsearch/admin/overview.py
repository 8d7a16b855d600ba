"""The search page of the admin: the state of the indexes, findings with their cures, and a trial search."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from xsearch.admin.records import ReadOnlyAdmin, change_url
from xsearch.conf import settings
from xsearch.index.registry import Index, get_index, registered
from xsearch.indexing.status import status
from xsearch.media import MediaError
from xsearch.models import SearchOverview
from xsearch.search import Hit, SearchResults, search
from xsearch.visitors.queries import searches_of
from xsearch.web import parameters
from xsearch.web.problems import problem_of
from xsearch.web.requests import SearchParameters
from xsearch.web.uploads import MemoryUploadHandler, keep_in_memory, refuse_large_body

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
_PARTS = {
    "document": gettext_lazy("words (full text)"),
    "text": gettext_lazy("meaning of the text"),
    "image": gettext_lazy("look of the photo"),
    "audio": gettext_lazy("sound"),
}
_STATES = {
    "live": gettext_lazy("in use"),
    "empty": gettext_lazy("nothing yet"),
    "off": gettext_lazy("switched off"),
    "broken": gettext_lazy("encoder does not work"),
    "rebuilding": gettext_lazy("being made anew"),
}


@admin.register(SearchOverview)
class SearchOverviewAdmin(ReadOnlyAdmin):
    """Shows one page instead of a list."""

    # The CSRF check reads the body, so uploads must be kept in memory before it.
    @method_decorator(csrf_exempt)
    @method_decorator(never_cache)
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the page, with the results of a trial search if the request has one."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        handler = keep_in_memory(request, MEDIA)
        request.sensitive_post_parameters = "__ALL__"  # type: ignore[attr-defined]
        try:
            refuse_large_body(request, MEDIA)
        except MediaError as error:
            return self._page(request, Trial(error=str(error)), extra_context)
        return self._tried(request, handler, extra_context)

    @method_decorator(csrf_protect)
    def _tried(
        self, request: HttpRequest, handler: MemoryUploadHandler, extra_context: dict[str, Any] | None
    ) -> HttpResponse:
        return self._page(request, attempt(request, handler), extra_context)

    def _page(self, request: HttpRequest, trial: Trial, extra_context: dict[str, Any] | None) -> HttpResponse:
        found = status()
        oldest_s = found["queue"]["oldest_s"]
        records = "admin:xsearch_indexrecord_changelist"
        may_see_records = request.user.has_perm("xsearch.view_indexrecord")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Search"),
            "opts": self.opts,
            "status": found,
            "models": [self._model(label, facts) for label, facts in found["models"].items()],
            "encoders": {
                alias: {**facts, "kinds": ", ".join(str(KINDS.get(kind, kind)) for kind in facts["modalities"])}
                for alias, facts in found["encoders"].items()
                if facts["used_for"]
            },
            "oldest": None if oldest_s is None else timezone.now() - timedelta(seconds=oldest_s),
            "findings": findings(found),
            "records_url": reverse(records, current_app=self.admin_site.name) if may_see_records else "",
            "trial": trial,
            "indexes": [
                {"label": index.label, "name": index.model._meta.verbose_name_plural, "found": searches_of(index)}
                for index in registered()
            ],
            "min_askers": settings.MIN_ASKERS,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/xsearch/overview.html", context)

    def _model(self, label: str, facts: dict[str, Any]) -> dict[str, Any]:
        total, indexed = facts["counts"]["total"], facts["counts"]["indexed"]
        last = facts["last_indexed_at"]
        return {
            **facts,
            "label": label,
            "name": get_index(label).model._meta.verbose_name_plural,
            "percent": 100 * indexed // total if total else 0,
            "last_indexed": datetime.fromisoformat(last) if last else None,
            "columns": [_column(column) for column in facts["columns"]],
        }


def _column(column: dict[str, Any]) -> dict[str, Any]:
    kind, _colon, relation = column["key"].partition(":")
    name = str(_PARTS.get(kind, kind))
    return {**column, "label": f"{name} ({relation})" if relation else name, "state_label": _STATES[column["state"]]}


class Finding(NamedTuple):
    """A problem of the search and its cure; ``level`` is "error", "warning" or "info"."""

    level: str
    text: str
    #: Status of the records that it is about, if any.
    records: str = ""


def findings(status: dict[str, Any]) -> list[Finding]:
    """Return the findings about ``status``, the worst first; none if all is well."""
    found = [*_service_findings(status), *_encoder_findings(status)]
    for label, model in status["models"].items():
        found += [*_object_findings(model), *_column_findings(label, model)]
    return sorted(found, key=lambda finding: ("error", "warning", "info").index(finding.level))


def _service_findings(status: dict[str, Any]) -> Iterator[Finding]:
    if not status["models"]:
        yield Finding("error", _("Nothing is searchable yet: declare an index in a search.py of your app."))
    if status["pgvector"] is None:
        yield Finding("error", _("The database lacks pgvector: install it on the server and migrate."))
    if not status["queue"]["broker"]:
        yield Finding(
            "warning",
            _("The task broker cannot be reached. Saved products are not lost; they are indexed once it is back."),
        )
    if status["queue"]["stuck"]:
        age = timesince(timezone.now() - timedelta(seconds=status["queue"]["oldest_s"]))
        text = _("Products have been waiting for %(age)s and nobody takes them: start a worker.")
        yield Finding("error", text % {"age": age})


def _encoder_findings(status: dict[str, Any]) -> Iterator[Finding]:
    for alias, encoder in status["encoders"].items():
        if encoder["used_for"] and encoder["error"]:
            text = _("The encoder %(alias)s does not work: %(error)s")
            yield Finding("error", text % {"alias": alias, "error": encoder["error"]})
    for recogniser in status["speech"]:
        if recogniser["error"]:
            text = _("The speech recogniser %(name)s does not work: %(error)s")
            yield Finding("warning", text % {"name": recogniser["backend"], "error": recogniser["error"]})


def _object_findings(model: dict[str, Any]) -> Iterator[Finding]:
    failed, unseen = model["counts"]["failed"], model["counts"]["unseen"]
    if failed:
        text = ngettext(
            "%(count)d product could not be indexed completely: see why.",
            "%(count)d products could not be indexed completely: see why.",
            failed,
        )
        yield Finding("warning", text % {"count": failed}, records="failed")
    if unseen:
        text = ngettext(
            "%(count)d product is not known to the search yet; the next sweep finds it.",
            "%(count)d products are not known to the search yet; the next sweep finds them.",
            unseen,
        )
        yield Finding("info", text % {"count": unseen})


def _column_findings(label: str, model: dict[str, Any]) -> Iterator[Finding]:
    for column in model["columns"]:
        if column["state"] == "rebuilding":
            text = _(
                "The %(part)s vectors of %(label)s are not those of the configured encoder; until all of its are "
                "there, customers search the old ones. To begin or go on: manage.py xsearch_rebuild %(label)s"
            )
            yield Finding("info", text % {"part": column["key"], "label": label})
        elif column.get("beside"):
            text = _(
                "The former %(part)s vectors of %(label)s are kept, to go back to with manage.py xsearch_rebuild "
                "--rollback. They cost space and time; once you are content, drop them: xsearch_rebuild --forget"
            )
            yield Finding("info", text % {"part": column["key"], "label": label})
        if column["filled"] and not column["index"]["present"]:
            text = _("%(column)s has no database index, so that searches are slow: manage.py xsearch_index %(label)s")
            yield Finding("warning", text % {"column": column["column"], "label": label})


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
    meta = index.model._meta
    return {
        "title": index.title(hit.object),
        "image": index.image_url(hit.object),
        "url": change_url(meta.app_label, str(meta.model_name), hit.object.pk),
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


def left_out(name: str) -> str:
    """Return in plain words that a part was left out of a search."""
    if name.startswith("speech"):
        return _("speech was not understood (%(part)s)") % {"part": name}
    return _("%(part)s was not available") % {"part": part_label(name)}
