"""Bodies of requests to the encoder service, read into memory within limits, and the refusal of bad ones."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadhandler import FileUploadHandler
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from xsearch.conf import settings
from xsearch.media import AudioUnavailable, MediaError, load_audio, load_image


class Refusal(Exception):  # noqa: N818 - it is an answer
    """A request that is answered with an HTTP error."""

    def __init__(self, status: int, code: str, detail: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.retry_after_s = status, code, detail, retry_after_s


def read_body(environ: Mapping[str, Any], max_bytes: int) -> bytes:
    """Read the body; raises ``Refusal`` if it is too large or incomplete."""
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        raise Refusal(400, "bad_request", "Content-Length is not a number.") from None
    if not 0 <= length <= max_bytes:
        raise Refusal(413, "too_large", f"The body has {length} bytes; up to {max_bytes} are read.")
    body: bytes = environ["wsgi.input"].read(length)
    if len(body) != length:
        raise Refusal(400, "bad_request", f"The body breaks off after {len(body)} of {length} bytes.")
    return body


def json_of(body: bytes) -> dict[str, Any]:
    """Return the JSON object in ``body``."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise Refusal(400, "bad_request", "The body is not a JSON object in UTF-8.")
    return content


def texts_of(value: Any, name: str) -> list[str]:
    """Return the texts in a list."""
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise Refusal(400, "bad_request", f"'{name}' must be a list of texts.")
    try:
        "".join(value).encode()
    except UnicodeEncodeError:
        raise Refusal(422, "not_encodable", f"'{name}' has half a surrogate pair, which is no text.") from None
    return value


def files_of(environ: Mapping[str, Any], body: bytes) -> list[bytes]:
    """Return the files of a multipart form, in their order, from memory only."""
    handler = _InMemory()
    try:
        MultiPartParser(dict(environ), io.BytesIO(body), [handler]).parse()
    except MultiPartParserError as error:
        problem = f"The body is not a form with files (multipart/form-data): {error}"
        raise Refusal(400, "bad_request", problem) from error
    except SuspiciousOperation as error:
        raise Refusal(413, "too_large", str(error)) from error
    return handler.files


def decoded(modality: str, content: bytes, number: int) -> Any:
    """Decode a photo or sound for an encoder; a ``Refusal`` names its number."""
    try:
        if modality == "image":
            return load_image(content, max_bytes=len(content) + 1)  # the body was bounded
        return load_audio(content, max_bytes=len(content) + 1, max_seconds=settings.PRODUCT_AUDIO_MAX_SECONDS)
    except AudioUnavailable as error:  # nothing is wrong with the recording
        raise Refusal(503, error.code, str(error), retry_after_s=60) from error
    except MediaError as error:
        raise Refusal(error.status, error.code, f"item {number}: {error}") from error


class _InMemory(FileUploadHandler):
    """Keeps files in memory, without their names."""

    def __init__(self) -> None:
        super().__init__()
        self.files: list[bytes] = []

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._buffer = io.BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:  # noqa: ARG002
        self._buffer.write(raw_data)

    def file_complete(self, file_size: int) -> None:  # noqa: ARG002
        self.files.append(self._buffer.getvalue())
