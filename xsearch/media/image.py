"""Pictures from customers and shops decoded to upright RGB pixels without any metadata."""

from __future__ import annotations

import io
import math
import threading
import warnings
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any

import numpy as np
from django.utils.translation import gettext as _
from PIL import ExifTags, Image, ImageOps

from xsearch.conf import settings
from xsearch.media.source import MediaError, MediaUnreadable, MediaUnsupported, Source, read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Formats that Pillow may open; its JPEG reader also opens several JPEGs in one file (MPO).
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
#: JPEGs are decoded at a half, quarter or eighth of their size as long as both sides keep this many pixels.
DRAFT_SIDE = 512

_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def load_image(source: Source, *, max_bytes: int | None = None, max_pixels: int | None = None) -> Image.Image:
    """Decode a picture to upright RGB without metadata: first frame, on white where it is transparent.

    Large JPEGs come out at a fraction of their size (see ``DRAFT_SIDE``). The limits default to
    ``IMAGE_MAX_BYTES`` and ``IMAGE_MAX_PIXELS``. Raises ``MediaTooLarge``, ``MediaUnsupported`` or
    ``MediaUnreadable``.
    """
    content = read_bytes(source, settings.IMAGE_MAX_BYTES if max_bytes is None else max_bytes)
    limit = settings.IMAGE_MAX_PIXELS if max_pixels is None else max_pixels
    with _pillow_warnings_silenced():
        try:
            return _decode(content, limit)
        except MediaError:
            raise
        except Image.DecompressionBombError as error:
            raise _too_many_pixels(limit) from error
        except Exception as error:  # Pillow's plugins raise nearly anything for broken files
            raise _unreadable(content) from error


def crop_image(image: Image.Image, box: tuple[float, float, float, float]) -> Image.Image:
    """Cut out ``box`` = (x, y, width, height) in fractions of the upright image, at least one pixel."""
    if len(box) != 4 or not all(math.isfinite(value) for value in box):
        raise ValueError(_("A crop has four numbers: x, y, width, height, as fractions of the picture (0 to 1)."))
    x, y, width, height = box
    slack = 1e-3  # fractions rounded by a browser
    if min(x, y) < 0 or min(width, height) <= 0 or max(x + width, y + height) > 1 + slack or max(x, y) >= 1:
        raise ValueError(_("The crop must lie inside the picture: x + width and y + height at most 1, none negative."))
    left, top = math.floor(x * image.width), math.floor(y * image.height)
    right = min(image.width, max(left + 1, round((x + width) * image.width)))
    bottom = min(image.height, max(top + 1, round((y + height) * image.height)))
    return image.crop((left, top, right, bottom))


def _decode(content: bytes, max_pixels: int) -> Image.Image:
    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        if image.width * image.height > max_pixels:
            raise _too_many_pixels(max_pixels)
        if image.format in ("JPEG", "MPO"):
            image.draft(image.mode, (DRAFT_SIDE, DRAFT_SIDE))
        image.load()
        orientation = None
        with suppress(Exception):  # hostile EXIF raises nearly anything; it counts as upright
            orientation = int(image.getexif()[ExifTags.Base.Orientation])
        pixels = _to_rgb(image)
        if type(pixels) is not Image.Image:
            pixels = pixels.copy()  # a plain image, which keeps neither the file nor its metadata
        pixels.info = {}
        if orientation:
            pixels.getexif()[ExifTags.Base.Orientation] = orientation
            pixels = ImageOps.exif_transpose(pixels)
        return pixels


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":
        image = _to_eight_bits(image)
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        white.alpha_composite(image.convert("RGBA"))
        image = white
    return image if image.mode == "RGB" else image.convert("RGB")


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Scale 16-bit, 32-bit and float greys to 0…255 (Pillow's ``convert`` would clip them)."""
    values: np.ndarray[Any, Any] = np.nan_to_num(np.asarray(image, dtype=np.float32), posinf=0, neginf=0)
    brightest = max(float(values.max()), 0.0)
    full_scales = (65535.0,) if image.mode.startswith("I;16") else (1.0, 255.0, 65535.0)
    scale = next((full for full in full_scales if brightest <= full), brightest)
    return Image.fromarray((values.clip(0, scale) * (255 / scale)).round().astype(np.uint8))


def _too_many_pixels(max_pixels: int) -> MediaUnreadable:
    limit = {"limit": f"{max_pixels / 1e6:.3g}"}
    return MediaUnreadable(_("The picture has more than %(limit)s megapixels. Send a smaller copy.") % limit)


def _unreadable(content: bytes) -> MediaError:
    """Return the error for bytes that cannot be decoded: "damaged" if the signature is that of a picture."""
    head = content[:16]
    is_webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    is_avif = head[4:12] in (b"ftypavif", b"ftypavis")
    if head.startswith(_SIGNATURES) or is_webp or is_avif:
        return MediaUnreadable(_("The picture is damaged or incomplete. Choose another one or take it again."))
    return MediaUnsupported(
        _("This is not a picture that can be read. Allowed are JPEG, PNG, WebP, GIF, BMP, TIFF and AVIF.")
    )


_silence_lock = threading.Lock()
_silence_users = 0
_silence = ExitStack()


@contextmanager
def _pillow_warnings_silenced() -> Iterator[None]:
    """Keep Pillow's warnings about odd files out of the shop's logs, in any number of threads at once.

    ``warnings.catch_warnings`` replaces a global list, and threads that overlap would restore each other's. So the
    first thread replaces it and the last one restores it.
    """
    global _silence_users
    with _silence_lock:
        _silence_users += 1
        if _silence_users == 1:
            _silence.enter_context(warnings.catch_warnings())
            warnings.filterwarnings("ignore", module=r"PIL\.")
    try:
        yield
    finally:
        with _silence_lock:
            _silence_users -= 1
            if _silence_users == 0:
                _silence.close()
