"""Preprocessing that encoders of photos and sounds share: a limit of proportions, and resampling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from xsearch.encoders.base import EncoderError

if TYPE_CHECKING:
    from xsearch.media import Waveform

#: Photos are cropped to this aspect ratio before their shorter side is scaled up: a line of pixels would fill memory.
MAX_ASPECT = 8
_QUIET = 1e-3  # peak under which a recording is silence


def crop_to_aspect(image: Image.Image, max_aspect: int) -> Image.Image:
    """Return the middle of an image that is longer than ``max_aspect`` times its width; other images are unchanged."""
    longest = max_aspect * min(image.size)
    if max(image.size) <= longest:
        return image
    width, height = (min(side, longest) for side in image.size)
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def first_window(waveform: Waveform, rate_hz: int, max_samples: int) -> NDArray[np.float32] | None:
    """Return the first ``max_samples`` samples of a sound at ``rate_hz``, or None for silence.

    SoX resamples: it leaves nothing above the recording's own frequencies, which models would notice. Raises
    ``EncoderError`` without the package soxr.
    """
    samples = waveform.samples
    if waveform.rate_hz != rate_hz:
        samples = _import_soxr().resample(samples, waveform.rate_hz, rate_hz)
    samples = samples[:max_samples]
    return None if np.abs(samples).max(initial=0.0) < _QUIET else samples


def _import_soxr() -> Any:
    try:
        import soxr  # type: ignore[import-untyped]
    except ImportError as error:
        raise EncoderError("Sounds need the package soxr. Install it: pip install 'django-xsearch[sound]'") from error
    return soxr
