"""What customers can search for."""

import xsearch
from catalogue.models import Product


@xsearch.register(Product)
class ProductIndex(xsearch.Index):
    text = {"A": ["title"], "B": ["category__name", "colour"]}
    image = "photo"
    filters = ["category", "colour", "price"]
    facets = ["category", "colour"]
