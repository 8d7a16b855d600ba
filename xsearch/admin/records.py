"""Index records in the admin: the state of an object with icon and words, and the list of all records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from xsearch.conf import settings
from xsearch.index.registry import Index, get_index, registered
from xsearch.indexing import mark
from xsearch.models import EmbeddedModel, IndexRecord

if TYPE_CHECKING:
    _RecordAdmin = admin.ModelAdmin[IndexRecord]
else:
    _RecordAdmin = admin.ModelAdmin


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
    """Defer the large columns that xsearch fills."""
    if not issubclass(queryset.model, EmbeddedModel):
        return queryset
    return queryset.defer(*(field.name for field in EmbeddedModel._meta.local_fields))


def mark_of(record: IndexRecord | None) -> SafeString:
    """Return icon and words of a record, with the error as tooltip."""
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


class ModelFilter(admin.SimpleListFilter):
    """Limits the records to one searchable model, where there are several."""

    title = _("model")
    parameter_name = "model"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, Any]]:  # noqa: ARG002
        """Return the searchable models."""
        choices = [(index.label.lower(), index.model._meta.verbose_name_plural) for index in registered()]
        return choices if len(choices) > 1 else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        """Return the records of the chosen model."""
        app_label, _dot, model = (self.value() or "").partition(".")
        if not model:
            return queryset
        return queryset.filter(content_type__app_label=app_label, content_type__model=model)


@admin.register(IndexRecord)
class IndexRecordAdmin(_RecordAdmin):
    """Shows the records; they change only by being indexed."""

    list_display = ("object_link", "status_mark", "error", "outlook", "indexed_at")
    list_display_links = ("status_mark",)
    list_filter = ("status", ModelFilter)
    list_select_related = ("content_type",)
    ordering = ("status", "-marked_at", "pk")  # failed first
    search_fields = ("=object_id", "last_error", "phrases")
    search_help_text = _("Number, name or error of what you look for.")
    actions = ("index_again",)
    fields = (
        "object_link", "status_mark", "outlook", "last_error", "attempts", "marked_at", "indexed_at",
        "fingerprints", "phrases",
    )  # fmt: skip
    readonly_fields = ("object_link", "status_mark", "outlook")

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Records are made by changes of the objects."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Records are changed by indexing only."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Records go with their objects."""
        return False

    def has_index_permission(self, request: HttpRequest) -> bool:
        """Return True if a user may have objects indexed again."""
        return super().has_change_permission(request)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Read the objects of the whole page at once."""
        changelist = super().get_changelist_instance(request)
        _attach_objects(changelist.result_list)
        return changelist

    @admin.action(description=_("Index selected objects again"), permissions=["index"])
    def index_again(self, request: HttpRequest, queryset: QuerySet[IndexRecord]) -> None:
        """Mark the objects of the records."""
        count = 0
        for content_type_id, keys in _keys_by_type(queryset).items():
            model: Any = ContentType.objects.get_for_id(content_type_id).model_class()
            count += mark(model._base_manager.filter(pk__in=keys), forced=True) if model else 0
        text = ngettext("%d object will be indexed again.", "%d objects will be indexed again.", count)
        self.message_user(request, text % count, messages.SUCCESS)

    @admin.display(description=_("object"), ordering="object_id")
    def object_link(self, record: Any) -> SafeString | str:
        """Return the object's title, as a link to its own page in the admin if there is one."""
        if not hasattr(record, "xsearch_object"):
            _attach_objects([record])
        title = record.xsearch_object or f"{record.content_type.model} {record.object_id}"
        try:
            name = f"admin:{record.content_type.app_label}_{record.content_type.model}_change"
            url = reverse(name, args=[record.object_id], current_app=self.admin_site.name)
        except NoReverseMatch:
            return str(title)
        return format_html('<a href="{}">{}</a>', url, Truncator(title).chars(80))

    @admin.display(description=_("status"), ordering="status")
    def status_mark(self, record: IndexRecord) -> SafeString:
        """Return the state with its icon."""
        return mark_of(record)

    @admin.display(description=_("last error"), empty_value="")
    def error(self, record: IndexRecord) -> str:
        """Return the beginning of the error."""
        return Truncator(record.last_error).chars(160)

    @admin.display(description=_("what happens next"), empty_value="")
    def outlook(self, record: IndexRecord) -> Any:
        """Return what happens next with a failed object."""
        return outlook_of(record)


def _keys_by_type(records: Iterable[IndexRecord]) -> dict[int, list[str]]:
    keys: dict[int, list[str]] = defaultdict(list)
    for record in records:
        keys[record.content_type_id].append(record.object_id)
    return keys


def _attach_objects(records: Iterable[Any]) -> None:
    """Give each record the title of its object, with one query per model."""
    titles = {
        content_type_id: _titles(content_type_id, keys) for content_type_id, keys in _keys_by_type(records).items()
    }
    for record in records:
        record.xsearch_object = titles[record.content_type_id].get(record.object_id)


def _titles(content_type_id: int, keys: list[str]) -> dict[str, str]:
    model: Any = ContentType.objects.get_for_id(content_type_id).model_class()
    if model is None:  # its app is gone
        return {}
    try:
        index = get_index(model)
    except LookupError:
        return {}
    objects = without_vectors(model._base_manager.filter(pk__in=keys))
    return {str(obj.pk): index.title(obj) for obj in objects}
