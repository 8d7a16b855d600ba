"""A real, tiny encoder for tests of the API and the widgets: photos and words meet in their colour."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from xsearch.encoders.base import Encoder, Vectors, normalise

COLOURS = {
    "red": (200, 30, 40),
    "green": (40, 140, 70),
    "blue": (40, 70, 190),
    "yellow": (235, 200, 50),
    "black": (25, 25, 28),
}


class ColourEncoder(Encoder):
    """Compares the middle of a photo, or the colour words of a text, with five colours."""

    dimension = len(COLOURS)
    modalities = frozenset({"text", "image"})
    fingerprint = "test-colours-1"

    def encode_batch(self, modality: str, items: Sequence[Any]) -> Vectors:
        """Return one weight per colour."""
        encode = self._text if modality == "text" else self._image
        return normalise(np.array([encode(item) for item in items], dtype=np.float32))

    def _text(self, text: str) -> list[float]:
        return [float(name in text.lower()) for name in COLOURS]

    def _image(self, image: Any) -> Any:
        pixel = np.array(image.resize((9, 9)))[4, 4].astype(float)
        distances = np.array([np.linalg.norm(pixel - np.array(colour)) for colour in COLOURS.values()])
        return np.exp(-distances / 25)
