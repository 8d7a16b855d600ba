"""How conditions read on the page, in the language of the page."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from xsearch.understanding.conditions import Condition
    from xsearch.understanding.lexicon import Lexicon


def label_of(condition: Condition, lexicon: Lexicon) -> str:
    """Return "Price: at most 50", "Colour: red", "not black", "without sleeves"."""
    if condition.field is None:
        return _("without “%(words)s”") % {"words": condition.values[0]}
    field = str(lexicon.titles.get(condition.field, condition.field))
    if condition.op in ("is", "is_not"):
        readable = [lexicon.label(condition.field, value) for value in condition.values]
        texts = {"field": field, "value": _(" or ").join(readable)}
        return (_("%(field)s: %(value)s") if condition.op == "is" else _("%(field)s: not %(value)s")) % texts
    numbers = [_plain(number) for number in condition.values]
    patterns = {
        "at_most": _("%(field)s: at most %(least)s"),
        "at_least": _("%(field)s: at least %(least)s"),
        "between": _("%(field)s: %(least)s to %(greatest)s"),
        "about": _("%(field)s: about %(least)s"),
    }
    return patterns[condition.op] % {"field": field, "least": numbers[0], "greatest": numbers[-1]}


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
