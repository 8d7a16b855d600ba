"""Every error as ``{"code", "detail"}`` with its HTTP status."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.http.request import UnreadablePostError
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.settings import api_settings

from xsearch.errors import BadQuery
from xsearch.media import MediaError

RETRY_AFTER_S = 10


@dataclass(frozen=True)
class Problem:
    """An error as the client reads it."""

    status: int
    code: str
    detail: str
    headers: dict[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, str]:
        """Return the JSON body of the answer."""
        # A detail may quote the request, lone surrogates included, which cannot be sent.
        return {"code": self.code, "detail": self.detail.encode(errors="replace").decode()}


def problem_of(error: Exception) -> Problem | None:
    """Return the problem behind ``error``, or None for a bug, which must surface."""
    if isinstance(error, MediaError):
        return Problem(error.status, error.code, str(error))
    if isinstance(error, BadQuery):
        return Problem(400, error.code, error.detail)
    if isinstance(error, OperationalError | InterfaceError):
        detail = _("The search is not available right now. Try again in a moment.")
        return Problem(503, "unavailable", detail, {"Retry-After": str(RETRY_AFTER_S)})
    if isinstance(error, exceptions.APIException):
        return _of_framework(error)
    return _of_django(error)


def _of_framework(error: exceptions.APIException) -> Problem:
    if isinstance(error, exceptions.ValidationError):
        return Problem(400, "bad_parameter", first_message(error.detail))
    headers = {}
    if isinstance(error, exceptions.Throttled):
        headers["Retry-After"] = str(math.ceil(getattr(error, "wait", None) or 60))
    if header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = header
    codes = error.get_codes()
    return Problem(error.status_code, codes if isinstance(codes, str) else "error", str(error.detail), headers)


def _of_django(error: Exception) -> Problem | None:
    if isinstance(error, Http404):
        return Problem(404, "not_found", str(error) or _("There is nothing at this address."))
    if isinstance(error, PermissionDenied):
        return Problem(403, "permission_denied", str(error) or _("You may not do this."))
    if isinstance(error, RequestDataTooBig):
        return Problem(413, "too_large", _("The request is too large. Send the file as multipart/form-data."))
    if isinstance(error, SuspiciousOperation | UnreadablePostError):
        return Problem(400, "bad_request", _("The request could not be read. Send it again."))
    return None


def first_message(detail: Any) -> str:
    """Return the first message of an error of REST framework, after the name of its parameter."""
    if isinstance(detail, dict):
        name, inner = next(iter(detail.items()))
        message = first_message(inner)
        return message if name == api_settings.NON_FIELD_ERRORS_KEY else f"{name}: {message}"
    if isinstance(detail, list):
        return first_message(detail[0])
    return str(detail)
