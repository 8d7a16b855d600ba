"""What can be wrong with an upload, each with its HTTP status; the text is meant for the customer."""

from __future__ import annotations

from typing import ClassVar


class MediaError(Exception):
    """A picture or recording cannot be used."""

    code: ClassVar[str] = "media_error"
    status: ClassVar[int] = 422


class MediaTooLarge(MediaError):  # noqa: N818 - named like the HTTP status it becomes
    """More bytes than allowed."""

    code = "too_large"
    status = 413


class MediaUnsupported(MediaError):  # noqa: N818 - named like the HTTP status it becomes
    """Not a picture or recording of a kind that we read."""

    code = "unsupported_media"
    status = 415


class MediaUnreadable(MediaError):  # noqa: N818 - named like the HTTP status it becomes
    """Of the right kind, but broken, empty or out of bounds (pixels, seconds)."""

    code = "unreadable_media"
    status = 422


class AudioUnavailable(MediaUnsupported):
    """Recordings cannot be read on this server because a package is missing."""

    code = "audio_unavailable"
