"""Written cases of query understanding: what was tuned to, and what was held out."""

from tests.understanding_cases.written import CASES

TABLES = {"written": CASES}
