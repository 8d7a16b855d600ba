"""Uploads of customers: kept in memory, never on disk, and refused above their limit.

Under ASGI, Django itself writes bodies above ``FILE_UPLOAD_MAX_MEMORY_SIZE`` to a temporary file before any
view runs: set it above ``IMAGE_MAX_BYTES`` plus ``AUDIO_MAX_BYTES`` there. Under WSGI nothing is needed.
"""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Iterable
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopUpload
from django.http import HttpRequest
from django.utils.translation import gettext as _

from xsearch.conf import settings
from xsearch.errors import BadQuery
from xsearch.media import MediaTooLarge

#: Limit of the fields that are no files, and of a request without files.
FIELDS_MAX_BYTES = 1024 * 1024
_DRAIN_CHUNK_BYTES = 64 * 1024
#: Up to here an oversized body is read and dropped, so that the client sees the answer and no broken pipe.
_DRAIN_MAX_BYTES = 128 * 1024 * 1024


def max_bytes_of(field_name: str) -> int:
    """Return the limit of the file in ``field_name``."""
    return int(settings.IMAGE_MAX_BYTES if field_name == "image" else settings.AUDIO_MAX_BYTES)


class MemoryUploadHandler(FileUploadHandler):
    """Keeps the expected files in memory and stops reading at the limit of each."""

    def __init__(self, fields: Iterable[str]) -> None:
        super().__init__()
        self.fields = tuple(fields)
        self.too_large: str | None = None
        self.unexpected: list[str] = []

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file; skip one in an unexpected field."""
        super().new_file(*args, **kwargs)
        self.buffer = io.BytesIO()
        if self.field_name not in self.fields:
            self.unexpected.append(str(self.field_name))
            raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep a chunk of the file; above the limit, stop reading the request."""
        if start + len(raw_data) > max_bytes_of(str(self.field_name)):
            self.too_large = self.field_name
            self.buffer = io.BytesIO()
            raise StopUpload(connection_reset=False)
        self.buffer.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile[bytes]:
        """Return the file under a neutral name; the name on the customer's device is private."""
        self.buffer.seek(0)
        name = str(self.field_name)
        return InMemoryUploadedFile(self.buffer, name, name, self.content_type, file_size, self.charset)

    def check(self) -> None:
        """Raise the problem that was found while reading, if any."""
        if self.too_large:
            raise _too_large(max_bytes_of(self.too_large))
        if self.unexpected:
            allowed = ", ".join(self.fields) or _("none")
            detail = _("No file is expected in %(name)s. Files are allowed in: %(allowed)s.")
            names = {"name": self.unexpected[0][:60], "allowed": allowed}
            raise BadQuery(detail % names, code="unknown_parameter")


def keep_in_memory(request: HttpRequest, fields: Iterable[str]) -> MemoryUploadHandler:
    """Make ``request`` read its files into memory only; call it before the body is read."""
    handler = MemoryUploadHandler(fields)
    if not hasattr(request, "_files"):  # else a middleware has read the body already
        request.upload_handlers = [handler]
    return handler


def refuse_large_body(request: HttpRequest, fields: Iterable[str]) -> None:
    """Raise ``MediaTooLarge`` for a body that cannot be within the limits, by its declared length."""
    allowed = FIELDS_MAX_BYTES + sum(max_bytes_of(name) for name in fields)
    if request.content_type != "multipart/form-data":
        allowed = allowed * 4 // 3  # base64
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    if "chunked" in request.headers.get("Transfer-Encoding", "").lower() and not length:
        raise BadQuery(_("Send the length of the body (Content-Length) with it."), code="length_required")
    if length <= allowed:
        return
    left = min(length, _DRAIN_MAX_BYTES)
    while left > 0 and (part := request.read(min(left, _DRAIN_CHUNK_BYTES))):
        left -= len(part)
    raise _too_large(max((max_bytes_of(name) for name in fields), default=FIELDS_MAX_BYTES))


def decode_inline(text: str, field_name: str) -> bytes:
    """Return the bytes of a base64 string or ``data:`` URL; raises ``ValueError`` when it is neither."""
    head, comma, rest = text.partition(",")
    if head[:5].lower() == "data:":
        if not comma or not head.lower().endswith(";base64"):
            raise ValueError(_("A data: URL must be base64-encoded (data:image/jpeg;base64,…)."))
        text = rest
    if len(text) // 4 * 3 > max_bytes_of(field_name) + 3:
        raise _too_large(max_bytes_of(field_name))
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(_("Send a file as multipart/form-data, or base64 text or a data: URL.")) from error


def _too_large(max_bytes: int) -> MediaTooLarge:
    detail = _("The file is larger than %(limit)s MB. Send a smaller one.")
    return MediaTooLarge(detail % {"limit": f"{max_bytes / 2**20:.3g}"})
