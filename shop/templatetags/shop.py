"""``{% load shop %}``: how the shop writes prices, colours and attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template
from django.utils import formats
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from shop.words import ATTRIBUTES, COLOURS

if TYPE_CHECKING:
    from decimal import Decimal

    from shop.models import Product

register = template.Library()

CURRENCY = "$"


@register.filter
def price(value: Decimal | float | str | None) -> str:
    """Return an amount of money: 1299 → "$1,299.00"; nothing where there is no price."""
    if value in (None, ""):
        return ""
    return CURRENCY + formats.number_format(value, decimal_pos=2, force_grouping=True)


@register.filter
def colour_name(value: str) -> str:
    """Return a colour in the language of the page."""
    return str(COLOURS.get(value.lower(), value))


@register.filter
def attribute_rows(product: Product) -> list[tuple[str, str]]:
    """Return what else is known of a product as (name, value), in the language of the page."""
    attributes = product.attributes if isinstance(product.attributes, dict) else {}
    rows = [(_("Colour"), capfirst(colour_name(product.colour)))] if product.colour else []
    known = [name for name in ATTRIBUTES if name in attributes]
    others = [name for name in attributes if name not in ATTRIBUTES and not name.endswith("_zh")]
    rows += [(_label(name), capfirst(_text(_in_language(attributes, name)))) for name in known + others]
    return [(label, text) for label, text in rows if text]


@register.simple_tag(takes_context=True)
def address_with(context: template.Context, **changes: Any) -> str:
    """Return the query of this page with some parameters changed; empty ones are left out."""
    query = context["request"].GET.copy()
    for name, value in {"page": "", **changes}.items():
        query.pop(name, None)
        if value:
            query[name] = value
    return f"?{query.urlencode()}"


def _label(name: str) -> str:
    return str(ATTRIBUTES.get(name) or capfirst(name.replace("_", " ")))


def _in_language(attributes: dict[str, Any], name: str) -> Any:
    wants_chinese = (get_language() or "en").startswith("zh")
    return attributes.get(f"{name}_zh") or attributes[name] if wants_chinese else attributes[name]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return " · ".join(_text(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_text(item)}" for name, item in value.items())
    return "" if value is None else str(value)
