"""Named ways to search that can be compared: settings over the project's, and weights of the query."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from xsearch.conf import DEFAULTS
from xsearch.evaluation.metrics import EvaluationError

_NAMED = re.compile(r"\s*([^={},]+?)\s*=\s*(\{.*)", re.DOTALL)
_FORMS = 'text=0,image=1 (weights), {"FUSION": "rrf"} (settings), or NAME={…} (either, with a name)'


@dataclass(frozen=True)
class Configuration:
    """Settings that differ from the project's ``XSEARCH``, and weights as ``xsearch.search`` takes them."""

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)


def parse_configuration(text: str) -> Configuration:
    """Read ``text=0,image=1``, a JSON object, or ``NAME={…}``; keys in capitals are settings, others weights.

    Raises ``EvaluationError`` for what is neither.
    """
    named = _NAMED.fullmatch(text)
    name, body = (named[1], named[2]) if named else (text.strip(), text)
    values = _values(body)
    settings = {key: value for key, value in values.items() if key.isupper()}
    unknown = sorted(set(settings) - set(DEFAULTS))
    if unknown:
        raise EvaluationError(f"Unknown settings: {', '.join(unknown)}. Known: {', '.join(DEFAULTS)}.")
    return Configuration(
        name, settings, {key: _weight(key, value) for key, value in values.items() if key not in settings}
    )


def _values(body: str) -> dict[str, Any]:
    try:
        found = json.loads(body) if body.lstrip().startswith("{") else _pairs(body)
    except (ValueError, RecursionError) as error:
        raise EvaluationError(f"{body!r} is no configuration ({error}). Write {_FORMS}.") from error
    if not found:
        raise EvaluationError(f"{body!r} is no configuration: it changes nothing. Write {_FORMS}.")
    return dict(found)


def _pairs(body: str) -> dict[str, float]:
    pairs = (pair.partition("=") for pair in body.split(",") if pair.strip())
    return {name.strip(): float(number) for name, _, number in pairs}


def _weight(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise EvaluationError(f"The weight of {name!r} must be a number from 0 to 100, not {value!r}.")
    return float(value)
