"""The declaration of a search index: what a shop writes in its ``search.py``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import models
from django.utils.text import capfirst

from xsearch.index.paths import values


class Declaration:
    """The attributes and hooks of an index that a shop overrides; ``Index`` adds what follows from them."""

    #: Paths to texts by weight: A counts most, D least.
    text: Mapping[str, Sequence[str]] = {}
    #: Path or paths to photos. A path into a related ``EmbeddedModel`` keeps one vector per photo.
    image: str | Sequence[str] | None = None
    #: Path to a sound.
    audio: str | None = None
    #: Fields that a search can be limited to.
    filters: Sequence[str] = ()
    #: The one of the filters that sums of money in a query are about, such as "under 50"; of no effect unless declared.
    price: str | None = "price"
    #: Fields whose values are counted beside the results.
    facets: Sequence[str] = ()
    #: Field that variants of one product have in common; of each group only the best result is shown.
    group_by: str | None = None
    #: Template of one result in lists: it gets ``hit``, with what the API says of it and its ``object``.
    template: str = "xsearch/hit.html"
    #: Accessor of the companion model that holds the embeddings, if the model itself does not.
    store: str | None = None

    def __init__(self, model: type[models.Model]) -> None:
        self.model = model

    @property
    def label(self) -> str:
        """The model's label, such as "shop.Product"."""
        return self.model._meta.label

    def name(self) -> str:
        """Return what customers read above a list of these objects, such as "Products"."""
        return capfirst(str(self.model._meta.verbose_name_plural))

    def get_queryset(self) -> models.QuerySet[Any]:
        """Return the objects that are indexed and, unless the caller says otherwise, searched."""
        return self.model._default_manager.all()

    def image_paths(self) -> list[str]:
        """Return the declared paths to photos."""
        if self.image is None:
            return []
        return [self.image] if isinstance(self.image, str) else list(self.image)

    def paths(self) -> list[str]:
        """Return every path that indexing reads."""
        texts = [path for paths in self.text.values() for path in paths]
        return texts + self.image_paths() + ([self.audio] if self.audio else [])

    # How a result looks; override for your shop.

    def title(self, obj: models.Model) -> str:
        """Return the title of a result."""
        return str(obj)

    def url(self, obj: models.Model) -> str | None:
        """Return the address of a result's page."""
        method = getattr(obj, "get_absolute_url", None)
        return str(method()) if method else None

    def image_url(self, obj: models.Model) -> str | None:
        """Return the address of a result's photo."""
        for path in self.image_paths():
            for file in values(obj, path):
                if file:
                    return str(file.url)
        return None

    def card(self, obj: models.Model) -> dict[str, Any]:
        """Return the further fields of a result: numbers, booleans and plain texts among the filters, and the SKU."""
        related = {field.name for field in self.model._meta.get_fields() if field.is_relation}  # a query each
        names = [*self.filters, *(["sku"] if hasattr(obj, "sku") else [])]
        names = [name for name in names if name not in related]
        return {name: value for name in names if _is_plain(value := getattr(obj, name, None))}

    def facet_label(self, name: str, value: Any) -> str:  # noqa: ARG002 - a hook
        """Return how a value of the facet ``name`` reads in the language of the page; override to translate it."""
        return str(value)


def _is_plain(value: Any) -> bool:
    return value is not None and not isinstance(value, models.Model | models.Manager)
