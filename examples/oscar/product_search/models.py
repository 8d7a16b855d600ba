"""The vectors of a product beside it, because oscar's Product is not ours to change."""

from django.db import models

from xsearch.models import EmbeddedModel


class SearchableProduct(EmbeddedModel):
    """The vectors and words of one product; xsearch makes the rows."""

    product = models.OneToOneField("catalogue.Product", models.CASCADE, related_name="searchable")
