"""Protocols of encoder services, xsearch's own and OpenAI's embeddings, and the bytes of photos and sounds."""

from __future__ import annotations

import base64
import io
import json
import struct
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from xsearch.encoders.base import EncoderAway, EncoderError
from xsearch.encoders.remote.service import ServiceRequest, ServiceResponse, detail_of
from xsearch.media import Waveform

MAX_DIMENSION = 16_384
INFO_MAX_BYTES = 64 * 1024
#: File extension and content type of what is sent.
TYPES = {"image": ("bmp", "image/bmp"), "audio": ("wav", "audio/wav")}
_FLOAT_WAVE = 3  # WAVE_FORMAT_IEEE_FLOAT
#: Statuses that refuse the input; others are faults of the service.
_REFUSALS = frozenset({400, 413, 415, 422})

_Call = Callable[[ServiceRequest, int], ServiceResponse]
_Content = TypeVar("_Content")


@dataclass(frozen=True)
class ServiceInfo:
    """Facts about a service: its vectors, and the limits of one request."""

    dimension: int
    fingerprint: str
    modalities: frozenset[str]
    max_items: int | None = None
    max_bytes: int | None = None


@dataclass(frozen=True)
class Embeddings:
    """Vectors of a response, shape (n, dimension), and their fingerprint; None if the service does not state it."""

    vectors: NDArray[np.float64]
    fingerprint: str | None


class ServiceProtocol(ABC):
    """Writes requests and reads vectors from responses.

    ``model`` is the name of the model at the service, ``fingerprint`` is that of the options.
    """

    def __init__(self, model: str | None, fingerprint: str | None) -> None:
        self.model = model
        self.fingerprint = fingerprint

    @abstractmethod
    def probe(self, call: _Call) -> ServiceInfo:
        """Ask the service for facts about itself."""

    @abstractmethod
    def request(self, modality: str, prepared: Sequence[Any]) -> ServiceRequest:
        """Return the request that encodes ``prepared``."""

    @abstractmethod
    def _embeddings(self, content: Any, count: int) -> Embeddings:
        """Read the decoded JSON; any error means that the response is invalid."""

    def encode(self, call: _Call, modality: str, prepared: Sequence[Any], dimension: int | None = None) -> Embeddings:
        """Encode ``prepared``; raises ``ValueError`` if the input is at fault and ``EncoderAway`` if the service is."""
        bound = 64 * 1024 + len(prepared) * (dimension or MAX_DIMENSION) * 32
        answer = call(self.request(modality, prepared), bound)
        return read(answer, lambda content: self._embeddings(content, len(prepared)))


class XsearchProtocol(ServiceProtocol):
    """The protocol of ``manage.py xsearch_serve_encoder``; docs/howto/remote.md describes it."""

    def probe(self, call: _Call) -> ServiceInfo:
        """Ask for the info page."""
        return read(call(ServiceRequest("/"), INFO_MAX_BYTES), _info)

    def request(self, modality: str, prepared: Sequence[Any]) -> ServiceRequest:
        """Return texts as JSON, photos and sounds as files of a multipart form."""
        path = f"/encode/{modality}"
        if modality == "text":
            return _json_request(path, {"items": list(prepared)})
        from urllib3 import encode_multipart_formdata

        ending, kind = TYPES[modality]
        fields = [("item", (f"{number}.{ending}", item, kind)) for number, item in enumerate(prepared)]
        body, content_type = encode_multipart_formdata(fields)
        return ServiceRequest(path, body, {"Content-Type": content_type})

    def _embeddings(self, content: Any, count: int) -> Embeddings:
        rows = np.frombuffer(base64.b64decode(content["vectors"], validate=True), "<f4")
        return Embeddings(_shaped(rows, count, int(content["dimension"])), str(content["fingerprint"]))


