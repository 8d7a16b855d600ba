"""The registry of indexes: one ``Index`` per model, declared in the shop's ``search.py``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ImproperlyConfigured
from django.db import models

from xsearch.errors import BadQuery
from xsearch.index.declaration import Declaration
from xsearch.index.fields import FilterField
from xsearch.index.filters import as_list, conditions
from xsearch.index.kinds import filter_field
from xsearch.index.stores import Store, image_store, main_store

#: Name of all indexes together.
ALL = "all"

#: What can be searched: a model as its index limits it, or some of its objects.
Searchable = models.QuerySet[Any] | models.Manager[Any] | type[models.Model]
ModelNames = type[models.Model] | str | Iterable[type[models.Model] | str] | None

_indexes: dict[type[models.Model], Index] = {}
#: Proxies that are registered beside an index of the same rows: two indexes would overwrite each other's columns.
_refused: dict[type[models.Model], Index] = {}
_on_register: list[Callable[[Index], None]] = []


class Index(Declaration):
    """The search index of one model: subclass it, set its attributes, and override its hooks."""

    @property
    def content_type(self) -> ContentType:
        """The content type under which records of this index are kept."""
        return ContentType.objects.get_for_model(self.model)

    def stores(self) -> list[Store]:
        """Return the stores of the vectors of all modalities."""
        found = [main_store(self)] if self.text else []
        found += [image_store(self, path) for path in self.image_paths()]
        return [*found, main_store(self, "audio", self.audio)] if self.audio else found

    def stores_for(self, modality: str) -> list[Store]:
        """Return the stores of the vectors of one modality."""
        return [store for store in self.stores() if store.modality == modality]

    def filter_names(self) -> list[str]:
        """Return the parameters of ``filter_queryset``, including ``price_min`` and ``price_max``."""
        ranges = [name for name in self.filters if self.field(name).has_range]
        return [*self.filters, *(f"{name}_{bound}" for name in ranges for bound in ("min", "max"))]

    def field(self, name: str) -> FilterField:
        """Return the filter or facet ``name``; raises ``BadQuery`` if it leads nowhere."""
        return filter_field(self, name)

    def filter_queryset(self, queryset: models.QuerySet[Any], params: Mapping[str, Any]) -> models.QuerySet[Any]:
        """Limit ``queryset`` by declared filters, of which several values are alternatives; raises ``BadQuery``."""
        allowed = self.filter_names()
        for name in params:
            if name not in allowed:
                raise BadQuery(f"Unknown filter {name!r}. Allowed: {', '.join(allowed) or 'none'}.", code="bad_filter")
        chosen = {name: values for name, value in params.items() if (values := as_list(value))}
        return queryset.filter(*conditions(self, chosen)) if chosen else queryset


IndexT = TypeVar("IndexT", bound=type[Index])


def register(model: type[models.Model]) -> Callable[[IndexT], IndexT]:
    """Make a model searchable: ``@xsearch.register(Product)`` above an ``Index``."""

    def decorate(index_class: IndexT) -> IndexT:
        if not issubclass(index_class, Index):
            raise ImproperlyConfigured(f"{index_class.__name__} must be a subclass of xsearch.Index.")
        if model in {*_indexes, *_refused}:
            raise ImproperlyConfigured(f"{model._meta.label} is registered with xsearch already.")
        index = index_class(model)
        rival = next((other for other in _indexes if has_same_rows(other, model)), None)
        if rival and model._meta.proxy:
            _refused[model] = index
            return index_class
        if rival:
            _refused[rival] = _indexes.pop(rival)
        _indexes[model] = index
        for callback in _on_register:
            callback(index)
        return index_class

    return decorate


def unregister(model: type[models.Model]) -> None:
    """Forget a model; meant for tests."""
    _indexes.pop(model, None)
    _refused.pop(model, None)


def on_register(callback: Callable[[Index], None]) -> None:
    """Call ``callback`` with every index, registered already or later."""
    _on_register.append(callback)
    for index in registered():
        callback(index)


def registered() -> list[Index]:
    """Return every index in the order of registration."""
    return list(_indexes.values())


def refused() -> list[tuple[Index, Index]]:
    """Return each proxy's index that is not in use, with the one that is used instead."""
    return [(index, get_index(index.model)) for index in _refused.values()]


def has_same_rows(model: type[models.Model], other: type[models.Model]) -> bool:
    """Return True if one of the models is a proxy of the other, or both of a third."""
    return model._meta.concrete_model is other._meta.concrete_model


def get_index(model: type[models.Model] | str | None = None) -> Index:
    """Return the index of a model or of its label (any case); without either, the first that was registered."""
    if model is None:
        return _first_index()
    if isinstance(model, str):
        found = next((index for index in _indexes.values() if index.label.lower() == model.lower()), None)
    else:
        # The nearest ancestor: a registered subclass comes before a registered parent.
        near = (*model.__mro__, *(other for other in _indexes if has_same_rows(other, model)))
        found = next((_indexes[each] for each in near if each in _indexes), None)
    if found:
        return found
    name = model if isinstance(model, str) else model._meta.label
    labels = ", ".join(index.label for index in registered()) or "none"
    raise LookupError(f"{name} is not registered with xsearch. Registered: {labels}.")


def get_indexes(named: ModelNames = None) -> list[Index]:
    """Return the indexes of one or more models or labels, such as "shop.Product,shop.Post" or "all".

    Without any, return the first that was registered. Raises ``LookupError`` for a model that is not registered.
    """
    models = [named] if isinstance(named, str | type) else named or ()
    return list(dict.fromkeys(index for model in models for index in _named_by(model))) or [_first_index()]


def queryset_of(searched: Searchable | Index) -> models.QuerySet[Any]:
    """Return the objects to search: those given, or of a model or index those that its ``get_queryset`` allows."""
    if isinstance(searched, Index):
        return searched.get_queryset()
    if isinstance(searched, type) and issubclass(searched, models.Model):
        return _objects_of(searched)
    found = searched.all() if isinstance(searched, models.Manager) else searched
    if not isinstance(found, models.QuerySet):
        raise TypeError(
            "xsearch searches a queryset, a manager or a model, such as Product.objects.filter(…), "
            f"not {type(searched).__name__!r}."
        )
    if found._fields is not None:  # type: ignore[attr-defined]  # the stubs leave it out
        raise TypeError("xsearch returns objects: give the queryset without values(), values_list() and dates().")
    return found


def _objects_of(model: type[models.Model]) -> models.QuerySet[Any]:
    index = get_index(model)
    allowed = index.get_queryset()
    # Of a model below the registered one, such as a proxy, only its own objects.
    return allowed if index.model is model else model._default_manager.filter(pk__in=allowed.values("pk"))


def _named_by(model: type[models.Model] | str) -> Iterator[Index]:
    if not isinstance(model, str):
        yield get_index(model)
        return
    for label in filter(None, map(str.strip, model.split(","))):
        yield from registered() if label.lower() == ALL else [get_index(label)]


def _first_index() -> Index:
    for index in registered():
        return index
    raise LookupError("Nothing is registered with xsearch: declare an index in a search.py of your app.")
