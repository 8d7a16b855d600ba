"""One JSON object of a catalogue → a checked entry."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from shop.loading.lines import BadLine
from shop.models import Brand, Category, Product

MAX_IMAGES = 50
MAX_NESTING = 40
_PRICE_LIMIT = Decimal(10) ** 10  # Product.price has ten digits before the point
_KNOWN = {"id", "title", "title_zh", "description", "description_zh", "category", "category_zh", "brand",
          "colour", "price", "in_stock", "images", "audio"}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """A product as a catalogue describes it; ``columns`` are the plain fields of ``Product``."""

    line: int
    sku: str
    columns: dict[str, Any]
    category: str
    category_zh: str
    brand: str
    images: tuple[str, ...]
    audio: str
    notes: list[str] = field(default_factory=list)


def parse_entry(line: int, raw: dict[str, Any]) -> Entry:
    """Check every field of ``raw``; raises ``BadLine``, and notes what was only shortened."""
    _check_storable(raw)
    notes: list[str] = []
    columns = {
        "title": _short_text(raw, "title", _length(Product, "title"), notes),
        "title_zh": _short_text(raw, "title_zh", _length(Product, "title_zh"), notes),
        "description": _text(raw, "description"),
        "description_zh": _text(raw, "description_zh"),
        "colour": _short_text(raw, "colour", _length(Product, "colour"), notes),
        "price": _price(raw.get("price")),
        "in_stock": _in_stock(raw.get("in_stock")),
        "attributes": _attributes(raw),
    }
    if not columns["title"]:
        raise BadLine("title is missing; every product needs one")
    return Entry(
        line=line,
        sku=_sku(raw.get("id")),
        columns=columns,
        category=_short_text(raw, "category", _length(Category, "name"), notes),
        category_zh=_short_text(raw, "category_zh", _length(Category, "name_zh"), notes),
        brand=_short_text(raw, "brand", _length(Brand, "name"), notes),
        images=_images(raw.get("images")),
        audio=_text(raw, "audio"),
        notes=notes,
    )


def _length(model: type[Product | Category | Brand], name: str) -> int:
    return int(model._meta.get_field(name).max_length)


def _sku(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is None or value == "":
        raise BadLine("id is missing; every product needs one of its own")
    if not isinstance(value, str):
        raise BadLine("id must be a string or a whole number")
    sku, limit = value.strip(), _length(Product, "sku")
    if not sku.isprintable() or not sku:
        raise BadLine("id must consist of visible characters")
    if len(sku) > limit:
        raise BadLine(f"id is longer than {limit} characters")
    return sku


def _text(raw: dict[str, Any], name: str) -> str:
    value = raw.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadLine(f"{name} must be a string, not {value!r:.60}")
    return value.strip()


def _short_text(raw: dict[str, Any], name: str, limit: int, notes: list[str]) -> str:
    """Return a text of one line; what is too long for its column is cut at a word, with a note."""
    text = " ".join(_text(raw, name).split())
    if len(text) <= limit:
        return text
    notes.append(f"{name} has {len(text)} characters and was cut to {limit}")
    cut = text[: limit - 1]
    words = cut.rpartition(" ")[0]
    return f"{words if len(words) > limit // 2 else cut}…"


def _price(value: object) -> Decimal | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise BadLine(f"price must be a number such as 19.99, not {value!r:.60}")
    try:
        price = Decimal(str(value).strip())
    except InvalidOperation as error:
        raise BadLine(f"price must be a number such as 19.99, not {value!r:.60}") from error
    if not price.is_finite() or price < 0 or price >= _PRICE_LIMIT:
        raise BadLine(f"price must be between 0 and {_PRICE_LIMIT - 1}, not {value!r:.60}")
    return abs(price.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)).min(_PRICE_LIMIT - Decimal("0.01"))


def _in_stock(value: object) -> bool:
    if value is None:
        return True
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and value >= 0:
        return value > 0
    raise BadLine(f"in_stock must be true, false or the number of pieces, not {value!r:.60}")


def _images(value: object) -> tuple[str, ...]:
    if value is None or value == "":
        return ()
    paths = [value] if isinstance(value, str) else value
    if not isinstance(paths, list) or not all(isinstance(path, str) and path for path in paths):
        raise BadLine('images must be a list of paths such as ["images/a1.jpg"]')
    if len(paths) > MAX_IMAGES:
        raise BadLine(f"{len(paths)} images are too many for one product; at most {MAX_IMAGES} are allowed")
    return tuple(dict.fromkeys(paths))


def _attributes(raw: dict[str, Any]) -> dict[str, Any]:
    """Everything that is no column of its own; a dict named ``attributes`` is taken as it is."""
    rest = {name: value for name, value in raw.items() if name not in _KNOWN}
    nested = rest.get("attributes")
    if isinstance(nested, dict):
        del rest["attributes"]
        rest = {**nested, **rest}
    return rest


def _check_storable(value: object, depth: int = 0) -> None:
    """Refuse what PostgreSQL cannot keep in text or jsonb: NUL, half characters, infinite numbers."""
    if depth > MAX_NESTING:
        raise BadLine("the JSON is nested too deeply")
    if isinstance(value, str) and ("\0" in value or any("\ud800" <= char <= "\udfff" for char in value)):
        raise BadLine(r"a text contains \u0000 or half of a surrogate pair; remove it")
    if isinstance(value, float) and not math.isfinite(value):
        raise BadLine("a number is too large")
    if isinstance(value, dict):
        for name, item in value.items():
            _check_storable(name, depth + 1)
            _check_storable(item, depth + 1)
    if isinstance(value, list):
        for item in value:
            _check_storable(item, depth + 1)
