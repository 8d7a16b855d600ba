"""``python -m tests.understanding_cases`` prints precision and recall; with ``--wrong`` also what went wrong."""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
django.setup()

from tests.understanding_cases import TABLES  # noqa: E402 - after Django
from tests.understanding_cases.score import expected, table, understood  # noqa: E402
from tests.understanding_cases.shop import lexicon  # noqa: E402

known = lexicon()
for title, cases in TABLES.items():
    print(title, table(cases, known), sep="\n", end="\n\n")
    for text, conditions, rest in cases if "--wrong" in sys.argv else ():
        found, interpretation = understood(text, known)
        if found != expected(conditions) or interpretation.text != rest:
            print(f"{text!r}: {sorted(expected(conditions))} {rest!r}, found {sorted(found)} {interpretation.text!r}")
