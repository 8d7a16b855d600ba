"""Visitors, their searches and their actions; docs/howto/personalisation.md lists every column."""

from __future__ import annotations

import datetime
import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from xsearch.models.routing import PrimaryManager


def today() -> datetime.date:
    """Return the date in the current time zone, or on the server's clock where ``USE_TZ`` is off."""
    return timezone.localdate() if settings.USE_TZ else timezone.now().date()


class Visitor(models.Model):
    """A user, or a browser with a random token, that agreed to be remembered; only a hash of the token is kept."""

    #: Users, like content types, may be in another database: ``forget_user`` deletes what a cascade would.
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.DO_NOTHING, db_constraint=False, null=True, related_name="+"
    )
    #: SHA-256 of the token in the browser's cookie, as hexadecimal digits.
    token_hash = models.CharField(max_length=64, unique=True, null=True)  # noqa: DJ001 - empty ones are not unique
    #: While True, nothing is recorded or used.
    is_paused = models.BooleanField(default=False)
    agreed_on = models.DateField(default=today)
    seen_on = models.DateField(default=today, db_index=True)

    objects = PrimaryManager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(user=None) ^ models.Q(token_hash=None), name="xsearch_visitor_user_or_token"
            ),
        ]

    def __str__(self) -> str:
        return f"visitor {self.pk}"


class QueryLog(models.Model):
    """A search without its photo or recording; with the typed words only if they cannot be private."""

    query_id = models.UUIDField(primary_key=True)
    content_type = models.ForeignKey(ContentType, models.DO_NOTHING, db_constraint=False, related_name="+")
    #: Typed words in lower case; empty for photos, recordings, transcripts and whatever looks personal.
    text = models.CharField(max_length=100, blank=True)
    language = models.CharField(max_length=2, blank=True)
    page = models.PositiveIntegerField(default=1)
    total = models.PositiveIntegerField()
    is_close = models.BooleanField()
    is_filtered = models.BooleanField(default=False)
    day = models.DateField(default=today, db_index=True)
    #: Only for customers who agreed.
    visitor = models.ForeignKey(Visitor, on_delete=models.CASCADE, null=True, related_name="+")

    objects = PrimaryManager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["content_type", "text"], name="xsearch_query_text")]

    def __str__(self) -> str:
        return f"{self.day}: {self.text}"


class Event(models.Model):
    """A customer's action on a result; anonymous unless the customer agreed to be remembered."""

    class Kind(models.TextChoices):
        VIEW = "view", _("view")
        CLICK = "click", _("click")
        CART = "cart", _("cart")
        PURCHASE = "purchase", _("purchase")
        DISMISS = "dismiss", _("not this")

    query_id = models.UUIDField(default=uuid.uuid4, db_index=True)
    content_type = models.ForeignKey(ContentType, models.DO_NOTHING, db_constraint=False, related_name="+")
    object_id = models.CharField(max_length=255)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    position = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    #: Only for customers who agreed.
    visitor = models.ForeignKey(Visitor, on_delete=models.CASCADE, null=True, related_name="+")

    objects = PrimaryManager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"


class PopularQuery(models.Model):
    """A text that several people searched for with success; counted by a task and anonymous."""

    content_type = models.ForeignKey(ContentType, models.DO_NOTHING, db_constraint=False, related_name="+")
    text = models.CharField(max_length=100)
    askers = models.PositiveIntegerField()
    searches = models.PositiveIntegerField()

    objects = PrimaryManager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["text"], opclasses=["varchar_pattern_ops"], name="xsearch_popular_prefix"),
        ]

    def __str__(self) -> str:
        return f"{self.text}: {self.askers}"


class Popularity(models.Model):
    """Popularity of an object from 0 to 1, counted by a task."""

    content_type = models.ForeignKey(ContentType, models.DO_NOTHING, db_constraint=False, related_name="+")
    object_id = models.CharField(max_length=255)
    score = models.FloatField()

    objects = PrimaryManager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["content_type", "object_id"], name="xsearch_popularity_object"),
        ]

    def __str__(self) -> str:
        return f"{self.object_id}: {self.score:.2f}"
