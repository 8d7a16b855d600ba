"""Adapters that were trained on this shop's catalogue: what each of them gained, which is in use, and the way back."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xsearch.indexing.adapters import is_left_out, is_needed, stop_using, use
from xsearch.models import Adapter

#: The kinds of queries that ``xsearch_finetune`` tries.
_KINDS = {
    "photo": gettext_lazy("a customer's photo of the product"),
    "other photo": gettext_lazy("another photo of the product"),
    "title": gettext_lazy("the title"),
    "name": gettext_lazy("the name of its category, brand or colour"),
}
_FIGURES = ("recall@1", "recall@10", "mrr")


@admin.register(Adapter)
class AdapterAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Shows adapters; they are made by ``manage.py xsearch_finetune`` and only chosen here."""

    list_display = ("name", "state", "gain", "created_at")
    list_filter = ("encoder",)
    actions = ("use_this", "go_back")
    fields = ("encoder", "state", "created_at", "figures", "learned_from", "base_fingerprint", "digest")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Adapter]:
        """Leave the weights where they are."""
        return super().get_queryset(request).defer("content")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Add a subtitle that says where adapters come from."""
        subtitle = _("Trained on this shop's catalogue and installed by manage.py xsearch_finetune.")
        return super().changelist_view(request, {"subtitle": subtitle, **(extra_context or {})})

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Adapters are made by a command."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Adapter | None = None) -> bool:
        """Refuse to delete what customers' searches need, and many at once, where that could be among them."""
        return obj is not None and not is_needed(obj) and super().has_delete_permission(request, obj)

    @admin.action(description=gettext_lazy("Use this adapter"), permissions=["change"])
    def use_this(self, request: HttpRequest, queryset: QuerySet[Adapter]) -> None:
        """Use the one that is selected."""
        if queryset.count() != 1:
            self.message_user(request, _("Select one adapter: only one can be in use."), messages.ERROR)
            return
        adapter = queryset.get()
        use(adapter)
        self._announce(request, _("%(adapter)s is used from now on.") % {"adapter": adapter})

    @admin.action(description=gettext_lazy("Go back to the encoder without an adapter"), permissions=["change"])
    def go_back(self, request: HttpRequest, queryset: QuerySet[Adapter]) -> None:
        """Use the encoders of the selected adapters alone."""
        for adapter in Adapter.objects.filter(encoder__in=queryset.values("encoder"), is_live=True).defer("content"):
            stop_using(adapter)
            text = _("%(encoder)s is used without an adapter from now on.")
            self._announce(request, text % {"encoder": adapter.encoder})

    def _announce(self, request: HttpRequest, text: str) -> None:
        more = _("Customers search the present vectors until all new ones are there.")
        self.message_user(request, f"{text} {more}", messages.SUCCESS)

    @admin.display(description=gettext_lazy("adapter"), ordering="encoder")
    def name(self, adapter: Adapter) -> str:
        """Return the encoder and the beginning of the digest."""
        return str(adapter)

    @admin.display(description=gettext_lazy("state"), ordering="is_live")
    def state(self, adapter: Adapter) -> SafeString | str:
        """Return whether the adapter is in use, with an icon."""
        if not adapter.is_live:
            return _("not in use")
        if is_left_out(adapter):
            text = _("without effect: the encoder in the settings is not the one that it was trained on")
            return format_html('<img src="{}" alt=""> {}', static("admin/img/icon-alert.svg"), text)
        return format_html('<img src="{}" alt=""> {}', static("admin/img/icon-yes.svg"), _("in use"))

    @admin.display(description=gettext_lazy("found first, without and with it"))
    def gain(self, adapter: Adapter) -> SafeString:
        """Return for each kind of query the share of products that are found first."""
        found = "recall@1"
        rows = [(kind, f"{before[found]:.0%} → {after[found]:.0%}") for kind, before, after in _figures(adapter)]
        return format_html_join(SafeString("<br>"), "{}: {}", rows)

    @admin.display(description=gettext_lazy("on products that it had not seen"))
    def figures(self, adapter: Adapter) -> SafeString:
        """Return the figures before and after as a table."""
        head = format_html_join("", '<th scope="col">{}</th>', [(name,) for name in ("", *_FIGURES)])
        rows = [
            (kind, *(f"{before[name]:.3f} → {after[name]:.3f}" for name in _FIGURES))
            for kind, before, after in _figures(adapter)
        ]
        body = format_html_join("", '<tr><th scope="row">{}</th><td>{}</td><td>{}</td><td>{}</td></tr>', rows)
        return format_html("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", head, body)

    @admin.display(description=gettext_lazy("learned from"))
    def learned_from(self, adapter: Adapter) -> str:
        """Return how much of the catalogue there was to learn from."""
        counts: dict[str, Any] = adapter.manifest.get("counts", {})
        text = _("%(products)s products, %(photos)s photos, %(captions)s texts, %(clicked)s pairs clicked together")
        values = {name: counts.get(name, 0) for name in ("products", "photos", "captions")}
        return text % {**values, "clicked": counts.get("clicked_together", 0)}


def _figures(adapter: Adapter) -> list[tuple[Any, dict[str, float], dict[str, float]]]:
    figures = adapter.manifest.get("figures", {})
    return [(_KINDS.get(kind, kind), found["before"], found["after"]) for kind, found in figures.items()]
