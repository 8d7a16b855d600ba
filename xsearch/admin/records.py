"""Index records in the admin: the list of all records, and the state of an object on its own pages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.utils import model_ngettext, quote
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import CharField, Exists, OuterRef, QuerySet
from django.db.models.functions import Cast
from django.forms import Media
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from xsearch.conf import settings
from xsearch.index.registry import Index, get_index, registered
from xsearch.indexing import mark
from xsearch.models import IndexRecord
from xsearch.models.routing import write_alias

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = object

_DETAILS = "index_details"
_AGAIN = "_index_again"
NEVER = "never"
LABELS = {**dict(IndexRecord.Status.choices), NEVER: gettext_lazy("never seen")}
_ICONS = {
    IndexRecord.Status.INDEXED: "icon-yes.svg",
    IndexRecord.Status.PENDING: "icon-clock.svg",
    IndexRecord.Status.FAILED: "icon-no.svg",
    NEVER: "icon-unknown.svg",
}
_HINTS = {
    IndexRecord.Status.PENDING: gettext_lazy("Customers see the change as soon as a worker has indexed it."),
    NEVER: gettext_lazy("The search does not know this yet; the next sweep finds it."),
}


def records_of(index: Index, objects: Iterable[models.Model]) -> dict[str, IndexRecord]:
    """Return the records of ``objects`` by primary key, in one query."""
    keys = [str(obj.pk) for obj in objects]
    records = IndexRecord.objects.filter(content_type=index.content_type, object_id__in=keys)
    return {record.object_id: record for record in records.defer("phrases", "source_hashes")}


def change_url(app_label: str, model_name: str, pk: Any, **options: Any) -> str | None:
    """Return the address of an object's page in the admin; None if its model is not there."""
    try:
        return reverse(f"admin:{app_label}_{model_name}_change", args=[quote(pk)], **options)
    except NoReverseMatch:
        return None


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
        return gettext_lazy("Not tried again by itself: correct the product, or index it again.")
    if record.not_before > timezone.now():
        return gettext_lazy("Tried again by itself in a while.")
    return gettext_lazy("Tried again by itself with the next sweep.")


class ModelFilter(admin.SimpleListFilter):
    """Limits the records to one searchable model, where there are several."""

    title = gettext_lazy("model")
    parameter_name = "model"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, Any]]:  # noqa: ARG002
        """Return the searchable models."""
        choices = [(index.label.lower(), index.model._meta.verbose_name_plural) for index in registered()]
        return choices if len(choices) > 1 else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        """Return the records of the chosen model."""
        try:
            index = get_index(self.value() or "")
        except LookupError:
            return queryset
        return queryset.filter(content_type_id=index.content_type.pk)


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Shows objects that nobody adds, changes or deletes in the admin."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Refuse."""
        return False

    has_change_permission = has_delete_permission = has_add_permission


@admin.register(IndexRecord)
class IndexRecordAdmin(ReadOnlyAdmin):
    """Shows the records; they change only by being indexed."""

    list_display = ("object_link", "status_mark", "error", "outlook", "indexed_at")
    list_display_links = ("status_mark",)
    list_filter = ("status", ModelFilter)
    ordering = ("status", "-marked_at", "pk")  # failed first
    search_fields = ("=object_id", "last_error", "phrases")
    search_help_text = gettext_lazy("Number, name or error of what you look for.")
    actions = ("index_again",)
    fields = (
        "object_link", "status_mark", "outlook", "last_error", "attempts", "marked_at", "indexed_at",
        "fingerprints", "phrases", "values",
    )  # fmt: skip
    readonly_fields = ("object_link", "status_mark", "outlook")

    def has_index_permission(self, request: HttpRequest) -> bool:
        """Return True if a user may have objects indexed again."""
        return admin.ModelAdmin.has_change_permission(self, request)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Read the objects of the whole page at once."""
        changelist = super().get_changelist_instance(request)
        _attach_objects(changelist.result_list)
        return changelist

    @admin.action(description=gettext_lazy("Index selected objects again"), permissions=["index"])
    def index_again(self, request: HttpRequest, queryset: QuerySet[IndexRecord]) -> None:
        """Mark the objects of the records."""
        count = 0
        for content_type_id, keys in _keys_by_type(queryset).items():
            model: Any = ContentType.objects.get_for_id(content_type_id).model_class()
            count += mark(model._base_manager.filter(pk__in=keys), forced=True) if model else 0
        text = ngettext("%d object will be indexed again.", "%d objects will be indexed again.", count)
        self.message_user(request, text % count, messages.SUCCESS)

    @admin.display(description=gettext_lazy("object"), ordering="object_id")
    def object_link(self, record: Any) -> SafeString | str:
        """Return the object's title, as a link to its own page in the admin if there is one."""
        if not hasattr(record, "xsearch_object"):
            _attach_objects([record])
        kind = ContentType.objects.get_for_id(record.content_type_id)
        title = record.xsearch_object or f"{kind.model} {record.object_id}"
        url = change_url(kind.app_label, kind.model, record.object_id, current_app=self.admin_site.name)
        return format_html('<a href="{}">{}</a>', url, Truncator(title).chars(80)) if url else str(title)

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def status_mark(self, record: IndexRecord) -> SafeString:
        """Return the state with its icon."""
        return mark_of(record)

    @admin.display(description=gettext_lazy("last error"), empty_value="")
    def error(self, record: IndexRecord) -> str:
        """Return the beginning of the error."""
        return Truncator(record.last_error).chars(160)

    @admin.display(description=gettext_lazy("what happens next"), empty_value="")
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
    titles = {type_id: _titles(type_id, keys) for type_id, keys in _keys_by_type(records).items()}
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
    objects = model._base_manager.using(write_alias(model)).filter(pk__in=keys)
    return {str(obj.pk): index.title(obj) for obj in objects}


