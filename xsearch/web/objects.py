"""Objects that a request names by their ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils.translation import gettext as _

from xsearch.errors import BadQuery
from xsearch.index.registry import get_index

if TYPE_CHECKING:
    from collections.abc import Iterable, MutableMapping, Sequence

    from django.db.models import QuerySet

#: Parameters that name objects, and arguments of ``xsearch.search``.
EXAMPLES = ("like", "unlike")


def find_object(queryset: QuerySet[Any], object_id: str) -> Any:
    """Return the object with the primary key ``object_id``; raises ``Http404``."""
    try:
        return queryset.get(pk=_checked(object_id))
    except (queryset.model.DoesNotExist, ValueError, ValidationError, OverflowError) as error:
        names = {"name": queryset.model._meta.verbose_name, "id": object_id[:64]}
        raise Http404(_("There is no %(name)s with the id %(id)s.") % names) from error


def find_examples(querysets: Sequence[QuerySet[Any]], values: MutableMapping[str, Any]) -> None:
    """Put objects in the place of the ids in ``like`` and ``unlike``; raises ``BadQuery`` for an unknown one."""
    for name in EXAMPLES:
        if name in values:
            values[name] = [_found(querysets, name, object_id) for object_id in values[name]]


def find_known_examples(querysets: Sequence[QuerySet[Any]], values: MutableMapping[str, Any]) -> bool:
    """Do the same without those that are gone, and say whether any is: an address may be older than the catalogue."""
    is_gone = False
    for name in EXAMPLES:
        found = [_existing(querysets, object_id) for object_id in values.get(name, ())]
        is_gone |= None in found
        values[name] = [each for each in found if each is not None]
    return is_gone


def _example(querysets: Sequence[QuerySet[Any]], object_id: str) -> Any:
    """Return the object of the first model, or of the one whose label leads the id ("shop.StylePost:7")."""
    label, _colon, key = object_id.partition(":")
    for queryset in querysets if key else ():
        if get_index(queryset.model).label.lower() == label.lower():
            return find_object(queryset, key)
    return find_object(querysets[0], object_id)


def _found(querysets: Sequence[QuerySet[Any]], name: str, object_id: str) -> Any:
    try:
        return _example(querysets, object_id)
    except Http404 as error:
        raise BadQuery(f"{name}: {error}", code="unknown_object") from error


def _existing(querysets: Sequence[QuerySet[Any]], object_id: str) -> Any:
    try:
        return _example(querysets, object_id)
    except Http404:
        return None


def ids_in(given: Iterable[Any]) -> list[str]:
    """Return every id once, in order; a text may hold several, separated by commas."""
    parts = (part.strip() for each in given for part in str(each).split(","))
    return list(dict.fromkeys(part for part in parts if part))


def _checked(object_id: str) -> str:
    if "\x00" in object_id:
        raise ValueError
    return object_id
