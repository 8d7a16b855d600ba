"""The outbox: the indexing state of each object."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class IndexRecord(models.Model):
    """Outbox entry and provenance of one searchable object: state, sources and encoders of its vectors, errors."""

    class Status(models.TextChoices):
        PENDING = "pending", _("to be indexed")
        INDEXED = "indexed", _("indexed")
        FAILED = "failed", _("failed")

    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE, related_name="+")
    object_id = models.CharField(_("object"), max_length=255)
    status = models.CharField(_("status"), max_length=8, choices=Status.choices, default=Status.PENDING)
    #: Grows with every mark, so that a worker notices changes of the object during encoding.
    revision = models.PositiveBigIntegerField(default=1)
    #: Encodes the object even if its content is the same ("index again", --all).
    forced = models.BooleanField(default=False)
    #: {column: SHA-256 of its source}; an unchanged source is not encoded again.
    source_hashes = models.JSONField(default=dict)
    #: {column: fingerprint of the encoder that made its vector}.
    fingerprints = models.JSONField(default=dict)
    #: Phrases by which customers name the object, for suggestions and the speech vocabulary.
    phrases = models.JSONField(default=list)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    last_error = models.TextField(_("last error"), blank=True)
    marked_at = models.DateTimeField(_("marked"), default=timezone.now)
    not_before = models.DateTimeField(default=timezone.now)
    claimed_until = models.DateTimeField(null=True)
    claim = models.UUIDField(null=True)
    indexed_at = models.DateTimeField(_("indexed"), null=True)

    class Meta:
        verbose_name = _("index record")
        verbose_name_plural = _("index records")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["content_type", "object_id"], name="xsearch_record_object"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["content_type", "not_before"],
                condition=models.Q(status="pending"),
                name="xsearch_record_pending",
            ),
            models.Index(fields=["content_type", "status"], name="xsearch_record_status"),
        ]

    def __str__(self) -> str:
        return f"{self.content_type.app_label}.{self.content_type.model} {self.object_id}: {self.status}"


class SearchOverview(IndexRecord):
    """Stands for the overview page in the admin, with a permission of its own."""

    class Meta:
        proxy = True
        default_permissions = ("view",)
        verbose_name = _("overview")
        verbose_name_plural = _("overview")
