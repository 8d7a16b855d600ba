"""A mixin that shows shop owners whether each of their products can be found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.utils import model_ngettext
from django.db import models
from django.db.models import CharField, Exists, OuterRef, QuerySet
from django.db.models.functions import Cast
from django.forms import Media
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from xsearch.admin.records import LABELS, NEVER, mark_of, outlook_of, records_of, without_vectors
from xsearch.index.registry import get_index
from xsearch.indexing import mark
from xsearch.models import IndexRecord

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
    _Filter = admin.SimpleListFilter
else:
    _ModelAdmin, _Filter = object, admin.SimpleListFilter

_DETAILS = "index_details"
_AGAIN = "_index_again"


class IndexStatusFilter(_Filter):
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
        """Leave the vectors in the database; no page shows them."""
        return without_vectors(super().get_queryset(request))

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

    def get_actions(self, request: HttpRequest) -> Any:
        """Add "index again" for those who may change the objects."""
        actions: dict[str, Any] = super().get_actions(request)
        if IS_POPUP_VAR not in request.GET and self.has_change_permission(request):
            label = _("Index selected %(objects)s again") % {"objects": self.opts.verbose_name_plural}
            actions["index_again"] = (_index_again, "index_again", label)
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


def _index_again(model_admin: admin.ModelAdmin[Any], request: HttpRequest, queryset: QuerySet[Any]) -> None:
    _tell(model_admin, request, queryset, mark(queryset, forced=True))


def _tell(model_admin: admin.ModelAdmin[Any], request: HttpRequest, queryset: QuerySet[Any], count: int) -> None:
    text = ngettext(
        "%(count)d %(objects)s will be indexed again.", "%(count)d %(objects)s will be indexed again.", count
    )
    objects = model_ngettext(queryset, count)
    model_admin.message_user(request, text % {"count": count, "objects": objects}, messages.SUCCESS)


def _with(items: Any, item: Any) -> list[Any]:
    return list(items) if item in items else [*items, item]
