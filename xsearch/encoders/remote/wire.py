"""Pictures and sounds as they travel: without loss, and quick to write and to read."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
from PIL import Image

from xsearch.media import Waveform

TYPES = {"image": ("bmp", "image/bmp"), "audio": ("wav", "audio/wav")}

_FLOAT_WAVE = 3  # WAVE_FORMAT_IEEE_FLOAT


def to_bytes(modality: str, item: Any, max_side: int | None) -> bytes:
    """Return a picture or sound as the bytes of a file."""
    return picture_bytes(item, max_side) if modality == "image" else sound_bytes(item)


def picture_bytes(image: Image.Image, max_side: int | None) -> bytes:
    """Return a BMP of ``image``, scaled down to ``max_side`` pixels, which is more than any encoder looks at.

    Uncompressed, for in a local network the compression of PNG takes longer than sending what it saves.
    """
    if max_side and max(image.size) > max_side:
        image = image.copy()
        image.thumbnail((max_side, max_side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    stream = io.BytesIO()
    image.convert("RGB").save(stream, "BMP")
    return stream.getvalue()


def sound_bytes(waveform: Waveform) -> bytes:
    """Return a mono WAV of 32-bit floats, the samples as they are: 16 bits would coarsen quiet sounds."""
    samples = np.asarray(waveform.samples, "<f4")
    content = (samples if len(samples) else np.zeros(1, "<f4")).tobytes()  # a file without sound counts as broken
    rate_hz = waveform.rate_hz
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, _FLOAT_WAVE, 1, rate_hz, 4 * rate_hz, 4, 32)
    chunks = form + struct.pack("<4sI", b"data", len(content)) + content
    return struct.pack("<4sI4s", b"RIFF", 4 + len(chunks), b"WAVE") + chunks
