"""From the parameters of a request, wherever they stand, to checked values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from xsearch.errors import BadQuery
from xsearch.index.registry import Index, get_indexes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rest_framework.request import Request

    from xsearch.api.serializers import Request as RequestSerializer

#: Sent by Django's forms and of no meaning here.
_IGNORED = ("csrfmiddlewaretoken",)


@dataclass(frozen=True)
class Parameters:
    """The checked parameters of a request, and the indexes it is about."""

    indexes: list[Index]
    values: dict[str, Any]
    filters: dict[str, Any] = field(default_factory=dict)

    @property
    def index(self) -> Index:
        """The index, or the first of several."""
        return self.indexes[0]


def read(request: Request, serializer: type[RequestSerializer], *, filters: bool = False) -> Parameters:
    """Return what ``request`` asks for; raises ``BadQuery`` or ``ValidationError`` saying what is allowed."""
    values = collect(request.query_params)
    if request.method == "POST":
        values |= collect(request.data)
    return check(values, serializer, filters=filters)


def collect(source: Any) -> dict[str, Any]:
    """Return the named values of a form or object: lists where a name stands several times, no blanks."""
    values = {name: source[name] for name in source}
    if isinstance(source, MultiValueDict):
        values = {name: _single(items) for name, items in source.lists()}
    return {name: value for name, value in values.items() if name not in _IGNORED and not _is_blank(value)}


def check(values: Mapping[str, Any], serializer: type[RequestSerializer], *, filters: bool = False) -> Parameters:
    """Return the checked parameters; ``filters`` says whether those of the index are allowed too."""
    indexes = _indexes(values.get("model"), several=serializer.takes_several_models)
    own = serializer().fields
    allowed = [name for index in indexes for name in index.filter_names() if name not in own] if filters else []
    extra = {name: value for name, value in values.items() if name not in own}
    for name, value in extra.items():
        if name not in allowed:
            raise _unknown(name, [*own, *allowed])
        _check_filter(name, value)
    bound = serializer(data={name: value for name, value in values.items() if name in own})
    bound.is_valid(raise_exception=True)
    return Parameters(indexes, dict(bound.validated_data), extra)


def _unknown(name: str, known: list[str]) -> BadQuery:
    detail = _("Unknown parameter %(name)s. Allowed: %(allowed)s.")
    names = {"name": repr(name[:60]), "allowed": ", ".join(dict.fromkeys(known))}
    return BadQuery(detail % names, code="unknown_parameter")


def _check_filter(name: str, value: Any) -> None:
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, str | int | float | bool) or not _is_text(str(item)):
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


def _is_text(value: str) -> bool:
    """Say whether ``value`` can be encoded: JSON may hold halves of surrogate pairs."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _single(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())
