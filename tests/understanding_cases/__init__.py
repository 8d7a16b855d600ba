"""Written cases of query understanding: what the code was tuned to, and what was held out."""

from tests.understanding_cases import held_out, written

TABLES = {"written before the code": written.CASES, "held out": held_out.CASES}