class IndexStatusFilter(admin.SimpleListFilter):
    """Limits a list to what is indexed, waits, failed, or was never seen."""

    title = gettext_lazy("search index")
    parameter_name = "index_status"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, Any]]:  # noqa: ARG002
        """Return the states."""
        return list(LABELS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        """Return the objects in the chosen state."""
        status = self.value()
        if status not in LABELS:
            return queryset
        records = IndexRecord.objects.filter(content_type=get_index(queryset.model).content_type)
        keyed: QuerySet[Any] = queryset.annotate(xsearch_key=Cast("pk", CharField()))
        of_object = records.filter(object_id=OuterRef("xsearch_key"))
        if status == NEVER:
            return keyed.filter(~Exists(of_object))
        return keyed.filter(Exists(of_object.filter(status=status)))


class IndexedAdmin(_ModelAdmin):
    """Mixin before ``ModelAdmin``: index status as column, filter and box, and the action "index again".

    ``class ProductAdmin(IndexedAdmin, admin.ModelAdmin)``; the model must be registered with xsearch.
    """

    @property
    def media(self) -> Media:
        """Add the style sheet of the box."""
        return super().media + Media(css={"all": ["xsearch/admin.css"]})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Read what the last action has written."""
        return super().get_queryset(request).using(write_alias(self.model))

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Add the index status beside the object's name, unless ``list_display`` places "index_status" itself."""
        columns = list(super().get_list_display(request))
        if "index_status" not in columns:
            names = self.get_list_display_links(request, columns) or columns[:1]
            last = max((columns.index(name) for name in names if name in columns), default=-1)
            columns.insert(last + 1, "index_status")
        return columns

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Add the filter by index status."""
        return _with(super().get_list_filter(request), IndexStatusFilter)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Add the box that says what the search knows about the object."""
        return _with(super().get_readonly_fields(request, obj), _DETAILS)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Put that box at the end, once the object exists."""
        if obj:
            obj.xsearch_may_change = self.has_change_permission(request, obj)
        fieldsets = [
            (name, {**options, "fields": [field for field in options["fields"] if field != _DETAILS]})
            for name, options in super().get_fieldsets(request, obj)
        ]
        return [*fieldsets, (_("Search index"), {"fields": [_DETAILS]})] if obj else fieldsets

    def get_actions(self, request: HttpRequest, action_location: Any = None) -> Any:
        """Add "index again" for those who may change the objects."""
        where = () if action_location is None else (action_location,)  # given by Django 6.1 and later
        actions: dict[str, Any] = super().get_actions(request, *where)
        action = self.get_action(index_again, *where)
        if action and IS_POPUP_VAR not in request.GET and self.has_change_permission(request):
            actions["index_again"] = action
        return actions

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Read the records of the whole page at once."""
        changelist = super().get_changelist_instance(request)
        objects = list(changelist.result_list)
        records = records_of(get_index(self.model), objects)
        for obj in objects:
            obj.xsearch_record = records.get(str(obj.pk))
        return changelist

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Index the object again where that button was pressed."""
        if _AGAIN not in request.POST:
            return super().response_change(request, obj)
        mark(obj, forced=True)
        _tell(self, request, type(obj)._default_manager.filter(pk=obj.pk), 1)
        return HttpResponseRedirect(request.get_full_path())

    @admin.display(description=gettext_lazy("search index"))
    def index_status(self, obj: models.Model) -> SafeString:
        """Return the object's state in the index."""
        return mark_of(_record_of(obj))

    @admin.display(description=gettext_lazy("state"))
    def index_details(self, obj: models.Model) -> SafeString:
        """Return all that the search knows about the object."""
        record = _record_of(obj)
        context = {
            "record": record,
            "mark": mark_of(record),
            "outlook": outlook_of(record) if record else "",
            "again": _AGAIN if getattr(obj, "xsearch_may_change", False) else "",
        }
        return render_to_string("admin/xsearch/index_details.html", context)


def _record_of(obj: Any) -> IndexRecord | None:
    if not hasattr(obj, "xsearch_record"):
        obj.xsearch_record = records_of(get_index(type(obj)), [obj]).get(str(obj.pk))
    record: IndexRecord | None = obj.xsearch_record
    return record


def _again_label() -> str:
    return _("Index selected %(objects)s again") % {"objects": "%(verbose_name_plural)s"}  # which the admin fills in


@admin.action(description=lazy(_again_label, str)())
def index_again(model_admin: admin.ModelAdmin[Any], request: HttpRequest, queryset: QuerySet[Any]) -> None:
    """Mark the selected objects."""
    _tell(model_admin, request, queryset, mark(queryset, forced=True))


def _tell(model_admin: admin.ModelAdmin[Any], request: HttpRequest, queryset: QuerySet[Any], count: int) -> None:
    text = ngettext(
        "%(count)d %(objects)s will be indexed again.", "%(count)d %(objects)s will be indexed again.", count
    )
    objects = model_ngettext(queryset, count)
    model_admin.message_user(request, text % {"count": count, "objects": objects}, messages.SUCCESS)


def _with(items: Any, item: Any) -> list[Any]:
    return list(items) if item in items else [*items, item]
