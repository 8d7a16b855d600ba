"""What is searchable: one ``Index`` per model, declared in the shop's ``search.py``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.utils.text import capfirst

if TYPE_CHECKING:
    from xsearch.index.stores import Store

#: Names all indexes together.
ALL = "all"

ModelNames = type[models.Model] | str | Iterable[type[models.Model] | str] | None

_indexes: dict[type[models.Model], Index] = {}
_on_register: list[Callable[[Index], None]] = []


class Index:
    """Declares what customers can search for in one model; subclass it, or override its hooks."""

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

    def stores(self) -> list[Store]:
        """Return where each modality's vectors live."""
        from xsearch.index.stores import stores_of

        return stores_of(self)

    def stores_for(self, modality: str) -> list[Store]:
        """Return where the vectors of one modality live."""
        return [store for store in self.stores() if store.modality == modality]

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
        from xsearch.index.paths import values

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

    def filter_names(self) -> list[str]:
        """Return the parameters that ``filter_queryset`` understands."""
        from xsearch.index.filters import parameter_names

        return parameter_names(self)

    def filter_queryset(self, queryset: models.QuerySet[Any], params: Mapping[str, Any]) -> models.QuerySet[Any]:
        """Limit ``queryset`` by declared filters; raises ``BadQuery`` for an unknown name or a bad value."""
        from xsearch.index.filters import filter_queryset

        return filter_queryset(self, queryset, params)


IndexT = TypeVar("IndexT", bound=type[Index])


def register(model: type[models.Model]) -> Callable[[IndexT], IndexT]:
    """Make a model searchable: ``@xsearch.register(Product)`` above an ``Index``."""

    def decorate(index_class: IndexT) -> IndexT:
        if not issubclass(index_class, Index):
            raise ImproperlyConfigured(f"{index_class.__name__} must be a subclass of xsearch.Index.")
        if model in _indexes:
            raise ImproperlyConfigured(f"{model._meta.label} is registered with xsearch already.")
        index = _indexes[model] = index_class(model)
        for callback in _on_register:
            callback(index)
        return index_class

    return decorate


def unregister(model: type[models.Model]) -> None:
    """Forget a model; meant for tests."""
    _indexes.pop(model, None)


def on_register(callback: Callable[[Index], None]) -> None:
    """Call ``callback`` with every index, those registered so far included."""
    _on_register.append(callback)
    for index in registered():
        callback(index)


def registered() -> list[Index]:
    """Return every index in the order of registration."""
    return list(_indexes.values())


def get_index(model: type[models.Model] | str | None = None) -> Index:
    """Return the index of a model or its label (any case); without one, the first that was registered."""
    if model is None:
        return _first_index()
    if isinstance(model, str):
        found = next((index for index in _indexes.values() if index.label.lower() == model.lower()), None)
    else:
        # The nearest ancestor: a registered subclass comes before a registered parent.
        found = next((_indexes[ancestor] for ancestor in model.__mro__ if ancestor in _indexes), None)
    if found:
        return found
    name = model if isinstance(model, str) else model._meta.label
    known = ", ".join(index.label for index in registered()) or "none"
    raise LookupError(f"{name} is not registered with xsearch. Registered: {known}.")


def get_indexes(named: ModelNames = None) -> list[Index]:
    """Return the indexes of one or several models or labels, also of "shop.Product,shop.Post" or "all".

    Without any it is the first that was registered. Raises ``LookupError`` for what is not registered.
    """
    models = [named] if isinstance(named, str | type) else named or ()
    return list(dict.fromkeys(index for model in models for index in _named_by(model))) or [_first_index()]


def _named_by(model: type[models.Model] | str) -> Iterator[Index]:
    if not isinstance(model, str):
        yield get_index(model)
        return
    for label in filter(None, map(str.strip, model.split(","))):
        yield from registered() if label.lower() == ALL else [get_index(label)]


def _first_index() -> Index:
    if not _indexes:
        raise LookupError("Nothing is registered with xsearch: declare an index in a search.py of your app.")
    return next(iter(_indexes.values()))


def _is_plain(value: Any) -> bool:
    return value is not None and not isinstance(value, models.Model | models.Manager)
