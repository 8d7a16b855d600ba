"""The WSGI application of ``manage.py xsearch_serve_encoder``; docs/howto/remote.md describes its HTTP API."""

from __future__ import annotations

import base64
import hmac
import json
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import numpy as np
from django.conf import settings as django_settings

from xsearch.encoders import Encoder, EncoderError, TwoStepEncoder
from xsearch.encoders.base import Vectors
from xsearch.serving.batching import MicroBatcher, Overloaded
from xsearch.serving.bodies import Refusal, decoded, files_of, json_of, read_body, texts_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

logger = logging.getLogger("xsearch.serving")

ANSWER_TIMEOUT_S = 120.0  # callers give up earlier
_FORMATS = ("base64", "float")


@dataclass(frozen=True)
class Limits:
    """Limits of the service: requests at a time, and items and bytes of one request."""

    max_requests: int = 32
    max_items: int = 256
    max_bytes: int = 64 * 1024 * 1024


class EncoderApp:
    """Serves ``encoder`` under ``name``; ``batcher`` runs it. Requests need ``api_key`` if it is set."""

    def __init__(
        self, name: str, encoder: Encoder, batcher: MicroBatcher, limits: Limits, *, api_key: str | None = None
    ) -> None:
        self.limits = limits
        self.is_draining = False
        self._name, self._encoder, self._batcher, self._api_key = name, encoder, batcher, api_key
        self._slots = threading.BoundedSemaphore(limits.max_requests)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request with JSON."""
        status, content, headers = self._answer(environ, str(environ.get("PATH_INFO") or "/"))
        body = json.dumps(content).encode()
        headers |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
        start_response(f"{status} {HTTPStatus(status).phrase}", list(headers.items()))
        return [body]

    def _answer(self, environ: Mapping[str, Any], path: str) -> tuple[int, dict[str, Any], dict[str, str]]:
        try:
            return 200, self._route(environ, str(environ["REQUEST_METHOD"]), path), {}
        except Refusal as refusal:
            content: dict[str, Any] = {"code": refusal.code, "detail": refusal.detail}
            if path.startswith("/v1/"):
                content = {"error": {"message": refusal.detail, "type": refusal.code, "code": refusal.code}}
            wait_s = refusal.retry_after_s
            return refusal.status, content, {} if wait_s is None else {"Retry-After": str(wait_s)}

    def _route(self, environ: Mapping[str, Any], method: str, path: str) -> dict[str, Any]:
        if (method, path) == ("GET", "/health"):
            return self._health()
        self._authorize(environ)
        if (method, path) == ("GET", "/"):
            return self._info()
        if (method, path) == ("POST", "/v1/embeddings"):
            return self._openai(environ)
        modality = path.removeprefix("/encode/")
        if method == "POST" and modality in self._encoder.modalities and modality != path:
            return self._encode(environ, modality)
        known = ", ".join(f"POST /encode/{modality}" for modality in sorted(self._encoder.modalities))
        raise Refusal(404, "not_found", f"There are: GET /, GET /health, {known}, POST /v1/embeddings.")

    def _health(self) -> dict[str, Any]:
        if self.is_draining:
            raise Refusal(503, "stopping", "The encoder is being stopped.", retry_after_s=5)
        return {"status": "ok", "waiting": self._batcher.waiting, **asdict(self._batcher.counts)}

    def _authorize(self, environ: Mapping[str, Any]) -> None:
        if self._api_key is None:
            return
        given = str(environ.get("HTTP_AUTHORIZATION", ""))
        if not hmac.compare_digest(given.encode(), f"Bearer {self._api_key}".encode()):
            raise Refusal(401, "unauthorized", "The key is missing or wrong: Authorization: Bearer KEY.")

    def _info(self) -> dict[str, Any]:
        files = django_settings.DATA_UPLOAD_MAX_NUMBER_FILES or self.limits.max_items
        return {
            "name": self._name,
            **self._identity(),
            "modalities": sorted(self._encoder.modalities),
            "max_items": min(self.limits.max_items, files),
            "max_bytes": self.limits.max_bytes,
        }

    def _identity(self) -> dict[str, Any]:
        return {"fingerprint": self._encoder.fingerprint, "dimension": self._encoder.dimension}

    def _encode(self, environ: Mapping[str, Any], modality: str) -> dict[str, Any]:
        form = parse_qs(str(environ.get("QUERY_STRING", ""))).get("encoding_format", ["base64"])[-1]
        _check_format(form)

        def read() -> list[Any]:
            body = read_body(environ, self.limits.max_bytes)
            if modality == "text":
                return list(texts_of(json_of(body).get("items"), "items"))
            return files_of(environ, body)

        vectors = self._vectors(modality, read)
        shown = vectors.tolist() if form == "float" else _base64(vectors)
        return {**self._identity(), "vectors": shown}

    def _openai(self, environ: Mapping[str, Any]) -> dict[str, Any]:
        if "text" not in self._encoder.modalities:
            raise Refusal(404, "not_found", f"{self._name} does not encode texts.")
        asked: dict[str, Any] = {}

        def read() -> list[Any]:
            asked.update(json_of(read_body(environ, self.limits.max_bytes)))
            _check_format(asked.get("encoding_format", "float"))
            if asked.get("model", self._name) != self._name:
                raise Refusal(404, "model_not_found", f"The model here is {self._name!r}.")
            texts = asked.get("input")
            return texts_of([texts] if isinstance(texts, str) else texts, "input")

        vectors = self._vectors("text", read)
        as_text = asked.get("encoding_format") == "base64"
        shown = [_base64(row) for row in vectors] if as_text else vectors.tolist()
        rows = [{"object": "embedding", "index": at, "embedding": row} for at, row in enumerate(shown)]
        usage = {"prompt_tokens": 0, "total_tokens": 0}  # not counted
        return {"object": "list", "data": rows, "model": self._encoder.fingerprint, "usage": usage}

    def _vectors(self, modality: str, read: Callable[[], list[Any]]) -> Vectors:
        """Return the vectors of the items that ``read`` returns; every error becomes a ``Refusal``."""
        if not self._slots.acquire(blocking=False):
            raise _overloaded()
        with ExitStack() as held, _refusals():
            held.callback(self._slots.release)
            with self._batcher.expecting():
                items = read()
                if len(items) > self.limits.max_items:
                    raise Refusal(413, "too_large", f"{len(items)} items; up to {self.limits.max_items} are encoded.")
                if not items:
                    return np.zeros((0, self._encoder.dimension), np.float32)
                vectors = self._batcher.submit(modality, self._prepared(modality, items))
            try:
                return vectors.result(ANSWER_TIMEOUT_S)
            except TimeoutError:
                vectors.cancel()
                raise Overloaded from None

    def _prepared(self, modality: str, items: Sequence[Any]) -> list[Any]:
        """Decode and preprocess items one by one, so that only their small preprocessed form stays in memory."""
        encoder = self._encoder
        contents = (item if modality == "text" else decoded(modality, item, at) for at, item in enumerate(items))
        if not isinstance(encoder, TwoStepEncoder):
            return list(contents)
        return [encoder.prepare(modality, content) for content in contents]


def batcher_of(encoder: Encoder, **options: Any) -> MicroBatcher:
    """Return the batcher of an app; its items are preprocessed if the encoder has two steps."""
    run = encoder.encode_prepared if isinstance(encoder, TwoStepEncoder) else encoder.encode_batch
    return MicroBatcher(run, encoder.dimension, **options)


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn errors of encoding into refusals."""
    try:
        yield
    except Refusal:
        raise
    except Overloaded:
        raise _overloaded() from None
    except EncoderError as error:
        logger.warning("The encoder cannot work: %s", error)
        raise Refusal(503, "encoder_unavailable", str(error), retry_after_s=10) from error
    except Exception as error:
        logger.warning("A request could not be encoded: %s", error.__class__.__name__)
        raise Refusal(422, "not_encodable", f"{error.__class__.__name__}: {error}") from error


def _overloaded() -> Refusal:
    return Refusal(503, "overloaded", "Too much waits for the encoder. Try again soon.", retry_after_s=1)


def _check_format(form: Any) -> None:
    if form not in _FORMATS:
        raise Refusal(400, "bad_request", f"encoding_format is {form!r}. Allowed are: {', '.join(_FORMATS)}.")


def _base64(vectors: Vectors) -> str:
    return base64.b64encode(np.ascontiguousarray(vectors, "<f4").tobytes()).decode()
