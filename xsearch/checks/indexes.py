"""Checks of the declarations: paths, stores, filters, facets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.core import checks
from django.core.checks import CheckMessage, Error
from django.core.exceptions import FieldError, ImproperlyConfigured

from xsearch.checks.filters import filter_findings
from xsearch.errors import BadQuery
from xsearch.index.kinds import final_field
from xsearch.index.paths import relations
from xsearch.index.prepared import wrong_declarations
from xsearch.index.registry import Index, registered
from xsearch.index.sorts import wrong_sorts


@checks.register("xsearch")
def check_indexes(**kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """E010 paths that lead nowhere, E011 models without embeddings, E012 to E014 filters, facets and groups, E060 HTML
    that is no text of the index, E070 prepared values without a type or method, E071 orders by what is no field.
    """
    return [message for index in registered() for message in check_index(index)]


def check_index(index: Index) -> Iterator[CheckMessage]:
    """Yield what is wrong with one declaration."""
    for path in index.watched_paths():
        yield from _attempt(lambda path=path: relations(index.model, path), index, "xsearch.E010")  # type: ignore[misc]
    yield from _attempt(index.stores, index, "xsearch.E011")
    yield from filter_findings(index)
    if index.group_by:
        yield from _attempt(lambda: final_field(index.model, str(index.group_by)), index, "xsearch.E012")
    texts = {path for paths in index.text.values() for path in paths}
    for path in {index.html} if isinstance(index.html, str) else set(index.html) - texts:
        text = (
            f"{index.label}: html = [{path!r}] must be a list of paths of `text`: {', '.join(sorted(texts)) or 'none'}."
        )
        yield Error(text, hint=_hint(index), obj=index.model, id="xsearch.E060")
    for problem in wrong_declarations(index):
        yield Error(f"{index.label}: {problem}", hint=_hint(index), obj=index.model, id="xsearch.E070")
    for problem in wrong_sorts(index):
        yield Error(f"{index.label}: {problem}", hint=_hint(index), obj=index.model, id="xsearch.E071")


def _attempt(action: Callable[[], Any], index: Index, identifier: str) -> Iterator[CheckMessage]:
    try:
        action()
    except (ImproperlyConfigured, FieldError, BadQuery) as error:
        yield Error(str(error), hint=_hint(index), obj=index.model, id=identifier)


def _hint(index: Index) -> str:
    return f"Correct the declaration of {type(index).__module__}.{type(index).__name__}."
