"""Products, as the traits of the shop want them."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from xsearch.models import EmbeddedModel


class Category(models.Model):
    name = models.CharField(max_length=50)

    def __str__(self) -> str:
        return self.name


class Present(models.Manager["Product"]):
    """Leaves out what was deleted."""

    def get_queryset(self) -> models.QuerySet["Product"]:
        return super().get_queryset().filter(deleted_at=None)


class Product(EmbeddedModel):
    if "uuid" in settings.TRAITS:
        id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    title = models.CharField(max_length=100)
    category = models.ForeignKey(Category, on_delete=models.PROTECT)
    colour = models.CharField(max_length=20)
    price = models.DecimalField(max_digits=8, decimal_places=2)
    photo = models.ImageField(upload_to="products/")
    deleted_at = models.DateTimeField(null=True, editable=False)

    if "soft_delete" in settings.TRAITS:
        objects = Present()
        everything = models.Manager()

    def __str__(self) -> str:
        return self.title

    def delete(self, *args: Any, **options: Any) -> Any:
        """Hide the product, in a shop that never deletes."""
        if "soft_delete" not in settings.TRAITS:
            return super().delete(*args, **options)
        self.deleted_at = timezone.now()
        return self.save(update_fields=["deleted_at"])