class OpenAIProtocol(ServiceProtocol):
    """The embeddings of OpenAI's API, which many servers of text models offer."""

    def __init__(self, model: str | None, fingerprint: str | None) -> None:
        if not model:
            raise EncoderError("'api': 'openai' needs 'model', the name of the model at the service.")
        super().__init__(model, fingerprint)

    def probe(self, call: _Call) -> ServiceInfo:
        """Encode a word: this API has no facts about the model."""
        found = self.encode(call, "text", ["shop"])
        return ServiceInfo(found.vectors.shape[1], self.fingerprint or str(found.fingerprint), frozenset({"text"}))

    def request(self, modality: str, prepared: Sequence[Any]) -> ServiceRequest:  # noqa: ARG002 - there are only texts
        """Return the texts in the API's format."""
        return _json_request("/embeddings", {"model": self.model, "input": list(prepared), "encoding_format": "float"})

    def _embeddings(self, content: Any, count: int) -> Embeddings:
        rows = sorted(content["data"], key=lambda row: row["index"])
        if [row["index"] for row in rows] != list(range(count)):
            raise ValueError("rows are missing")
        vectors = np.array([_floats(row["embedding"]) for row in rows])
        dimension = vectors.shape[1]
        served = f"{content.get('model') or self.model}:{dimension}"[-128:]
        return Embeddings(_shaped(vectors, count, dimension), None if self.fingerprint else served)


PROTOCOLS: dict[str, type[ServiceProtocol]] = {"xsearch": XsearchProtocol, "openai": OpenAIProtocol}


def read(answer: ServiceResponse, parse: Callable[[Any], _Content]) -> _Content:
    """Return the JSON of a response, parsed by ``parse``; raises ``ValueError`` for a refusal, else ``EncoderAway``."""
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


def _info(content: Any) -> ServiceInfo:
    dimension = int(content["dimension"])
    if not 0 < dimension <= MAX_DIMENSION or not content["fingerprint"]:
        raise ValueError("dimension or fingerprint make no sense")
    fingerprint, modalities = str(content["fingerprint"])[:128], frozenset(map(str, content["modalities"]))
    return ServiceInfo(dimension, fingerprint, modalities, int(content["max_items"]), int(content["max_bytes"]))


def _floats(embedding: Any) -> NDArray[np.float64]:
    if isinstance(embedding, str):
        return np.frombuffer(base64.b64decode(embedding, validate=True), "<f4").astype(np.float64)
    return np.asarray(embedding, np.float64)


def _shaped(rows: NDArray[Any], count: int, dimension: int) -> NDArray[np.float64]:
    if not 0 < dimension <= MAX_DIMENSION or rows.size != count * dimension:
        raise ValueError(f"{rows.size} numbers are not {count} vectors of {dimension}")
    return rows.reshape(count, dimension).astype(np.float64)


def _json_request(path: str, content: Any) -> ServiceRequest:
    return ServiceRequest(path, json.dumps(content).encode(), {"Content-Type": "application/json"})


def picture_bytes(image: Image.Image, max_side: int | None) -> bytes:
    """Return a BMP of ``image``, scaled down to ``max_side`` pixels.

    It is not compressed: in a local network, PNG takes longer to compress than it saves in sending.
    """
    if max_side and max(image.size) > max_side:
        image = image.copy()
        image.thumbnail((max_side, max_side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    stream = io.BytesIO()
    image.convert("RGB").save(stream, "BMP")
    return stream.getvalue()


def sound_bytes(waveform: Waveform) -> bytes:
    """Return a mono WAV of 32-bit floats: 16 bits would quantise quiet sounds."""
    samples = np.asarray(waveform.samples, "<f4")
    content = (samples if len(samples) else np.zeros(1, "<f4")).tobytes()  # a file without sound counts as broken
    rate_hz = waveform.rate_hz
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, _FLOAT_WAVE, 1, rate_hz, 4 * rate_hz, 4, 32)
    chunks = form + struct.pack("<4sI", b"data", len(content)) + content
    return struct.pack("<4sI4s", b"RIFF", 4 + len(chunks), b"WAVE") + chunks
