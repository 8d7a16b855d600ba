"""What customers of the shop can search for."""

from decimal import Decimal

from django.conf import settings
from django.db.models import Prefetch
from oscar.core.loading import get_class, get_model

import xsearch

Product = get_model("catalogue", "Product")
Selector = get_class("partner.strategy", "Selector")


@xsearch.register(Product)
class ProductIndex(xsearch.Index):
    """Products as the catalogue lists them: variants belong to their product."""

    store = "searchable"
    text = {"A": ["title", "upc"], "B": ["categories__name", "children__title"], "C": ["description"]}
    html = ["description"]
    image = getattr(settings, "SEARCH_PHOTOS", "images__original")
    prepared = {"price": Decimal, "in_stock": bool}
    depends_on = ["stockrecords", "children__stockrecords"]
    filters = ["categories", "price", "in_stock"]
    facets = ["categories"]
    template = "product_search/hit.html"

    def get_queryset(self):
        """Return what customers may see, with what oscar's cards show of it."""
        variants = Product.objects.public().prefetch_related("stockrecords")
        products = Product.objects.browsable().base_queryset().prefetch_related(None)
        return products.prefetch_related(
            "stockrecords", "images", Prefetch("children", variants)
        ).prefetch_public_children(variants)

    def image_url(self, product):
        """Return the address of the photo that oscar shows first."""
        image = product.images.all()[:1]
        return image[0].original.url if image else None

    def facet_label(self, name, value):
        """Name a category without those above it, which the tree of the facet shows."""
        return value.rpartition(" > ")[2]

    def prepare_price(self, products):
        """Return the prices of each product, or of its variants."""
        return [[offer.price.effective_price for offer in self.offers(each) if offer.price.exists] for each in products]

    def prepare_in_stock(self, products):
        """Return whether each product, or one of its variants, can be bought."""
        return [any(offer.availability.is_available_to_buy for offer in self.offers(each)) for each in products]

    def offers(self, product):
        """Return what the shop's strategy offers to anybody: price and availability."""
        strategy = Selector().strategy()
        variants = product.children.all() if product.is_parent else [product]
        return [strategy.fetch_for_product(each) for each in variants]
