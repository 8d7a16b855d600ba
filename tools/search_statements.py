"""Count the SQL statements of one search, by kind of search: ``python -m tools.search_statements --help``.

Prints for each kind how many statements a search makes with warm caches, and the first search after a pause that
outlasts them; and how many of these statements read the table of encoder spaces. Reading hits, total and facets
belongs to the search. Uses only the public API, so that old and new versions of the code can be compared.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

SPACES_TABLE = "xsearch_encoderspace"
_SLOWNESS = 1000

Search = Callable[[], object]


class SkippableClock:
    """A monotonic clock that can skip a pause, and is slow otherwise: no cache expires because the machine is busy."""

    def __init__(self) -> None:
        self._clock, self._started_s, self.skipped_s = time.monotonic, time.monotonic(), 0.0

    def __call__(self) -> float:
        return self._started_s + (self._clock() - self._started_s) / _SLOWNESS + self.skipped_s


def searches(options: argparse.Namespace) -> dict[str, Search]:
    """Return one search of each kind; kinds that need a photo or a recording are left out where there is none."""
    import xsearch
    from xsearch.search import suggestions_for

    objects, example, photo = _catalogue(options)
    text = options.text or str(example)
    ask = partial(_searched, xsearch.search, objects)
    filters = _filters(objects, text)
    kinds: dict[str, Search] = {"text": partial(ask, text=text, facets=None)}
    if photo:
        kinds["photo"] = partial(ask, image=photo, facets=None)
        kinds["photo + text"] = partial(ask, image=photo, text=text, facets=None)
    if options.recording:
        kinds["voice"] = partial(ask, audio=options.recording.read_bytes(), facets=None)
    kinds["filters + facets"] = partial(ask, text=text, filters=filters)
    kinds["like"] = partial(ask, like=[example], facets=None)
    kinds["search_all"] = partial(_searched, xsearch.search_all, text=text)
    kinds["suggest"] = partial(suggestions_for, objects, text[:4])
    return kinds


def _catalogue(options: argparse.Namespace) -> tuple[Any, Any, bytes | None]:
    """Return all objects of the model, the one in the middle, and a photo."""
    from django.apps import apps
    from django.db import models

    objects = apps.get_model(options.model)._default_manager.order_by("pk")
    example = objects[objects.count() // 2 : objects.count() // 2 + 1].get()
    if options.photo:
        return objects.order_by(), example, options.photo.read_bytes()
    for field in example._meta.get_fields():
        if isinstance(field, models.ImageField) and (file := getattr(example, field.name)):
            with file.storage.open(file.name) as stream:
                return objects.order_by(), example, stream.read()
    return objects.order_by(), example, None


def _filters(objects: Any, text: str) -> dict[str, Any]:
    """Return a filter on the first value of the first facet that the search for ``text`` counts."""
    import xsearch

    facets = xsearch.search(objects, text=text).facets
    return next(({name: values[0].value} for name, values in facets.items() if values), {})


def _searched(function: Callable[..., Any], *args: Any, **asked: Any) -> object:
    results = function(*args, **asked)
    return results.hits, results.total, results.facets


def statements(search: Search) -> dict[str, int]:
    """Run ``search`` once; return how many statements it makes, and how many read the encoder spaces."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        search()
    made = [query["sql"] for query in captured.captured_queries]
    return {"statements": len(made), "of_spaces": sum(SPACES_TABLE in sql for sql in made)}


def measure(kinds: dict[str, Search], clock: SkippableClock, pause_s: float) -> dict[str, dict[str, dict[str, int]]]:
    """Return the counts by kind: of the second search ("warm"), and of the first one after the pause."""
    found = {}
    for kind, search in kinds.items():
        search()
        warm = statements(search)
        clock.skipped_s += pause_s
        found[kind] = {"warm": warm, "after_pause": statements(search)}
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one line for each kind of search."""
    parser = argparse.ArgumentParser(description="Count the SQL statements of one search, by kind of search.")
    parser.add_argument("--model", default="shop.Product", metavar="app.Model")
    parser.add_argument("--text", help="words to search for; default: the title of one object")
    parser.add_argument("--photo", type=Path, help="default: the photo of that object")
    parser.add_argument("--recording", type=Path, help="a spoken query; without it, voice is left out")
    parser.add_argument("--pause", type=float, default=400.0, metavar="SECONDS", help="skipped, not waited for")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    # Caches bind the clock when they are imported.
    clock = SkippableClock()
    time.monotonic = clock
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    import django

    django.setup()
    found = measure(searches(options), clock, options.pause)
    sys.stdout.write(json.dumps(found, indent=2) + "\n" if options.json else as_table(found))


def as_table(found: dict[str, dict[str, dict[str, int]]]) -> str:
    """Return a heading and one line for each kind."""
    lines = [f"{'':18}{'warm':>6}{'of spaces':>11}{'after a pause':>15}{'of spaces':>11}"]
    for kind, counts in found.items():
        warm, later = counts["warm"], counts["after_pause"]
        lines.append(
            f"{kind:18}{warm['statements']:>6}{warm['of_spaces']:>11}{later['statements']:>15}{later['of_spaces']:>11}"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
