"""``XSEARCH_DATA=… python -m tests.composition [--fit]``: makes a database of its own, and drops it again."""

import os
import sys
import tempfile
from itertools import product
from pathlib import Path

import django
from django.db import connection
from django.test import override_settings
from django.test.utils import setup_databases, teardown_databases

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from tests.composition import measure, pairs  # noqa: E402
from tests.support.searching import index_all  # noqa: E402

GRID = {"strength": (1.0, 1.25, 1.5), "unsayable": (0.0, 0.1, 0.2, 0.3)}
REPORTED = [(1, "en"), (1, "zh")]


def main(fit):
    sets = {"demo": pairs.demo_pairs()}
    if os.environ.get("XSEARCH_DATA"):
        sets["clothing"] = pairs.clothing_pairs(Path(os.environ["XSEARCH_DATA"]))
    else:
        print("XSEARCH_DATA is unset: no photos of clothes")
    connection.settings_dict["TEST"]["NAME"] = "composition"  # beside that of the tests
    old = setup_databases(verbosity=0, interactive=False)
    try:
        with tempfile.TemporaryDirectory() as folder, override_settings(MEDIA_ROOT=folder):
            shown = {name: all_of for name, (all_of, _pairs) in sets.items()}
            for name, all_of in shown.items():
                measure.load(name, all_of)
            index_all()
            cases = [case for name, (_shown, asked) in sets.items() for case in measure.cases_of(name, asked)]
            # Settings are chosen by one half and one language, and reported on the other half in both.
            chosen = [case for case in cases if (case.half, case.language) in ([(0, "en")] if fit else REPORTED)]
            report(chosen, shown, grid() if fit else measure.CONFIGURATIONS)
    finally:
        teardown_databases(old, verbosity=0)


def grid():
    found = (dict(zip(GRID, values, strict=True)) for values in product(*GRID.values()))
    return {" ".join(f"{name} {value}" for name, value in each.items()): ({"COMPOSITION": each}, {}) for each in found}


def report(cases, shown, configurations):
    groups = sorted({(case.set, case.language) for case in cases}, reverse=True)
    counts = [sum((case.set, case.language) == group for case in cases) for group in groups]
    width = max(map(len, configurations))
    heads = [f"{name} {language} ({count})" for (name, language), count in zip(groups, counts, strict=True)]
    print(" " * width, *(f"{head:>18}" for head in heads), f"{'mean':>8}")
    for name, configuration in configurations.items():
        found = measure.first_right(cases, shown, configuration)
        shares = [
            sum(right for right, case in zip(found, cases, strict=True) if (case.set, case.language) == group) / count
            for group, count in zip(groups, counts, strict=True)
        ]
        print(
            f"{name:{width}}", *(f"{share:18.1%}" for share in shares), f"{sum(shares) / len(shares):8.1%}", flush=True
        )


main("--fit" in sys.argv[1:])
