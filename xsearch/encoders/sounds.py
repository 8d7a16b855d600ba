"""What encoders of sounds share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from xsearch.encoders.base import EncoderError

if TYPE_CHECKING:
    from xsearch.media import Waveform

_QUIET = 1e-3  # peak under which a recording is silence


def hear(waveform: Waveform, rate_hz: int, max_samples: int) -> NDArray[np.float32] | None:
    """Return the beginning of a sound at ``rate_hz``, at most ``max_samples``, or None for silence.

    Resampled by SoX: above the recording's own frequencies it leaves nothing, which models notice. Raises
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
