"""The encoder that asks an HTTP service for the vectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from xsearch.encoders.base import EncoderAway, EncoderError, TwoStepEncoder, Vectors, normalise
from xsearch.encoders.remote.protocols import PROTOCOLS, Embeddings, ServiceInfo, picture_bytes, sound_bytes
from xsearch.encoders.remote.service import ServiceClient, ServiceRequest, ServiceResponse, checked_url
from xsearch.lazy import Lazy

MODALITIES = frozenset({"text", "image", "audio"})

_FRAME_BYTES = 256  # of a request around each item


class RemoteEncoder(TwoStepEncoder):
    """An encoder behind the HTTP service at ``url``.

    ``api`` is "xsearch" (the protocol of ``manage.py xsearch_serve_encoder``) or "openai" (``/embeddings`` of
    texts by ``model``). ``timeout_s`` bounds one request with its ``retries``. After a failure the service is not
    called for ``pause_s``. One request has up to ``batch_size`` items and ``max_request_bytes``. Photos are scaled
    down to ``max_side`` pixels before they are sent (None: never). ``api_key_env`` names the environment variable
    with the key. The service is asked once for ``dimension``, ``fingerprint`` and ``modalities`` if they are missing.
    """

    def __init__(
        self,
        url: str,
        *,
        api: str = "xsearch",
        model: str | None = None,
        timeout_s: float = 10.0,
        retries: int = 2,
        pause_s: float = 10.0,
        batch_size: int = 32,
        max_request_bytes: int = 48 * 1024 * 1024,
        max_side: int | None = 1024,
        dimension: int | None = None,
        fingerprint: str | None = None,
        modalities: Sequence[str] | None = None,
        api_key_env: str | None = None,
    ) -> None:
        if api not in PROTOCOLS:
            raise EncoderError(f"'api' is {api!r}. Allowed are: {', '.join(PROTOCOLS)}.")
        if timeout_s <= 0 or retries < 0 or pause_s < 0 or batch_size < 1:
            raise EncoderError("'timeout_s' and 'batch_size' must be above 0, 'retries' and 'pause_s' not below.")
        self._url = checked_url(url)
        self._protocol = PROTOCOLS[api](model, fingerprint)
        self._batch_size, self._max_request_bytes, self._max_side = batch_size, max_request_bytes, max_side
        allowed = _checked(api, modalities)
        self._given: dict[str, Any] = {"dimension": dimension, "fingerprint": fingerprint, "modalities": allowed}
        self._service = Lazy(
            lambda: ServiceClient(url, timeout_s=timeout_s, retries=retries, pause_s=pause_s, api_key_env=api_key_env)
        )
        self._known: dict[str, ServiceInfo] = {}

    @property
    def dimension(self) -> int:  # type: ignore[override]
        """Length of the vectors; asks the service if the options do not state it."""
        return int(self._given["dimension"] or self._info().dimension)

    @property
    def fingerprint(self) -> str:  # type: ignore[override]
        """Fingerprint of the served encoder: it may move to a service and back without new vectors."""
        return str(self._given["fingerprint"] or self._info().fingerprint)

    @property
    def modalities(self) -> frozenset[str]:  # type: ignore[override]
        """The modalities that the service encodes."""
        return frozenset(self._given["modalities"] or self._info().modalities)

    def prepare(self, modality: str, item: Any) -> Any:
        """Return the text, or the bytes of the photo or sound that are sent."""
        if modality == "text":
            return item
        return picture_bytes(item, self._max_side) if modality == "image" else sound_bytes(item)

    def encode_prepared(self, modality: str, prepared: Sequence[Any]) -> Vectors:
        """Send ``prepared`` to the service, in as many requests as its limits require."""
        info = self._info()
        vectors = [np.zeros((0, info.dimension))]
        for group in self._groups(prepared, info):
            found = self._protocol.encode(self._call, modality, group, info.dimension)
            self._check(found, info)
            vectors.append(found.vectors)
        return normalise(np.concatenate(vectors))

    def _call(self, request: ServiceRequest, max_answer_bytes: int) -> ServiceResponse:
        with self._service.use() as service:
            return service.call(request, max_answer_bytes)

    def _info(self) -> ServiceInfo:
        """Return the facts about the service, from the options or from the first answer; they never change."""
        if "info" not in self._known:
            given = self._given
            info = ServiceInfo(**given) if all(given.values()) else self._probed()
            self._known.setdefault("info", info)
        return self._known["info"]

    def _probed(self) -> ServiceInfo:
        try:
            served = self._protocol.probe(self._call)
        except ValueError as error:
            raise EncoderAway(f"{self._url}: {error}") from error
        for name, value in self._given.items():
            found = getattr(served, name)
            if value and value != found:
                raise EncoderAway(
                    f"The encoder service at {self._url} has the {name} {_shown(found)}, the OPTIONS say "
                    f"{_shown(value)}. Correct one of them, then run: python manage.py xsearch_index"
                )
        return served

    def _check(self, found: Embeddings, info: ServiceInfo) -> None:
        """Refuse vectors of another vector space: the service has changed its model."""
        is_same = found.fingerprint in (None, info.fingerprint)
        if found.vectors.shape[1] != info.dimension or not is_same:
            self.is_outdated = True
            now, before = f"{found.fingerprint} ({found.vectors.shape[1]})", f"{info.fingerprint} ({info.dimension})"
            problem = f"The encoder service at {self._url} now sends vectors of {now}, not of {before}."
            cure = "If that is meant, build the new vectors: python manage.py xsearch_index"
            raise EncoderAway(f"{problem} {cure}")
        if not np.isfinite(found.vectors).all():
            raise ValueError(f"The encoder service at {self._url} sends vectors that are not finite.")

    def _groups(self, prepared: Sequence[Any], info: ServiceInfo) -> Iterator[list[Any]]:
        """Yield ``prepared`` in groups that fit into one request."""
        max_items = min(self._batch_size, info.max_items or self._batch_size)
        max_bytes = min(self._max_request_bytes, info.max_bytes or self._max_request_bytes) - _FRAME_BYTES * max_items
        group, size = list[Any](), 0
        for item in prepared:
            length = 6 * len(item) if isinstance(item, str) else len(item)  # at worst, as JSON
            if length > max_bytes:
                raise ValueError(f"It has {length} bytes; the encoder service takes {max_bytes} at once.")
            if group and (len(group) >= max_items or size + length > max_bytes):
                yield group
                group, size = [], 0
            group.append(item)
            size += length
        if group:
            yield group


def _checked(api: str, modalities: Sequence[str] | None) -> frozenset[str] | None:
    allowed = MODALITIES if api == "xsearch" else frozenset({"text"})
    if modalities is None:
        return allowed if api == "openai" else None
    if not modalities or not allowed.issuperset(modalities):
        raise EncoderError(f"'modalities' is {modalities!r}. Allowed with {api!r} are: {', '.join(sorted(allowed))}.")
    return frozenset(modalities)


def _shown(value: Any) -> str:
    return ", ".join(sorted(value)) if isinstance(value, frozenset) else repr(value)
