"""What customers can search for in this shop."""

from typing import Any

from django.db.models import QuerySet

import xsearch
from shop.models import Product, StylePost
from shop.templatetags.shop import price
from shop.words import COLOURS


@xsearch.register(Product)
class ProductIndex(xsearch.Index):
    """Products by their words, photos and sounds."""

    text = {
        "A": ["title", "title_zh", "sku"],
        "B": ["brand__name", "category__name", "category__name_zh", "colour"],
        "C": ["description", "description_zh"],
    }
    image = ["photo", "photos__image"]
    audio = "sound"
    filters = ["category", "brand", "colour", "price", "in_stock"]
    facets = ["category", "brand", "colour"]

    def get_queryset(self) -> QuerySet[Product]:
        """Fetch what the cards of the results show along with the products."""
        return Product.objects.select_related("category", "brand")

    def card(self, obj: Any) -> dict[str, Any]:
        """Add the price as the shop writes it."""
        return {**super().card(obj), "price_text": price(obj.price)}

    def facet_label(self, name: str, value: Any) -> str:
        """Name colours in the language of the page."""
        if name == "colour":
            return str(COLOURS.get(value.lower(), value))
        return super().facet_label(name, value)


@xsearch.register(StylePost)
class StylePostIndex(xsearch.Index):
    """What customers share, by the words, by the photo, and by the products on it."""

    text = {
        "A": ["title", "title_zh"],
        "C": ["text", "text_zh"],
        "D": ["products__title", "products__title_zh"],
    }
    image = "photo"
    template = "shop/post_hit.html"

    def get_queryset(self) -> QuerySet[StylePost]:
        """Leave out what the shop has not approved."""
        return StylePost.objects.filter(is_visible=True)
