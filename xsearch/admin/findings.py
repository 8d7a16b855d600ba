"""What a shop owner should know about the state of the search, worst first, each with what to do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

from django.utils.timesince import timesince
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext


class Finding(NamedTuple):
    """A remark: ``level`` is "error", "warning" or "info"."""

    level: str
    text: str
    #: The status of the records to look at, if it is about some.
    records: str = ""


def findings(status: dict[str, Any]) -> list[Finding]:
    """Return remarks about ``status``; none if all is well."""
    found = [*_services(status), *_encoders(status)]
    for label, model in status["models"].items():
        found += [*_objects(model), *_columns(label, model)]
    return sorted(found, key=lambda finding: ("error", "warning", "info").index(finding.level))


def _services(status: dict[str, Any]) -> Iterator[Finding]:
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
        age = timesince(now() - timedelta(seconds=status["queue"]["oldest_s"]))
        text = _("Products have been waiting for %(age)s and nobody takes them: start a Celery worker.")
        yield Finding("error", text % {"age": age})


def _encoders(status: dict[str, Any]) -> Iterator[Finding]:
    for alias, encoder in status["encoders"].items():
        if encoder["used_for"] and encoder["error"]:
            text = _("The encoder %(alias)s does not work: %(error)s")
            yield Finding("error", text % {"alias": alias, "error": encoder["error"]})
    for recogniser in status["speech"]:
        if recogniser["error"]:
            text = _("The speech recogniser %(name)s does not work: %(error)s")
            yield Finding("warning", text % {"name": recogniser["backend"], "error": recogniser["error"]})


def _objects(model: dict[str, Any]) -> Iterator[Finding]:
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


def _columns(label: str, model: dict[str, Any]) -> Iterator[Finding]:
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
