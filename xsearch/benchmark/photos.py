"""Made-up photos: nothing to see, but as large and as detailed as what customers send."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageDraw, ImageFilter


def photos(count: int) -> Iterator[bytes]:
    """Yield JPEGs of 800 × 600 pixels with about as much detail as photos have."""
    rng = np.random.default_rng(1)
    for _ in range(count):
        image = Image.new("RGB", (800, 600), tuple(int(c) for c in rng.integers(120, 255, 3)))
        draw = ImageDraw.Draw(image)
        for _ in range(40):
            x, y, width, height = (int(v) for v in rng.integers(0, 500, 4))
            draw.ellipse((x, y, x + width // 2, y + height // 2), fill=tuple(int(c) for c in rng.integers(0, 255, 3)))
        stream = io.BytesIO()
        image.filter(ImageFilter.GaussianBlur(2)).save(stream, "JPEG", quality=85)
        yield stream.getvalue()
