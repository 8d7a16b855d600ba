"""Contact sheets, to inspect what the renderer draws."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from tools.rendering.kinds import KINDS
from tools.rendering.look import random_look
from tools.rendering.phone import render_customer_photo
from tools.rendering.studio import render_product
from tools.rendering.training import render_training_image


def _picture(mode: str, kind: str, number: int, cell: int) -> Image.Image:
    look = random_look(random.Random(f"{kind}:{number}"), kind=kind)
    if mode == "photo":
        return render_customer_photo(look, seed=number).resize((cell, cell))
    if mode == "training":
        return render_training_image(look, seed=number).resize((cell, cell))
    return render_product(look, size=cell)


def contact_sheet(
    path: Path, *, kinds: Sequence[str] = (), each: int = 1, cell: int = 240, mode: str = "studio", columns: int = 8
) -> Path:
    """Draw `each` products of every kind, or of the kinds given, side by side into one PNG."""
    cells = [(kind, number) for kind in (kinds or list(KINDS)) for number in range(each)]
    columns = min(columns, len(cells))
    sheet = Image.new("RGB", (columns * cell, -(-len(cells) // columns) * cell), "white")
    for place, (kind, number) in enumerate(cells):
        sheet.paste(_picture(mode, kind, number, cell), (place % columns * cell, place // columns * cell))
    sheet.save(path)
    return path
