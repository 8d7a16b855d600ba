"""Parameters of a request: collected from wherever they stand, checked, and ids turned into objects."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404
from django.utils import translation
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from xsearch.errors import BadQuery
from xsearch.index.registry import Index, get_index, get_indexes
from xsearch.models.routing import write_alias
from xsearch.web.requests import IndexRequest

#: Parameters that name objects by their ids; arguments of ``xsearch.search`` too.
EXAMPLES = ("like", "unlike")
#: Django's forms send it.
_IGNORED = "csrfmiddlewaretoken"


@dataclass(frozen=True)
class Parameters:
    """Checked parameters of a request, and the indexes that it is about."""

    indexes: list[Index]
    values: dict[str, Any]
    filters: dict[str, Any] = field(default_factory=dict)

    @property
    def index(self) -> Index:
        """The index, or the first of several."""
        return self.indexes[0]


def collect(source: Any) -> dict[str, Any]:
    """Return the named values of a form or object, without blank ones; a repeated name has a list."""
    if isinstance(source, MultiValueDict):
        source = {name: items[0] if len(items) == 1 else items for name, items in source.lists()}
    return {name: value for name, value in source.items() if name != _IGNORED and not _is_blank(value)}


def check(values: Mapping[str, Any], serializer: type[IndexRequest], *, filters: bool = False) -> Parameters:
    """Return the checked parameters; raises ``BadQuery`` or ``ValidationError`` for bad ones.

    With ``filters``, the filters of the indexes are allowed too.
    """
    indexes = _indexes(values.get("model"), several=serializer.takes_several_models)
    own = serializer().fields
    allowed = [name for index in indexes for name in index.filter_names() if name not in own] if filters else []
    extra = {name: value for name, value in values.items() if name not in own}
    for name, value in extra.items():
        if name not in allowed:
            names = {"name": repr(name[:60]), "allowed": ", ".join(dict.fromkeys([*own, *allowed]))}
            detail = _("Unknown parameter %(name)s. Allowed: %(allowed)s.")
            raise BadQuery(detail % names, code="unknown_parameter")
        _check_filter(name, value)
    bound = serializer(data={name: value for name, value in values.items() if name in own})
    bound.is_valid(raise_exception=True)
    return Parameters(indexes, dict(bound.validated_data), extra)


def find_object(queryset: QuerySet[Any], object_id: str) -> Any:
    """Return the object with the primary key ``object_id``; raises ``Http404``."""
    try:
        if "\x00" in object_id:
            raise ValueError  # the driver's error would be a bug
        return _get(queryset, object_id)
    except (queryset.model.DoesNotExist, ValueError, ValidationError, OverflowError) as error:
        names = {"name": queryset.model._meta.verbose_name, "id": object_id[:64]}
        raise Http404(_("There is no %(name)s with the id %(id)s.") % names) from error


def _get(queryset: QuerySet[Any], object_id: str) -> Any:
    """Return an object; one that has just been saved may not be in the replica yet that the router reads from."""
    primary = write_alias(queryset.model)
    try:
        return queryset.get(pk=object_id)
    except queryset.model.DoesNotExist:
        if queryset.db == primary:
            raise
        return queryset.using(primary).get(pk=object_id)


def find_examples(querysets: Sequence[QuerySet[Any]], values: MutableMapping[str, Any]) -> None:
    """Replace the ids in ``like`` and ``unlike`` by their objects; raises ``BadQuery`` for an unknown id."""
    for name in EXAMPLES:
        if name in values:
            try:
                values[name] = [_example(querysets, object_id) for object_id in values[name]]
            except Http404 as error:
                raise BadQuery(f"{name}: {error}", code="unknown_object") from error


def find_existing_examples(querysets: Sequence[QuerySet[Any]], values: MutableMapping[str, Any]) -> bool:
    """Replace the ids by their objects, leave out deleted ones, and return True if there are any.

    An address that a customer kept may be older than the catalogue.
    """
    is_gone = False
    for name in EXAMPLES:
        found = []
        for object_id in values.get(name, ()):
            try:
                found.append(_example(querysets, object_id))
            except Http404:
                is_gone = True
        values[name] = found
    return is_gone


def in_language(code: str | None) -> AbstractContextManager[None]:
    """Activate the language of the site that is nearest to ``code`` ("zh" for "zh-hans"); without one, do nothing."""
    try:
        found = translation.get_supported_language_variant(code) if code else None
    except LookupError:
        found = None
    return translation.override(found) if found else nullcontext()


def _check_filter(name: str, value: Any) -> None:
    for item in value if isinstance(value, list) else [value]:
        # JSON may hold half a surrogate pair, which cannot be encoded.
        if not isinstance(item, str | int | float) or re.search("[\ud800-\udfff]", str(item)):
            detail = _("%(name)s must be a text, a number, true or false, or a list of these.")
            raise BadQuery(detail % {"name": name}, code="bad_parameter")


def _indexes(labels: Any, *, several: bool) -> list[Index]:
    try:
        found = get_indexes([str(label) for label in (labels if isinstance(labels, list) else [labels]) if label])
    except LookupError as error:
        raise BadQuery(str(error.args[0]), code="unknown_model") from error
    if len(found) > 1 and not several:
        raise BadQuery(_("This is about one model: name it in `model`."), code="one_model")
    return found


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _example(querysets: Sequence[QuerySet[Any]], object_id: str) -> Any:
    """Return the object of the first model, or of the model whose label leads the id ("shop.StylePost:7")."""
    label, _colon, key = object_id.partition(":")
    for queryset in querysets if key else ():
        if get_index(queryset.model).label.lower() == label.lower():
            return find_object(queryset, key)
    return find_object(querysets[0], object_id)
