"""Measures: one lexeme for "500 ml", "0.5 l", "0.5升" and "500毫升"."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

_UNITS = """
    mm cm m km in inch inches ft yd mg g kg oz lb lbs ml cl l litre litres w kw v mv kv ma mah wh hz khz mhz
    ghz kb mb gb tb mp px dpi fps k p pc pcs pack packs piece pieces ply pair pairs tog gsm denier
"""
#: Chinese units by their international sign; they follow the number without a space.
CHINESE_UNITS = {
    "毫米": "mm", "厘米": "cm", "公分": "cm", "米": "m", "公里": "km", "千米": "km", "英寸": "in", "寸": "in",
    "毫克": "mg", "克": "g", "千克": "kg", "公斤": "kg", "毫升": "ml", "升": "l", "瓦": "w", "千瓦": "kw", "伏": "v",
    "毫安": "ma", "毫安时": "mah",
}  # fmt: skip
_SAME = {
    "inch": "in", "inches": "in", "lbs": "lb", "litre": "l", "litres": "l", "pc": "pcs", "piece": "pcs",
    "pieces": "pcs", "packs": "pack", "pairs": "pair", "foot": "ft", "feet": "ft", "ounce": "oz", "ounces": "oz",
    "kilo": "kg", "kilos": "kg",
    **{
        word + plural: sign
        for words, sign in (
            ("liter", "l"), ("millilitre milliliter", "ml"), ("metre meter", "m"), ("centimetre centimeter", "cm"),
            ("millimetre millimeter", "mm"), ("gram", "g"), ("kilogram", "kg"), ("watt", "w"), ("volt", "v"),
            ("gigabyte", "gb"), ("terabyte", "tb"),
        )
        for word in words.split()
        for plural in ("", "s")
    },
}  # fmt: skip
#: Units that shops write with and without a space after the number.
UNITS = frozenset({*_UNITS.split(), *_SAME})
#: How many of the smaller unit make one; grams and terabytes by their decimal prefix, as shops count them.
_SMALLER: dict[str, tuple[str, int | Decimal]] = {
    "l": ("ml", 1000), "cl": ("ml", 10), "kg": ("g", 1000), "mg": ("g", Decimal("0.001")), "cm": ("mm", 10),
    "m": ("mm", 1000), "kw": ("w", 1000), "kv": ("v", 1000), "tb": ("gb", 1000), "ghz": ("mhz", 1000),
}  # fmt: skip


def measure(number: str, unit: str) -> str:
    """Return a quantity in the unit that all ways to write it share: ("0.5", "l") → "500ml"."""
    unit = _SAME.get(unit, unit)
    smaller, factor = _SMALLER.get(unit, (unit, 1))
    try:
        value = (Decimal(number) * factor).normalize()
    except InvalidOperation:
        return number + unit
    return f"{value:f}{smaller}" if len(number) < 10 else number + unit
