"""Uploads as bytes: read from memory, a path or a file object up to a limit, and the errors that refuse them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO, ClassVar

from django.utils.translation import gettext as _

Source = bytes | bytearray | memoryview | str | os.PathLike[str] | BinaryIO


class MediaError(Exception):
    """A picture or recording cannot be used; ``status`` is the HTTP status, the text is meant for the customer."""

    code: ClassVar[str] = "media_error"
    status: ClassVar[int] = 422


class MediaTooLarge(MediaError):  # noqa: N818 - named like the HTTP status it becomes
    """More bytes than allowed."""

    code = "too_large"
    status = 413


class MediaUnsupported(MediaError):  # noqa: N818 - named like the HTTP status it becomes
    """Not a format of pictures or recordings that is supported."""

    code = "unsupported_media"
    status = 415


class MediaUnreadable(MediaError):  # noqa: N818 - named like the HTTP status it becomes
    """A supported format, but damaged, empty or over a limit (pixels, seconds)."""

    code = "unreadable_media"


class AudioUnavailable(MediaUnsupported):
    """Recordings cannot be read on this server because a package is missing."""

    code = "audio_unavailable"


def read_bytes(source: Source, max_bytes: int) -> bytes:
    """Return the content of ``source``; a file object is read from its current position and left open.

    Raises ``MediaTooLarge`` above ``max_bytes`` and ``MediaUnreadable`` for an empty or missing file.
    """
    content = _content(source, max_bytes)
    if len(content) > max_bytes:
        limit = {"limit": f"{max_bytes / 2**20:.3g}"}
        raise MediaTooLarge(_("The file is larger than %(limit)s MB. Send a smaller one.") % limit)
    if not content:
        raise MediaUnreadable(_("The file is empty. Choose or record it again."))
    return content


def _content(source: Source, max_bytes: int) -> bytes:
    if isinstance(source, memoryview):
        return bytes(source) if source.nbytes <= max_bytes else source.cast("B")[: max_bytes + 1].tobytes()
    if isinstance(source, bytes | bytearray):
        return bytes(source[: max_bytes + 1])
    try:
        if isinstance(source, str | os.PathLike):
            with Path(source).open("rb") as file:
                return _read(file, max_bytes)
        return _read(source, max_bytes)
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise MediaUnreadable(_("The file cannot be opened: %(reason)s.") % {"reason": error.strerror}) from error


def _read(file: BinaryIO, max_bytes: int) -> bytes:
    """Read to the end or one byte past the limit; raw streams may return less than they are asked for."""
    parts: list[bytes] = []
    left = max_bytes + 1
    while left > 0 and (part := file.read(left)):
        if not isinstance(part, bytes | bytearray | memoryview):
            raise TypeError("The file object returns text, not bytes. Open it in binary mode: open(path, 'rb').")
        parts.append(bytes(part))
        left -= len(part)
    return b"".join(parts)
