"""The declaration of an index: what a shop writes in its ``search.py``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.text import capfirst

from xsearch.index.paths import files
from xsearch.index.prepared import VALUES, read_values

if TYPE_CHECKING:
    from xsearch.index.fields import FilterField


class Declaration:
    """The attributes and hooks of an index, which a shop sets and overrides; ``Index`` adds what follows from them."""

    #: Paths to texts by weight: A counts most, D least.
    text: Mapping[str, Sequence[str]] = {}
    #: Paths of ``text`` that hold HTML: their text is indexed as a page shows it.
    html: Sequence[str] = ()
    #: Path or paths to photos. A path into a related ``EmbeddedModel`` has one vector per photo.
    image: str | Sequence[str] | None = None
    #: Path to a sound.
    audio: str | None = None
    #: Paths of ``image`` and ``audio`` to a text or method that returns a web address; a ``URLField`` needs no mention.
    media_urls: Sequence[str] = ()
    #: Fields that a search can be limited to.
    filters: Sequence[str] = ()
    #: Short names of long paths, for filters and facets: {"maker": "brand__manufacturer__name"}.
    aliases: Mapping[str, str] = {}
    #: Filter that sums of money in a query are about, such as "under 50"; it must be one of ``filters``.
    price: str | None = "price"
    #: Fields whose values are counted with the results.
    facets: Sequence[str] = ()
    #: Types of values that live elsewhere or are computed: {"price": Decimal}. ``prepare_price(self, objects)`` returns
    #: them for a batch of objects when these are indexed: {primary key: value}, or a list of one value for each. A list
    #: as value means several. They can be ``filters``, ``facets``, ``price`` and sorted by. Types: Decimal, int, float,
    #: str, bool, date and datetime.
    prepared: Mapping[str, type] = {}
    #: Relations that prepared values depend on, such as "stockrecords": saving a row marks the object.
    depends_on: Sequence[str] = ()
    #: Orders that results can be sorted in, besides those by relevance, price, time of creation and popularity: {name:
    #: path, or several}. A leading "-" sorts from the greatest to the least: {"newest": "-published", "name": "title"}.
    sorts: Mapping[str, str | Sequence[str]] = {}
    #: Name of the order of results that nothing was searched for, such as a category page; None: the newest first.
    default_sort: str | None = None
    #: Field that variants of one product share; only the best result of each group is shown.
    group_by: str | None = None
    #: Template of a result in lists; its variable ``hit`` has the fields of the API and ``object``.
    template: str = "xsearch/hit.html"
    #: Accessor of the companion model that has the embeddings, if the model itself has none.
    store: str | None = None

    def __init__(self, model: type[models.Model]) -> None:
        self.model = model
        #: Filters and facets by name; ``filter_field`` fills it.
        self.resolved: dict[str, FilterField] = {}

    @property
    def label(self) -> str:
        """The model's label, such as "shop.Product"."""
        return self.model._meta.label

    def name(self) -> str:
        """Return the heading of a list of these objects, such as "Products"."""
        return capfirst(str(self.model._meta.verbose_name_plural))

    def get_queryset(self) -> models.QuerySet[Any]:
        """Return the objects that are indexed; a search finds them unless its caller limits them."""
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

    def watched_paths(self) -> list[str]:
        """Return every path whose rows mark the object when they are saved."""
        return [*self.paths(), *self.depends_on]

    # Appearance of a result; override these for your shop.

    def title(self, obj: models.Model) -> str:
        """Return the title of a result."""
        return str(obj)

    def url(self, obj: models.Model) -> str | None:
        """Return the address of a result's page."""
        method = getattr(obj, "get_absolute_url", None)
        return str(method()) if method else None

    def image_url(self, obj: models.Model) -> str | None:
        """Return the address of a result's photo."""
        return next((str(file.url) for path in self.image_paths() for file in files(obj, path)), None)

    def card(self, obj: models.Model) -> dict[str, Any]:
        """Return further fields of a result: filters with plain values (no relations), prepared values, the SKU."""
        # Each relation would cost a query.
        related = {field.name for field in self.model._meta.get_fields() if field.is_relation}
        paths = {name: self.aliases.get(name, name) for name in [*self.filters, "sku"]}
        found = {name: getattr(obj, path, None) for name, path in paths.items() if path not in related}
        found |= read_values(self, getattr(obj, VALUES, None) or {})
        no_value = (models.Model, models.Manager, type(None))
        return {name: value for name, value in found.items() if not isinstance(value, no_value)}

    def filter_label(self, name: str) -> str:  # noqa: ARG002 - a hook
        """Return the name of a filter in the language of the page; empty for that of its field."""
        return ""

    def sort_label(self, name: str) -> str:  # noqa: ARG002 - a hook
        """Return the name of an order in the language of the page; empty for the usual one."""
        return ""

    def facet_label(self, name: str, value: Any) -> str:  # noqa: ARG002 - a hook
        """Return the label of a value of the facet ``name`` in the language of the page; override it to translate."""
        return str(value)
