"""Which encoder's vectors are live, and those that are to follow them."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils import timezone
from pgvector.django import HalfVectorField


class EncoderSpace(models.Model):
    """The one space in which the vectors of an embedding column live now."""

    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE, related_name="+")
    modality = models.CharField(max_length=8)
    fingerprint = models.CharField(max_length=128)
    dimension = models.PositiveIntegerField()
    #: {"BACKEND": …, "OPTIONS": …}: how to build the encoder that queries need while settings already name another.
    spec = models.JSONField(default=dict)
    since = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["content_type", "modality"], name="xsearch_space_live"),
        ]

    def __str__(self) -> str:
        return f"{self.content_type.model}.{self.modality}: {self.fingerprint}"


class StagedVector(models.Model):
    """A vector of the next space, kept beside the live ones until all are there and swapped at once."""

    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE, related_name="+")  # of the row
    row_id = models.CharField(max_length=255)
    modality = models.CharField(max_length=8)
    fingerprint = models.CharField(max_length=128)
    vector = HalfVectorField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["content_type", "modality", "row_id", "fingerprint"], name="xsearch_staged_row"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.content_type.model} {self.row_id}.{self.modality}: {self.fingerprint}"
