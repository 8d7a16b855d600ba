"""The embedding columns that xsearch adds to a shop's models."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.search import SearchVectorField
from django.db import connections, models, router, transaction
from pgvector.django import HalfVectorField


class EmbeddedModel(models.Model):
    """Add the columns that xsearch fills and searches; mix it into a product, a companion or a photo model.

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
        """Save in one transaction with the mark that a signal makes, even if the caller opened none."""
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
