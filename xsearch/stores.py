"""Where vectors live: on the object itself, on a companion row, or on one row per photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.models.constants import LOOKUP_SEP

from xsearch import paths
from xsearch.models import EmbeddedModel

if TYPE_CHECKING:
    from xsearch.registry import Index

MODALITIES = ("text", "image", "audio")


@dataclass(frozen=True)
class Store:
    """One embedding column: its model, how its rows lead to the object, and the path of what it holds."""

    modality: str
    model: type[EmbeddedModel]
    #: Lookup from a row to the object; "" when the row is the object.
    link: str
    #: Path to the media, from the object for a row of its own, from the row for a photo.
    path: str
    #: Accessor from the object to its many rows; "" when there is one row.
    many: str = ""

    @property
    def column(self) -> str:
        """The embedding field's name."""
        return f"{self.modality}_embedding"

    @property
    def object_key(self) -> str:
        """Lookup from a row to the object's primary key."""
        return f"{self.link}{LOOKUP_SEP}pk" if self.link else "pk"

    @property
    def key(self) -> str:
        """The column's name among those of an index: "image", or "image:photos" for photo rows."""
        return f"{self.modality}:{self.many}" if self.many else self.modality


def main_store(index: Index, modality: str = "text", path: str = "") -> Store:
    """Return the store that has one row per object: the object itself or its companion."""
    if index.store is None:
        if not issubclass(index.model, EmbeddedModel):
            raise ImproperlyConfigured(
                f"{index.label} is not an xsearch.models.EmbeddedModel. Mix it in, or name a companion model's "
                f"accessor as `store` in its Index."
            )
        return Store(modality, index.model, "", path)
    field: Any = index.model._meta.get_field(index.store)
    if not field.one_to_one or not issubclass(field.related_model, EmbeddedModel):
        raise ImproperlyConfigured(f"`store` of {index.label} must be a one-to-one relation to an EmbeddedModel.")
    return Store(modality, field.related_model, field.remote_field.name, path)


def stores_of(index: Index) -> list[Store]:
    """Return the embedding columns that ``index`` fills."""
    found = [main_store(index, "text")] if index.text else []
    found += [_image_store(index, path) for path in index.image_paths()]
    if index.audio:
        found.append(main_store(index, "audio", index.audio))
    return found


def _image_store(index: Index, path: str) -> Store:
    steps = paths.relations(index.model, path)
    if len(steps) == 1 and steps[0].field.one_to_many and issubclass(steps[0].model, EmbeddedModel):
        accessor, _, rest = path.partition(LOOKUP_SEP)
        return Store("image", steps[0].model, steps[0].field.remote_field.name, rest, many=accessor)
    return main_store(index, "image", path)


def rows_of(store: Store, objects: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """Return the store's rows of ``objects``."""
    if not store.link:
        return objects
    return store.model._default_manager.filter(**{f"{store.link}__in": objects.order_by().values("pk")})
