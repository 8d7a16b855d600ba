"""The vector of a photo beside it, because oscar's ProductImage is not ours to change."""

from django.db import models
from django.db.models.signals import post_save
from django.dispatch import receiver

from xsearch.models import EmbeddedModel


class SearchablePhoto(EmbeddedModel):
    """The vector of one photo."""

    product = models.ForeignKey("catalogue.Product", models.CASCADE, related_name="searchable_photos")
    image = models.OneToOneField("catalogue.ProductImage", models.CASCADE)


@receiver(post_save, sender="catalogue.ProductImage")
def make_searchable(instance, **_sent):
    """Make the row of a photo that is new."""
    SearchablePhoto.objects.get_or_create(image=instance, defaults={"product_id": instance.product_id})
