"""Serves photos and sounds in the demonstration; a real shop leaves that to its web server."""

from __future__ import annotations

import mimetypes
import re
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils._os import safe_join
from django.utils.http import http_date
from django.views.decorators.http import require_safe

_MAX_AGE_S = 3600
#: Types that not every machine has in its table.
_TYPES = {".webp": "image/webp", ".flac": "audio/flac", ".ogg": "audio/ogg", ".m4a": "audio/mp4"}
_ONE_RANGE = re.compile(r"bytes=(\d*)-(\d*)\Z")


@require_safe
def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """A file below ``MEDIA_ROOT``."""
    try:
        file = Path(safe_join(settings.MEDIA_ROOT, path))
    except (SuspiciousFileOperation, ValueError) as error:
        raise Http404 from error
    return serve_file(request, file)


def serve_file(request: HttpRequest, path: Path) -> HttpResponseBase:
    """Answer with a file, or with the part of it that a player asks for; nothing in it may run as a page."""
    try:
        size, changed = path.stat().st_size, path.stat().st_mtime
        file = path.open("rb")
    except (OSError, ValueError) as error:
        raise Http404 from error
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    span = _span(request.headers.get("Range", ""), size)
    if span is None:
        response: HttpResponseBase = FileResponse(file, content_type=kind)
    else:
        with file:
            response = _part(file, span, size, kind)
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = f"public, max-age={_MAX_AGE_S}"
    response["Last-Modified"] = http_date(changed)
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _span(header: str, size: int) -> range | None:
    """Return the bytes that one range asks for; anything else is answered with the whole file."""
    asked = _ONE_RANGE.match(header)
    if not asked or not any(asked.groups()):
        return None
    first, last = asked.groups()
    if not first:
        return range(max(0, size - int(last)), size)
    return range(int(first), min(size, int(last) + 1) if last else size)


def _part(file: BinaryIO, span: range, size: int, kind: str) -> HttpResponse:
    if not span:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    file.seek(span.start)
    content = file.read(len(span))
    between = f"bytes {span.start}-{span.stop - 1}/{size}"
    return HttpResponse(content, status=206, content_type=kind, headers={"Content-Range": between})
