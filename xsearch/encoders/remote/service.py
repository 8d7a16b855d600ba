"""The HTTP client of encoder services: pooled connections, bounds on time and size, retries, a circuit breaker."""

from __future__ import annotations

import json
import math
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from xsearch.encoders.base import EncoderAway, EncoderError
from xsearch.lazy import import_optional

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

CONNECT_TIMEOUT_S = 2.0
_CONNECTIONS = 16  # kept open per process; more threads open further ones for one call
_RETRIED = frozenset({429, 500, 502, 503, 504})
_DOWN = _RETRIED - {500}  # a 500 may be the fault of one input, and comes quickly
_BACKOFF_S, _BACKOFF_MAX_S = 0.1, 1.0
_PAUSE_MAX_S = 300.0  # even if the service asks for a longer pause
_CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True)
class ServiceRequest:
    """A path under the service's URL, and a body for POST."""

    path: str
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ServiceResponse:
    """Status and whole body of a response."""

    status: int
    body: bytes
    retry_after_s: float | None = None


class _Failure(Exception):  # noqa: N818 - internal
    """A try without a response."""

    def __init__(self, reason: str, *, is_final: bool = False) -> None:
        super().__init__(reason)
        self.is_final = is_final


class CircuitBreaker:
    """Refuses calls for ``pause_s`` after a failure, then lets one call try while the others are still refused."""

    def __init__(self, pause_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._pause_s = pause_s
        self._lock = threading.Lock()
        self._clock = clock
        self._down_until = -math.inf
        self._reason = ""

    def check(self) -> None:
        """Let a call pass, or raise ``EncoderAway`` with the reason of the last failure."""
        with self._lock:
            now = self._clock()
            if (wait_s := self._down_until - now) > 0:
                raise EncoderAway(f"{self._reason} It is not tried again for {wait_s:.1f} s.")
            if self._reason:
                self._down_until = now + self._pause_s

    def fail(self, reason: str, pause_s: float = 0.0) -> None:
        """Record a failure; the pause is at least ``pause_s`` seconds long."""
        with self._lock:
            self._reason = reason
            self._down_until = self._clock() + max(self._pause_s, pause_s)

    def succeed(self) -> None:
        """Record that the service answers."""
        with self._lock:
            self._reason, self._down_until = "", -math.inf


class ServiceClient:
    """Client of the service at ``url``; ``timeout_s`` bounds one call with all its ``retries``.

    The key in the environment variable ``api_key_env`` is sent as a bearer token. After a failure the service is
    not called for ``pause_s``. An instance must not be used after a fork.
    """

    def __init__(self, url: str, *, timeout_s: float, retries: int, pause_s: float, api_key_env: str | None) -> None:
        self.url = checked_url(url)
        self._timeout_s, self._retries, self._api_key_env = timeout_s, retries, api_key_env
        self._breaker = CircuitBreaker(pause_s)
        self._http = import_optional("urllib3", "The remote encoder", "remote", EncoderError)
        self._pool = self._http.PoolManager(maxsize=_CONNECTIONS, retries=False)

    def call(self, request: ServiceRequest, max_answer_bytes: int) -> ServiceResponse:
        """Return the response, whatever its status, unless a retry may help; raises ``EncoderAway``."""
        headers = {**request.headers, **self._authorization()}
        self._breaker.check()
        try:
            answer = self._retry(request, headers, max_answer_bytes)
        except _Failure as failure:
            reason = f"The encoder service at {self.url} {failure}."
            self._breaker.fail(reason)
            raise EncoderAway(reason) from failure
        if answer.status in _DOWN:
            reason = f"The encoder service at {self.url} answers {answer.status}{detail_of(answer)}."
            self._breaker.fail(reason, min(answer.retry_after_s or 0.0, _PAUSE_MAX_S))
            raise EncoderAway(reason)
        self._breaker.succeed()
        return answer

    def _retry(self, request: ServiceRequest, headers: Mapping[str, str], max_answer_bytes: int) -> ServiceResponse:
        """Try until there is a response, no retries are left, or the next would start after the deadline."""
        deadline = time.monotonic() + self._timeout_s
        for number in range(self._retries + 1):
            is_last = number == self._retries
            wait_s = min(_BACKOFF_S * 2**number, _BACKOFF_MAX_S)
            try:
                answer = self._try(request, headers, max_answer_bytes, deadline)
                wait_s = max(wait_s, answer.retry_after_s or 0.0)
                if is_last or answer.status not in _RETRIED or time.monotonic() + wait_s > deadline:
                    return answer
            except _Failure as failure:
                if is_last or failure.is_final or time.monotonic() + wait_s > deadline:
                    raise
            time.sleep(wait_s)
        raise AssertionError("unreachable")  # pragma: no cover

    def _try(
        self, request: ServiceRequest, headers: Mapping[str, str], max_answer_bytes: int, deadline: float
    ) -> ServiceResponse:
        errors = self._http.exceptions
        left_s = max(deadline - time.monotonic(), 0.001)
        timeout = self._http.Timeout(connect=min(CONNECT_TIMEOUT_S, left_s), read=left_s)
        try:
            options = {"headers": headers, "timeout": timeout, "redirect": False, "preload_content": False}
            method = "GET" if request.body is None else "POST"
            response = self._pool.request(method, self.url + request.path, body=request.body, **options)
            body = _read(response, max_answer_bytes, deadline)
        except errors.HTTPError as error:
            # A refused connection is one of its timeouts to urllib3, but comes at once.
            is_refused = isinstance(error, errors.NewConnectionError)
            if isinstance(error, errors.TimeoutError) and not is_refused:
                raise _Failure(f"does not answer within {self._timeout_s:g} s", is_final=True) from error
            raise _Failure(f"cannot be reached ({error.__class__.__name__})") from error
        return ServiceResponse(response.status, body, self._retry_after_s(response))

    def _retry_after_s(self, response: BaseHTTPResponse) -> float | None:
        try:
            wait_s: float | None = self._http.Retry().get_retry_after(response)
        except self._http.exceptions.InvalidHeader:
            return None
        return wait_s

    def _authorization(self) -> dict[str, str]:
        """Read the key for each call; it is never stored or logged."""
        if self._api_key_env is None:
            return {}
        key = os.environ.get(self._api_key_env, "").strip()
        if not key or not (key.isascii() and key.isprintable()):
            raise EncoderAway(
                f"The environment variable {self._api_key_env} holds no key for the encoder service at {self.url}. "
                f"Set it in the environment of web servers and workers, or drop 'api_key_env' from the OPTIONS."
            )
        return {"Authorization": f"Bearer {key}"}


def checked_url(url: str) -> str:
    """Return ``url`` without its last slash; raises ``EncoderError`` for one that is no address, or has a password."""
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        raise EncoderError(f"'url' must be like http://127.0.0.1:8600, not {url!r}.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise EncoderError(
            "'url' must not contain a user, a password or a query, for OPTIONS are kept in the database. "
            "Name an environment variable that holds the key: 'api_key_env'."
        )
    return url.rstrip("/")


def detail_of(answer: ServiceResponse) -> str:
    """Return the error message in the body, shortened, as the end of a sentence."""
    try:
        content = json.loads(answer.body)
        said = content.get("detail") or content["error"]["message"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""
    return f" ({str(said)[:300].rstrip('.')})"


def _read(response: BaseHTTPResponse, max_bytes: int, deadline: float) -> bytes:
    """Read the whole body, within bounds; the connection returns to the pool only then."""
    content = bytearray()
    try:
        for chunk in response.stream(_CHUNK_BYTES, decode_content=False):
            content += chunk
            if len(content) > max_bytes:
                raise _Failure(f"sends an answer of more than {max_bytes} bytes", is_final=True)
            if time.monotonic() > deadline:
                raise _Failure("does not finish its answer in time", is_final=True)
    except BaseException:
        response.close()
        raise
    response.release_conn()
    return bytes(content)
