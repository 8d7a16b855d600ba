"""A few products with drawn photos."""

import io
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from PIL import Image, ImageDraw

from catalogue.models import Category, Product

COLOURS = {"red": (200, 40, 40), "blue": (40, 80, 200), "green": (40, 150, 70)}
#: Kind and colour → the title in English and in Chinese.
TITLES = {
    ("mug", "red"): ("Red mug", "红色马克杯"),
    ("mug", "blue"): ("Blue mug", "蓝色马克杯"),
    ("jacket", "red"): ("Red jacket", "红色夹克"),
    ("jacket", "green"): ("Green jacket", "绿色夹克"),
}
CATEGORIES = {"mug": ("Mugs", "马克杯"), "jacket": ("Jackets", "夹克")}


def language() -> int:
    """Return the place of the shop's language in the pairs above."""
    return int(settings.LANGUAGE_CODE == "zh-hans")


def drawing(kind: str, colour: str, size: int = 240) -> bytes:
    """Return a JPEG of a thing on a light ground."""
    image = Image.new("RGB", (size, size), (242, 240, 236))
    draw, unit = ImageDraw.Draw(image), size / 10
    if kind == "mug":
        draw.rectangle((2.5 * unit, 3 * unit, 6.5 * unit, 8 * unit), fill=COLOURS[colour])
        draw.ellipse((6 * unit, 4 * unit, 8.5 * unit, 7 * unit), outline=COLOURS[colour], width=int(unit / 2))
    else:
        draw.polygon(
            [(unit * x, unit * y) for x, y in ((3, 2), (7, 2), (9, 6), (7, 9), (3, 9), (1, 6))], fill=COLOURS[colour]
        )
    stream = io.BytesIO()
    image.save(stream, "JPEG")
    return stream.getvalue()


def stock() -> dict[str, Product]:
    """Save all products, and return them by their English titles."""
    made = {}
    for number, ((kind, colour), titles) in enumerate(TITLES.items()):
        category, _ = Category.objects.get_or_create(name=CATEGORIES[kind][language()])
        photo = ContentFile(drawing(kind, colour), name=f"{kind}-{colour}.jpg")
        made[titles[0]] = Product.objects.create(
            **_titles(titles), category=category, colour=colour, price=10 + 5 * number, photo=photo
        )
    return made


def _titles(titles: tuple[str, str]) -> dict[str, Any]:
    if "translated" in settings.TRAITS:
        return {"title_en": titles[0], "title_zh_hans": titles[1]}
    return {"title": titles[language()]}
