"""The state of an object's index record, shown with an icon and words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from xsearch.conf import settings
from xsearch.index.registry import Index
from xsearch.models import EmbeddedModel, IndexRecord

NEVER = "never"
LABELS = {**dict(IndexRecord.Status.choices), NEVER: _("never seen")}
_ICONS = {
    IndexRecord.Status.INDEXED: "icon-yes.svg",
    IndexRecord.Status.PENDING: "icon-clock.svg",
    IndexRecord.Status.FAILED: "icon-no.svg",
    NEVER: "icon-unknown.svg",
}
_HINTS = {
    IndexRecord.Status.PENDING: _("Customers see the change as soon as a worker has indexed it."),
    NEVER: _("The search does not know this yet; the next sweep finds it."),
}


def records_of(index: Index, objects: Iterable[models.Model]) -> dict[str, IndexRecord]:
    """Return the records of ``objects`` by primary key, in one query."""
    keys = [str(obj.pk) for obj in objects]
    records = IndexRecord.objects.filter(content_type=index.content_type, object_id__in=keys)
    return {record.object_id: record for record in records.defer("phrases", "source_hashes")}


def without_vectors(queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """Leave out the large columns that xsearch fills."""
    if not issubclass(queryset.model, EmbeddedModel):
        return queryset
    return queryset.defer(*(field.name for field in EmbeddedModel._meta.local_fields))


def mark_of(record: IndexRecord | None) -> SafeString:
    """Return icon and words for a record, with the error as tooltip."""
    status = record.status if record else NEVER
    hint = (record.last_error if record else "") or _HINTS.get(status, "")
    icon = static(f"admin/img/{_ICONS[status]}")
    return format_html(
        '<span class="xsearch-mark xsearch-{}" title="{}"><img src="{}" alt=""> {}</span>',
        status,
        Truncator(str(hint)).chars(500),
        icon,
        LABELS[status],
    )


def outlook_of(record: IndexRecord) -> Any:
    """Return what happens next with a failed object."""
    if record.status != IndexRecord.Status.FAILED:
        return ""
    if record.attempts >= settings.MAX_ATTEMPTS:
        return _("Not tried again by itself: correct the product, or index it again.")
    if record.not_before > timezone.now():
        return _("Tried again by itself in a while.")
    return _("Tried again by itself with the next sweep.")
