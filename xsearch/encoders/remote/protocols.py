"""What is said to an encoder service: xsearch's own protocol, and that of OpenAI's embeddings."""

from __future__ import annotations

import base64
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from xsearch.encoders.base import EncoderAway, EncoderError
from xsearch.encoders.remote.service import Answer, Request, detail_of
from xsearch.encoders.remote.wire import TYPES

MAX_DIMENSION = 16_384
INFO_MAX_BYTES = 64 * 1024
#: Where a service refuses what it was given; others speak of the service itself.
_REFUSALS = frozenset({400, 413, 415, 422})

Call = Callable[[Request, int], Answer]
Content = TypeVar("Content")


@dataclass(frozen=True)
class Facts:
    """What a service is, and how much it takes at once."""

    dimension: int
    fingerprint: str
    modalities: frozenset[str]
    max_items: int | None = None
    max_bytes: int | None = None


@dataclass(frozen=True)
class Embeddings:
    """Vectors as they arrived, shape (n, dimension), and whose they are; None where a service does not say."""

    vectors: NDArray[np.float64]
    fingerprint: str | None


class Protocol(ABC):
    """Puts items into requests and reads vectors from answers.

    ``model`` is its name at the service, ``fingerprint`` the one that the options give.
    """

    def __init__(self, model: str | None, fingerprint: str | None) -> None:
        self.model = model
        self.fingerprint = fingerprint

    @abstractmethod
    def probe(self, call: Call) -> Facts:
        """Ask the service what it is."""

    @abstractmethod
    def request(self, modality: str, prepared: Sequence[Any]) -> Request:
        """Return the request that has ``prepared`` encoded."""

    @abstractmethod
    def _embeddings(self, content: Any, count: int) -> Embeddings:
        """Read the decoded JSON; what it raises means that the answer is none."""

    def encode(self, call: Call, modality: str, prepared: Sequence[Any], dimension: int | None = None) -> Embeddings:
        """Encode ``prepared``; raises ``ValueError`` where it is at fault and ``EncoderAway`` where the service is."""
        bound = 64 * 1024 + len(prepared) * (dimension or MAX_DIMENSION) * 32
        answer = call(self.request(modality, prepared), bound)
        return read(answer, lambda content: self._embeddings(content, len(prepared)))


class XsearchProtocol(Protocol):
    """That of ``manage.py xsearch_serve_encoder``; docs/remote.md describes it."""

    def probe(self, call: Call) -> Facts:
        """Ask for the info page."""
        return read(call(Request("/"), INFO_MAX_BYTES), _facts)

    def request(self, modality: str, prepared: Sequence[Any]) -> Request:
        """Return texts as JSON, pictures and sounds as files of a form."""
        path = f"/encode/{modality}"
        if modality == "text":
            return _json_request(path, {"items": list(prepared)})
        from urllib3 import encode_multipart_formdata

        ending, kind = TYPES[modality]
        fields = [("item", (f"{number}.{ending}", item, kind)) for number, item in enumerate(prepared)]
        body, content_type = encode_multipart_formdata(fields)
        return Request(path, body, {"Content-Type": content_type})

    def _embeddings(self, content: Any, count: int) -> Embeddings:
        rows = np.frombuffer(base64.b64decode(content["vectors"], validate=True), "<f4")
        return Embeddings(_shaped(rows, count, int(content["dimension"])), str(content["fingerprint"]))


class OpenAIProtocol(Protocol):
    """The embeddings of OpenAI's API, which many servers of text models speak."""

    def __init__(self, model: str | None, fingerprint: str | None) -> None:
        if not model:
            raise EncoderError("'api': 'openai' needs 'model', the name of the model at the service.")
        super().__init__(model, fingerprint)

    def probe(self, call: Call) -> Facts:
        """Encode a word: the service says nothing about itself."""
        found = self.encode(call, "text", ["shop"])
        return Facts(found.vectors.shape[1], self.fingerprint or str(found.fingerprint), frozenset({"text"}))

    def request(self, modality: str, prepared: Sequence[Any]) -> Request:  # noqa: ARG002 - there are only texts
        """Return the texts as the API takes them."""
        body = {"model": self.model, "input": list(prepared), "encoding_format": "float"}
        return _json_request("/embeddings", body)

    def _embeddings(self, content: Any, count: int) -> Embeddings:
        rows = sorted(content["data"], key=lambda row: row["index"])
        if [row["index"] for row in rows] != list(range(count)):
            raise ValueError("rows are missing")
        vectors = np.array([_floats(row["embedding"]) for row in rows])
        dimension = vectors.shape[1]
        served = f"{content.get('model') or self.model}:{dimension}"[-128:]
        return Embeddings(_shaped(vectors, count, dimension), None if self.fingerprint else served)


PROTOCOLS: dict[str, type[Protocol]] = {"xsearch": XsearchProtocol, "openai": OpenAIProtocol}


def read(answer: Answer, parse: Callable[[Any], Content]) -> Content:
    """Return what ``parse`` makes of an answer's JSON; raises ``ValueError`` for a refusal, else ``EncoderAway``."""
    if answer.status in _REFUSALS:
        raise ValueError(f"The encoder service refuses it with {answer.status}{detail_of(answer)}.")
    if answer.status != 200:
        raise EncoderAway(f"The encoder service answers {answer.status}{detail_of(answer)}.{_cure(answer.status)}")
    try:
        return parse(json.loads(answer.body))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        reason = f"{error.__class__.__name__}: {error}"[:200]
        raise EncoderAway(f"The encoder service's answer cannot be read ({reason}).") from error


def _cure(status: int) -> str:
    if status in {401, 403}:
        return " Check 'api_key_env' and the key in that environment variable."
    if status == 404:
        return " Check 'url', 'api' and 'model'."
    return " Check 'url': redirects are not followed." if 300 <= status < 400 else ""


def _facts(content: Any) -> Facts:
    dimension = int(content["dimension"])
    if not 0 < dimension <= MAX_DIMENSION or not content["fingerprint"]:
        raise ValueError("dimension or fingerprint make no sense")
    return Facts(
        dimension,
        str(content["fingerprint"])[:128],
        frozenset(map(str, content["modalities"])),
        int(content["max_items"]),
        int(content["max_bytes"]),
    )


def _floats(embedding: Any) -> NDArray[np.float64]:
    if isinstance(embedding, str):
        return np.frombuffer(base64.b64decode(embedding, validate=True), "<f4").astype(np.float64)
    return np.asarray(embedding, np.float64)


def _shaped(rows: NDArray[Any], count: int, dimension: int) -> NDArray[np.float64]:
    if not 0 < dimension <= MAX_DIMENSION or rows.size != count * dimension:
        raise ValueError(f"{rows.size} numbers are not {count} vectors of {dimension}")
    return rows.reshape(count, dimension).astype(np.float64)


def _json_request(path: str, content: Any) -> Request:
    return Request(path, json.dumps(content).encode(), {"Content-Type": "application/json"})
