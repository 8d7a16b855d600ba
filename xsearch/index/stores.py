"""Stores of vectors: columns of the object itself, of a companion row, or of one row per photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.models.constants import LOOKUP_SEP

from xsearch.index import paths
from xsearch.index.declaration import Declaration
from xsearch.index.translations import plain
from xsearch.models import EmbeddedModel

MODALITIES = ("text", "image", "audio")


@dataclass(frozen=True)
class Store:
    """An embedding column: its model, the link from its rows to the object, and the path of its media."""

    modality: str
    model: type[EmbeddedModel]
    #: Lookup from a row to the object; "" if the row is the object.
    link: str
    #: Path to the media, from the object, or from the row of a photo.
    path: str
    #: Lookup from the object to its rows of photos; "" if it has one row.
    many: str = ""

    @property
    def column(self) -> str:
        """The embedding field's name."""
        return f"{self.modality}_embedding"

    @property
    def staged_column(self) -> str:
        """The name of the second column, which exists while two spaces are kept; Django does not know it."""
        return f"{self.column}_beside"

    @property
    def owner(self) -> type[models.Model]:
        """The model whose table has the column: a parent of the model in multi-table inheritance."""
        return self.model._meta.get_field(self.column).model

    @property
    def table(self) -> str:
        """The name of the table that has the column."""
        return self.owner._meta.db_table

    @property
    def row_key(self) -> str:
        """The name of that table's primary key."""
        return str(self.owner._meta.pk.column)

    @property
    def object_key(self) -> str:
        """Lookup from a row to the object's primary key."""
        return f"{self.link}{LOOKUP_SEP}pk" if self.link else "pk"

    @property
    def key(self) -> str:
        """The column's name among those of an index: "image", or "image:photos" for photo rows."""
        return f"{self.modality}:{self.many}" if self.many else self.modality


def main_store(index: Declaration, modality: str = "text", path: str = "") -> Store:
    """Return the store with one row per object: the object itself or its companion."""
    if index.store is None:
        if not issubclass(index.model, EmbeddedModel):
            raise ImproperlyConfigured(
                f"{index.label} is not an xsearch.models.EmbeddedModel. Mix it in, or name a companion model's "
                f"accessor as `store` in its Index."
            )
        return Store(modality, index.model, "", path)
    field: Any = {field.name: field for field in index.model._meta.get_fields()}.get(index.store)
    if field is None or not field.one_to_one or field.concrete or not issubclass(field.related_model, EmbeddedModel):
        raise ImproperlyConfigured(
            f"`store` of {index.label} is {index.store!r}. It must be the reverse name of a OneToOneField that leads "
            f"from an xsearch.models.EmbeddedModel to {index.model._meta.object_name}."
        )
    return Store(modality, field.related_model, field.remote_field.name, path)


def image_store(index: Declaration, path: str) -> Store:
    """Return the store of a photo: a row per photo if ``path`` leads through an ``EmbeddedModel``, else a column.

    That row has the photo itself, or is the companion of one that has it: "vectors__photo__file".
    """
    steps = paths.relations(index.model, path)
    has_one_photo = not any(step.is_many for step in steps[1:])
    if steps and has_one_photo and issubclass(steps[0].model, EmbeddedModel):
        field, row = steps[0].field, steps[0].model
        if field.one_to_many and field.auto_created:
            many, _, rest = path.partition(LOOKUP_SEP)
            return Store("image", row, field.remote_field.name, rest, many=many)
    return main_store(index, "image", path)


def rows_of(store: Store, objects: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """Return the store's rows of ``objects``."""
    if not store.link:
        return plain(objects)
    rows = plain(store.model._default_manager.using(objects.db))
    return rows.filter(**{f"{store.link}__in": objects.order_by().values("pk")})
