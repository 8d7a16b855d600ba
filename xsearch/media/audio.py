"""Recordings from browsers and shops decoded to 16 kHz mono float32, in memory, by PyAV."""

from __future__ import annotations

import io
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
from django.utils.translation import gettext as _

from xsearch.conf import settings
from xsearch.media.source import (
    AudioUnavailable,
    MediaError,
    MediaUnreadable,
    MediaUnsupported,
    Source,
    read_bytes,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.audio.frame import AudioFrame
    from av.container import InputContainer
    from numpy.typing import NDArray

RATE_HZ = 16_000
#: A damaged recording is refused if less than this could be decoded.
DAMAGED_MIN_S = 0.3

#: FFmpeg opens formats that hold sound in one file, and none that refers to other files or the network.
_OPTIONS = {
    "format_whitelist": "matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,ogg,wav,w64,mp3,flac,aac",
    "protocol_whitelist": "none",
    "probesize": "1000000",
}
_RATES_HZ = range(4_000, 384_001)
_MAX_CHANNELS = 32


@dataclass(frozen=True)
class Waveform:
    """Sound as float32 samples, shape (n,), mono, in [-1, 1]."""

    samples: NDArray[np.float32]
    rate_hz: int = RATE_HZ

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.rate_hz


def load_audio(source: Source, *, max_bytes: int | None = None, max_seconds: float | None = None) -> Waveform:
    """Decode WebM, MP4/M4A, Ogg, WAV, MP3, FLAC or AAC to 16 kHz mono, in memory only.

    A truncated recording is used as far as it could be decoded. The limits default to ``AUDIO_MAX_BYTES``
    and ``QUERY_AUDIO_MAX_SECONDS``; decoding stops at the limit. Raises ``MediaTooLarge``,
    ``MediaUnsupported`` or ``MediaUnreadable``.
    """
    content = read_bytes(source, settings.AUDIO_MAX_BYTES if max_bytes is None else max_bytes)
    limit_s = settings.QUERY_AUDIO_MAX_SECONDS if max_seconds is None else max_seconds
    samples, damaged = _decode(content, limit_s)
    if len(samples) == 0 or (damaged and len(samples) < DAMAGED_MIN_S * RATE_HZ):
        raise _damaged()
    return Waveform(np.nan_to_num(samples, posinf=1.0, neginf=-1.0).clip(-1.0, 1.0))


def _decode(content: bytes, max_seconds: float) -> tuple[NDArray[np.float32], bool]:
    """Return the samples, and True if the recording is damaged."""
    av = _import_av()
    try:
        container = av.open(io.BytesIO(content), mode="r", options=_OPTIONS, metadata_errors="replace")
    except (av.FFmpegError, ValueError, EOFError) as error:
        raise _unreadable(content) from error
    with container:
        if not len(container.streams):
            raise _damaged()
        if not container.streams.audio:
            raise MediaUnsupported(_("The file has no sound. Record again or choose a recording."))
        frames = _Frames(container)
        try:
            return _collect(frames, max_seconds), frames.damaged
        except av.FFmpegError as error:  # the resampler's: frames that contradict themselves
            raise _damaged() from error


def _collect(frames: _Frames, max_seconds: float) -> NDArray[np.float32]:
    parts = [np.zeros(0, np.float32)]
    count = 0
    for part in _resample(frames):
        parts.append(part)
        count += len(part)
        if count > int(max_seconds * RATE_HZ):
            limit = {"limit": f"{max_seconds:g}"}
            raise MediaUnreadable(_("The recording is longer than %(limit)s seconds. Make it shorter.") % limit)
    return np.concatenate(parts)


class _Frames:
    """Decoded frames of the first audio stream; damage sets ``damaged`` and raises nothing."""

    def __init__(self, container: InputContainer) -> None:
        self.container = container
        self.damaged = False

    def __iter__(self) -> Iterator[AudioFrame]:
        import av

        packets = self.container.demux(self.container.streams.audio[0])
        while True:
            try:
                packet = next(packets)
                frames = packet.decode()
            except (StopIteration, EOFError):
                return
            except av.InvalidDataError:
                self.damaged = True  # one broken packet: the next may be fine
                continue
            except (av.FFmpegError, ValueError):
                self.damaged = True
                return
            yield from frames


def _resample(frames: _Frames) -> Iterator[NDArray[np.float32]]:
    """Convert frames to mono at ``RATE_HZ``, even if their format changes midway."""
    import av

    for _format, alike in groupby(frames, key=lambda frame: (frame.format.name, frame.layout.name, frame.sample_rate)):
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
        for frame in alike:
            if frame.sample_rate not in _RATES_HZ or frame.layout.nb_channels > _MAX_CHANNELS:
                raise _damaged()
            frame.pts = None  # gaps in time stamps confuse the resampler
            yield from map(_samples, resampler.resample(frame))
        yield from map(_samples, resampler.resample(None))


def _samples(frame: AudioFrame) -> NDArray[np.float32]:
    return frame.to_ndarray().reshape(-1).astype(np.float32)


def _import_av() -> Any:
    try:
        import av
    except ImportError as error:
        reason = _("Recordings cannot be read on this server. Install: pip install 'django-xsearch[voice]'")
        raise AudioUnavailable(reason) from error
    return av


def _damaged() -> MediaUnreadable:
    return MediaUnreadable(_("The recording is damaged or too short. Record it again."))


def _unreadable(content: bytes) -> MediaError:
    """Return the error for bytes that cannot be decoded: "damaged" if the signature is that of a recording."""
    head = content[:12]
    known = head.startswith((b"\x1aE\xdf\xa3", b"OggS", b"fLaC", b"ID3"))
    is_wave = head[:4] == b"RIFF" and head[8:12] == b"WAVE"
    is_mp4 = head[4:8] == b"ftyp" and head[8:12] not in (b"avif", b"avis", b"heic", b"mif1")
    is_mpeg = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 6 in (2, 4)
    if known or is_wave or is_mp4 or is_mpeg:
        return _damaged()
    return MediaUnsupported(
        _("This is not a recording that can be read. Allowed are WebM, MP4, M4A, Ogg, WAV, MP3, FLAC, AAC.")
    )
