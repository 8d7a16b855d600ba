"""Tables of xsearch: embedding columns for the host's models, the outbox, the live spaces, the vocabulary."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.search import SearchVectorField
from django.db import connections, models, router, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from pgvector.django import HalfVectorField

__all__ = [
    "EmbeddedModel", "EncoderSpace", "Event", "IndexRecord", "SearchOverview", "StagedVector", "Synonym", "Term",
]  # fmt: skip


class EmbeddedModel(models.Model):
    """Adds the columns that xsearch fills and searches; mix it into a product, a companion or a photo model.

    The vectors carry no dimension in the migration, so that another encoder never changes migration
    state. Only ``xsearch.indexing`` writes these columns, and never through ``save()``.
    """

    text_embedding = HalfVectorField(null=True, editable=False)
    image_embedding = HalfVectorField(null=True, editable=False)
    audio_embedding = HalfVectorField(null=True, editable=False)
    search_document = SearchVectorField(null=True, editable=False)

    class Meta:
        abstract = True

    def save_base(self, *args: Any, **kwargs: Any) -> None:
        """Save in one transaction with the mark that a signal makes, also where the caller has none."""
        using = kwargs.get("using") or router.db_for_write(type(self), instance=self)
        if connections[using].in_atomic_block:
            super().save_base(*args, **kwargs)
            return
        with transaction.atomic(using=using):
            super().save_base(*args, **kwargs)

    def _do_update(self, base_qs: Any, using: Any, pk_val: Any, values: Any, *args: Any, **kwargs: Any) -> Any:
        # An instance that was loaded before a worker wrote its vectors must not write the old ones back.
        kept = [value for value in values if value[0].name not in self._embedded_columns()]
        return super()._do_update(base_qs, using, pk_val, kept, *args, **kwargs)

    def _do_insert(self, manager: Any, using: Any, fields: Any, *args: Any, **kwargs: Any) -> Any:
        # A copy of a loaded instance starts without its vectors, which may be of a space that is gone.
        kept = [field for field in fields if field.name not in self._embedded_columns()]
        insert: Any = super()._do_insert  # type: ignore[misc]  # the stubs leave it out
        return insert(manager, using, kept, *args, **kwargs)

    @staticmethod
    def _embedded_columns() -> set[str]:
        return {field.name for field in EmbeddedModel._meta.local_fields}


class IndexRecord(models.Model):
    """Outbox and provenance of one searchable object: what is to be indexed, what is, what failed and why."""

    class Status(models.TextChoices):
        PENDING = "pending", _("to be indexed")
        INDEXED = "indexed", _("indexed")
        FAILED = "failed", _("failed")

    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE, related_name="+")
    object_id = models.CharField(_("object"), max_length=255)
    status = models.CharField(_("status"), max_length=8, choices=Status.choices, default=Status.PENDING)
    #: Grows with every mark, so that a worker knows whether the object changed while it was encoding.
    revision = models.PositiveBigIntegerField(default=1)
    #: Indexed anew even if the content is the same ("index again", --all).
    forced = models.BooleanField(default=False)
    #: {column: SHA-256 of what it was made from}; a column whose source is the same is not encoded again.
    source_hashes = models.JSONField(default=dict)
    #: {column: fingerprint of the encoder that made its vector}.
    fingerprints = models.JSONField(default=dict)
    #: What a customer would say or type to name the object, for suggestions and the speech vocabulary.
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


class Term(models.Model):
    """How many objects contain a lexeme; rare words weigh more. The empty lexeme stands for all documents."""

    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE, related_name="+")
    lexeme = models.CharField(max_length=255)
    objects_with = models.PositiveIntegerField()
    #: The word as titles, brands and categories write it, the most frequent forms; to correct typing errors with.
    written = models.CharField(max_length=255, blank=True, default="")
    #: Pinyin of a Chinese word, syllable by syllable, without tones.
    sound = models.CharField(max_length=255, blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["content_type", "lexeme"], name="xsearch_term_lexeme"),
        ]

    def __str__(self) -> str:
        return f"{self.lexeme}: {self.objects_with}"


class Synonym(models.Model):
    """Words that mean the same in this shop, or words that include others; edited in the admin, in force at once."""

    class Direction(models.TextChoices):
        BOTH = "both", _("each finds all the others")
        ONE_WAY = "one", _("the words find the replacements, not the other way round")

    class Language(models.TextChoices):
        ANY = "", _("any language")
        ENGLISH = "en", _("English")
        CHINESE = "zh", _("Chinese")

    terms = models.TextField(_("words"), help_text=_("What customers type: words or phrases, separated by commas."))
    replacements = models.TextField(
        _("replacements"), blank=True, help_text=_("What is searched for as well, separated by commas.")
    )
    direction = models.CharField(_("direction"), max_length=4, choices=Direction.choices, default=Direction.BOTH)
    language = models.CharField(
        _("language"), max_length=2, choices=Language.choices, default=Language.ANY, blank=True,
        help_text=_("Of the queries that it applies to."),
    )  # fmt: skip

    class Meta:
        verbose_name = _("synonym")
        verbose_name_plural = _("synonyms")
        ordering: ClassVar = ["terms", "pk"]

    def __str__(self) -> str:
        arrow = "↔" if self.direction == self.Direction.BOTH else "→"
        return f" {arrow} ".join(text for text in (self.terms, self.replacements) if text)


class Event(models.Model):
    """What a customer did with a result; kept without any trace of who it was."""

    class Kind(models.TextChoices):
        VIEW = "view", _("view")
        CLICK = "click", _("click")
        CART = "cart", _("cart")
        PURCHASE = "purchase", _("purchase")

    query_id = models.UUIDField(default=uuid.uuid4, db_index=True)
    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE, related_name="+")
    object_id = models.CharField(max_length=255)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    position = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"
