"""Checks of declared filters and facets: their fields and their names."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning
from django.core.exceptions import FieldError, ImproperlyConfigured

from xsearch.errors import BadQuery
from xsearch.index.filters import PARAMETERS
from xsearch.index.kinds import UNSUPPORTED
from xsearch.index.registry import Index


def filter_findings(index: Index) -> Iterator[CheckMessage]:
    """Yield E012 for what is no field, E013 for fields that are not compared, E014 for names in use, and W012."""
    for name in dict.fromkeys([*index.filters, *index.facets]):
        yield from _of_field(index, name)
    ranges = {name for name in index.filters if not [*_of_field(index, name)] and index.field(name).has_range}
    for name in index.filters:
        yield from _of_name(index, name, ranges)
    for name in set(index.facets) - set(index.filters):
        hint = f"Add {name!r} to `filters`, so that a click on the facet can limit the results."
        yield CheckWarning(f"{index.label}: facet {name!r} is not a filter.", hint=hint, id="xsearch.W012")


def _of_field(index: Index, name: str) -> Iterator[CheckMessage]:
    where = f"{type(index).__module__}.{type(index).__name__}"
    try:
        index.field(name).is_multiple  # noqa: B018 - it reads the relations of the path
    except (BadQuery, FieldError, ImproperlyConfigured) as error:
        identifier, hint = "xsearch.E012", f"Correct the declaration of {where}."
        if getattr(error, "code", "") == UNSUPPORTED:
            cure = f"prepared = {{{name!r}: str}} and a method prepare_{name}(self, objects)"
            identifier, hint = "xsearch.E013", f"Take it out of {where}, or have its values computed: {cure}."
        yield Error(str(error), hint=hint, obj=index.model, id=identifier)


def _of_name(index: Index, name: str, ranges: set[str]) -> Iterator[CheckMessage]:
    bare, _underscore, bound = name.rpartition("_")
    of_range = bound in ("min", "max") and bare in ranges
    if not (name in PARAMETERS or of_range):
        return
    meaning = f"a bound of the filter {bare!r}" if of_range else "a parameter of every search"
    path = index.aliases.get(name, name)
    hint = f"Give it another name: filters = [..., 'its_{name}'], aliases = {{'its_{name}': {path!r}}}."
    text = f"{index.label}: the filter {name!r} can never be used, for {name!r} is {meaning}."
    yield Error(text, hint=hint, obj=index.model, id="xsearch.E014")
