"""What customers can search for in this shop."""

from django.db.models import QuerySet

import xsearch
from shop.models import Product


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
