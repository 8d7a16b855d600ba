"""What encoders of photos share."""

from __future__ import annotations

from PIL import Image

#: A picture whose shorter side is scaled up is cut to this first, or a line of pixels would fill memory.
MAX_ASPECT = 8


def cut_to_aspect(image: Image.Image, max_aspect: int) -> Image.Image:
    """Cut the middle out of a picture that is longer than ``max_aspect`` times its width; others stay as they are."""
    longest = max_aspect * min(image.size)
    if max(image.size) <= longest:
        return image
    width, height = (min(side, longest) for side in image.size)
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))
