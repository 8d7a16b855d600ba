"""An encoder whose vectors pass through an adapter: one matrix per modality, trained on the shop's own catalogue."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from xsearch.encoders.base import EncoderError, TwoStepEncoder, Vectors, normalise
from xsearch.encoders.registry import encoder_from_spec, get_encoder

#: The file of a folder that ``manage.py xsearch_finetune`` writes.
NAME = "adapter.safetensors"
_EXPORT = re.compile(r"-onnx\d+-[a-z0-9]+$")


@dataclass(frozen=True)
class AdapterFile:
    """The content of an adapter file.

    ``matrices`` have the shape (dimension, dimension of the encoder) and are keyed by modality. ``manifest`` describes
    the training, ``digest`` is the SHA-256 of the file.
    """

    matrices: Mapping[str, Vectors]
    manifest: dict[str, Any]
    digest: str

    @classmethod
    def parse(cls, content: bytes) -> AdapterFile:
        """Read the content of an adapter file; raises ``EncoderError``."""
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            matrices = load(content)
            header = content[8 : 8 + int.from_bytes(content[:8], "little")]  # the library reads it from paths only
            manifest = json.loads(json.loads(header)["__metadata__"]["manifest"])
            base = manifest["base_fingerprint"]
        except (SafetensorError, KeyError, TypeError, ValueError) as error:
            raise EncoderError(f"This is no adapter that xsearch_finetune wrote: {error}.") from error
        if any(matrix.dtype != np.float32 for matrix in matrices.values()):
            raise EncoderError("This is no adapter that xsearch_finetune wrote: its numbers are not float32.")
        shapes = {matrix.shape for matrix in matrices.values()}
        if len(shapes) != 1 or len(shape := shapes.pop()) != 2 or not isinstance(base, str):
            raise EncoderError("This adapter is damaged: it needs matrices of one shape. Fine-tune again.")
        if not all(np.isfinite(matrix).all() for matrix in matrices.values()) or 0 in shape:
            raise EncoderError("This adapter is damaged: not all its numbers are finite. Fine-tune again.")
        return cls(matrices, manifest, hashlib.sha256(content).hexdigest())

    @classmethod
    def read(cls, folder: str | Path) -> AdapterFile:
        """Read the adapter in ``folder``; raises ``EncoderError``."""
        path = Path(folder).expanduser() / NAME
        try:
            content = path.read_bytes()
        except OSError as error:
            cure = "Name a folder that manage.py xsearch_finetune wrote."
            raise EncoderError(f"The adapter {path} cannot be read: {error.strerror}. {cure}") from error
        return cls.parse(content)

    def fits(self, fingerprint: str) -> bool:
        """Return True if the adapter was trained on the encoder of that fingerprint, or on an export of it."""
        return model_of(self.manifest["base_fingerprint"]) == model_of(fingerprint)


def model_of(fingerprint: str) -> str:
    """Return the fingerprint of the model without the suffix of an export; both give nearly the same vectors."""
    return _EXPORT.sub("", fingerprint)


class AdaptedEncoder(TwoStepEncoder):
    """Encoder whose vectors pass through an adapter.

    ``encoder`` is an alias of the settings or a spec. ``adapter`` is a folder that ``manage.py xsearch_finetune``
    wrote. Every adapter makes its own vector space, so its digest is part of the fingerprint. If the adapter was
    trained on another encoder, every use raises ``EncoderError``.
    """

    def __init__(self, encoder: str | Mapping[str, Any], adapter: str | Path) -> None:
        self._attach(encoder, AdapterFile.read(adapter))

    def _attach(self, encoder: str | Mapping[str, Any], adapter: AdapterFile) -> None:
        self.base = get_encoder(encoder) if isinstance(encoder, str) else encoder_from_spec(dict(encoder))
        self.adapter = adapter
        self.dimension = len(next(iter(adapter.matrices.values())))
        self.modalities = frozenset(adapter.matrices)

    @cached_property
    def fingerprint(self) -> str:  # type: ignore[override]
        """The encoder's fingerprint and the adapter's digest; asks the service where the encoder is remote."""
        found = self.base.fingerprint
        if not self.adapter.fits(found):
            trained_on = self.adapter.manifest["base_fingerprint"]
            problem = f"The adapter was trained on the encoder {trained_on}, and this one is {found}."
            raise EncoderError(f"{problem} Fine-tune again, or use the encoder without the adapter.")
        return f"{found}+{self.adapter.digest[:12]}"

    @property
    def batch_size(self) -> int | None:
        """Batch size that the encoder prefers; None if it states none."""
        preferred: int | None = getattr(self.base, "batch_size", None)
        return preferred

    @property
    def is_outdated(self) -> bool:  # type: ignore[override]
        """True once the service behind the encoder has changed its model."""
        return self.base.is_outdated

    def prepare(self, modality: str, item: Any) -> Any:
        """Prepare an item as the encoder does."""
        return self.base.prepare(modality, item) if isinstance(self.base, TwoStepEncoder) else item

    def encode_prepared(self, modality: str, prepared: Sequence[Any]) -> Vectors:
        """Encode and adapt the vectors; rows of zeros stay zeros."""
        base, _checked = self.base, self.fingerprint
        run = base.encode_prepared if isinstance(base, TwoStepEncoder) else base.encode_batch
        return adapt(run(modality, prepared), self.adapter.matrices[modality])


def adapt(vectors: Vectors, matrix: Vectors) -> Vectors:
    """Return unit vectors, shape (n, dimension), of vectors (n, d) through a matrix (dimension, d)."""
    return normalise(vectors @ matrix.T)
