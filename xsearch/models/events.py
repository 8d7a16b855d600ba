"""Events: what customers do with results."""

from __future__ import annotations

import uuid

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from xsearch.models.visitors import Visitor


class Event(models.Model):
    """A customer's action on a result; anonymous unless the customer agreed to be remembered."""

    class Kind(models.TextChoices):
        VIEW = "view", _("view")
        CLICK = "click", _("click")
        CART = "cart", _("cart")
        PURCHASE = "purchase", _("purchase")
        DISMISS = "dismiss", _("not this")

    query_id = models.UUIDField(default=uuid.uuid4, db_index=True)
    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE, related_name="+")
    object_id = models.CharField(max_length=255)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    position = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    #: Only for customers who agreed.
    visitor = models.ForeignKey(Visitor, on_delete=models.CASCADE, null=True, related_name="+")

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"
