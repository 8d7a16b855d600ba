"""The shop's admin: products with their photos and what the search knows about them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

import xsearch
from shop.models import Brand, Category, Product, ProductPhoto, StylePost
from xsearch.admin import IndexedAdmin

admin.site.site_header = _("Finders – shop owner")
admin.site.site_title = _("Finders")
admin.site.index_title = _("Your shop")


@admin.register(Category, Brand)
class ShelfAdmin(admin.ModelAdmin):
    """Categories and brands with the number of their products."""

    search_fields = ["name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Count the products with the same query."""
        return super().get_queryset(request).annotate(size=Count("products"))

    def get_list_display(self, request: HttpRequest) -> list[str]:  # noqa: ARG002
        """Show the Chinese name where there is one."""
        chinese = ["name_zh"] if hasattr(self.model, "name_zh") else []
        return ["name", *chinese, "size"]

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, list[str]]:  # noqa: ARG002
        """Fill in the slug from the name."""
        return {"slug": ["name"]} if hasattr(self.model, "slug") else {}

    @admin.display(description=_("products"), ordering="size")
    def size(self, obj: Any) -> int:
        """Return how many products there are."""
        return int(obj.size)


class PhotoInline(admin.TabularInline):
    """Further photos of a product."""

    model = ProductPhoto
    fields = ["preview", "image", "position"]
    readonly_fields = ["preview"]
    extra = 1

    @admin.display(description="")
    def preview(self, photo: ProductPhoto) -> SafeString | str:
        """Return the photo, small."""
        return _thumbnail(photo.image)


@admin.register(Product)
class ProductAdmin(IndexedAdmin, admin.ModelAdmin):
    """Products, with the index status from xsearch."""

    list_display = ["thumbnail", "title", "sku", "category", "price", "in_stock"]
    list_display_links = ["thumbnail", "title"]
    list_editable = ["price", "in_stock"]
    list_filter = ["in_stock", "category", "colour", "brand"]
    list_select_related = ["category"]
    list_per_page = 50
    search_fields = ["title", "title_zh", "sku", "brand__name"]
    autocomplete_fields = ["category", "brand"]
    readonly_fields = ["thumbnail", "created_at"]
    inlines = [PhotoInline]
    fieldsets = [
        (None, {"fields": ["thumbnail", "sku", ("category", "brand"), "colour", ("price", "in_stock")]}),
        (_("English"), {"fields": ["title", "description"]}),
        (_("Chinese"), {"fields": ["title_zh", "description_zh"]}),
        (_("Media"), {"fields": ["photo", "sound"]}),
        (_("More"), {"fields": ["attributes", "created_at"], "classes": ["collapse"]}),
    ]

    class Media:
        css = {"all": ["shop/admin.css"]}

    @admin.display(description=_("photo"))
    def thumbnail(self, product: Product) -> SafeString | str:
        """Return the main photo, small."""
        return _thumbnail(product.photo)


@admin.register(StylePost)
class StylePostAdmin(IndexedAdmin, admin.ModelAdmin):
    """What customers share, to be approved or hidden."""

    list_display = ["thumbnail", "title", "author", "created_at", "is_visible"]
    list_display_links = ["thumbnail", "title"]
    list_filter = ["is_visible", "created_at"]
    search_fields = ["title", "title_zh", "text", "text_zh", "author"]
    autocomplete_fields = ["products"]
    readonly_fields = ["thumbnail"]
    actions = ["approve", "hide"]
    fields = [
        "thumbnail",
        ("is_visible", "created_at"),
        "author",
        ("title", "title_zh"),
        ("text", "text_zh"),
        "photo",
        "products",
    ]

    class Media:
        css = {"all": ["shop/admin.css"]}

    @admin.display(description=_("photo"))
    def thumbnail(self, post: StylePost) -> SafeString | str:
        """Return the photo, small."""
        return _thumbnail(post.photo)

    @admin.action(description=_("Approve: show to customers"), permissions=["change"])
    def approve(self, request: HttpRequest, posts: QuerySet[StylePost]) -> None:
        """Show the chosen posts to customers."""
        self._show(request, posts, is_visible=True)

    @admin.action(description=_("Hide from customers"), permissions=["change"])
    def hide(self, request: HttpRequest, posts: QuerySet[StylePost]) -> None:
        """Hide the chosen posts from customers."""
        self._show(request, posts, is_visible=False)

    def _show(self, request: HttpRequest, posts: QuerySet[StylePost], *, is_visible: bool) -> None:
        keys = list(posts.values_list("pk", flat=True))
        with transaction.atomic():
            StylePost.objects.filter(pk__in=keys).update(is_visible=is_visible)
            xsearch.mark(StylePost.objects.filter(pk__in=keys))  # an update tells nobody
        count = len(keys)
        message = ngettext("%(count)s post was changed.", "%(count)s posts were changed.", count) % {"count": count}
        self.message_user(request, message)


def _thumbnail(file: Any) -> SafeString | str:
    return format_html('<img class="shop-thumbnail" src="{}" alt="" loading="lazy">', file.url) if file else "–"
