"""The columns that xsearch adds to a shop's models, and the record of each indexed object, which is the outbox."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.indexes import GinIndex
from django.db import connections, models, router, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from xsearch.models.columns import UNREAD, DocumentColumn, EmbeddingColumn
from xsearch.models.routing import PrimaryManager


class EmbeddedModel(models.Model):
    """Add the columns that xsearch fills and searches; mix it into a product, a companion or a photo model.

    The vectors carry no dimension in the migration, so that another encoder never changes migration
    state. Only ``xsearch.indexing`` writes these columns, and never through ``save()``. They are loaded only where they
    are asked for; see ``xsearch.models.columns``.
    """

    text_embedding = EmbeddingColumn(null=True, editable=False)
    image_embedding = EmbeddingColumn(null=True, editable=False)
    audio_embedding = EmbeddingColumn(null=True, editable=False)
    search_document = DocumentColumn(null=True, editable=False)

    class Meta:
        abstract = True

    def save_base(self, *args: Any, **kwargs: Any) -> None:
        """Save in one transaction with the mark that a signal makes, even if the caller opened none."""
        using = kwargs.get("using") or router.db_for_write(type(self), instance=self)
        if connections[using].in_atomic_block:
            super().save_base(*args, **kwargs)
            return
        with transaction.atomic(using=using):
            super().save_base(*args, **kwargs)

    @classmethod
    def from_db(cls, db: Any, field_names: Any, values: Any, **kwargs: Any) -> Any:
        """Return an instance whose vectors are loaded when they are read."""
        new = super().from_db(db, field_names, values, **kwargs)
        if len(values) + len(_COLUMNS) == len(cls._meta.concrete_fields):
            for column in _COLUMNS:
                new.__dict__.setdefault(column, UNREAD)
        return new

    def get_deferred_fields(self) -> set[str]:
        """Return the fields that are not loaded."""
        return super().get_deferred_fields() | {name for name in _COLUMNS if self.__dict__.get(name) is UNREAD}

    def refresh_from_db(self, using: str | None = None, fields: Any = None, from_queryset: Any = None) -> None:
        """Reload the fields; the vectors when they are read."""
        if fields is None:
            self.__dict__.update(dict.fromkeys(_COLUMNS, UNREAD))
        super().refresh_from_db(using, fields, from_queryset)

    def clean_fields(self, exclude: Any = None) -> None:
        """Check all fields but those that only indexing writes."""
        super().clean_fields({*(exclude or ()), *_COLUMNS})

    def _do_update(self, base_qs: Any, using: Any, pk_val: Any, values: Any, *args: Any, **kwargs: Any) -> Any:
        # An instance that was loaded before a worker wrote its vectors must not write the old ones back.
        kept = [value for value in values if value[0].name not in _COLUMNS]
        return super()._do_update(base_qs, using, pk_val, kept, *args, **kwargs)

    def _do_insert(self, manager: Any, using: Any, fields: Any, *args: Any, **kwargs: Any) -> Any:
        # A copy of a loaded instance starts without its vectors, which may be of a space that is gone.
        kept = [field for field in fields if field.name not in _COLUMNS]
        insert: Any = super()._do_insert  # type: ignore[misc]  # the stubs leave it out
        return insert(manager, using, kept, *args, **kwargs)


_COLUMNS = tuple(field.name for field in EmbeddedModel._meta.local_fields)


class IndexRecord(models.Model):
    """Outbox entry and provenance of one searchable object: state, sources and encoders of its vectors, errors."""

    class Status(models.TextChoices):
        PENDING = "pending", _("to be indexed")
        INDEXED = "indexed", _("indexed")
        FAILED = "failed", _("failed")

    content_type = models.ForeignKey(ContentType, models.DO_NOTHING, db_constraint=False, related_name="+")
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
    #: {name: list of values} that ``prepare_<name>`` of the index computed. The default of the database is for the
    #: processes of the release before, which write no values.
    values = models.JSONField(default=dict, db_default={})
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    last_error = models.TextField(_("last error"), blank=True)
    marked_at = models.DateTimeField(_("marked"), default=timezone.now)
    not_before = models.DateTimeField(default=timezone.now)
    claimed_until = models.DateTimeField(null=True)
    claim = models.UUIDField(null=True)
    indexed_at = models.DateTimeField(_("indexed"), null=True)

    objects = PrimaryManager()

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
            # Shops without prepared values pay nothing for it.
            GinIndex(
                fields=["values"],
                opclasses=["jsonb_path_ops"],
                condition=~models.Q(values={}),
                name="xsearch_record_values",
            ),
        ]

    def __str__(self) -> str:
        kind = ContentType.objects.get_for_id(self.content_type_id)
        return f"{kind.app_label}.{kind.model} {self.object_id}: {self.status}"


class SearchOverview(IndexRecord):
    """Stands for the overview page in the admin, with a permission of its own."""

    class Meta:
        proxy = True
        default_permissions = ("view",)
        verbose_name = _("overview")
        verbose_name_plural = _("overview")
