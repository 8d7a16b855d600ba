"""The encoder that runs a checkpoint of CLIP, SigLIP, SigLIP 2, Chinese-CLIP or CLAP by torch."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xsearch.checkpoints.local import CheckpointError, locate
from xsearch.encoders.base import EncoderError, TwoStepEncoder, Vectors, check_run_options, normalise
from xsearch.encoders.transformers.families import FAMILIES
from xsearch.lazy import Lazy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor, nn

    from xsearch.encoders.transformers.preparing import Preparer

#: Part of the fingerprint; raise it whenever the same item is prepared differently.
PREPROCESSING = "1"
DTYPES = ("auto", "float32", "bfloat16", "float16")
_DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d+)?")


class TransformersEncoder(TwoStepEncoder):
    """One joint model for photos and texts, or for sounds and texts.

    ``model`` is a folder, or a hub name that ``manage.py xsearch_download`` has downloaded. ``revision`` is a commit
    or tag of the hub. ``device`` "auto" is a GPU if there is one. ``dtype`` "auto" is float16 on CUDA, float32
    elsewhere. ``batch_size`` bounds memory. ``prompt`` is a template for texts ("a photo of {}"). ``threads`` are
    those of torch in the whole process. The model is unloaded after ``idle_unload_s`` seconds without use.
    """

    def __init__(
        self,
        model: str | Path,
        revision: str | None = None,
        *,
        device: str = "auto",
        dtype: str = "auto",
        batch_size: int = 32,
        prompt: str | None = None,
        threads: int | None = None,
        idle_unload_s: float | None = None,
    ) -> None:
        _check_options(device, dtype, batch_size, prompt)
        with _as_encoder_error():
            self._checkpoint = locate(model, revision=revision)
            self._checkpoint.require(FAMILIES, type(self).__name__)
        self._family = FAMILIES[self._checkpoint.model_type]
        self._device, self._dtype, self._threads = device, dtype, threads
        self._batch_size = batch_size
        self._prompt = prompt
        self._preparer = Lazy(self._make_preparer)
        self._towers = Lazy(self._load_towers, idle_s=idle_unload_s)

    @classmethod
    def check_options(cls, options: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """Report faults of the checkpoint, and a hub model that is not pinned to a revision."""
        model, revision = options.get("model", ""), options.get("revision")
        try:
            checkpoint = locate(model, revision=revision)
            checkpoint.require(FAMILIES, cls.__name__)
        except CheckpointError as error:
            yield error.problem, error.cure
            return
        if checkpoint.revision and not revision:
            problem = f"{model} has no revision: the next download may be another model, and vectors would not match."
            yield problem, f'Add to OPTIONS: "revision": "{checkpoint.revision}"'

    @property
    def dimension(self) -> int:  # type: ignore[override]
        """Length of the vectors, from the checkpoint's config.json."""
        return self._family.dimension(self._checkpoint.config)

    @property
    def modalities(self) -> frozenset[str]:  # type: ignore[override]
        """The modalities of the checkpoint's family."""
        return self._family.modalities

    @cached_property
    def fingerprint(self) -> str:  # type: ignore[override]
        """Hash of the checkpoint's content, the version of the preprocessing and the prompt.

        The folder, device and ``dtype`` do not count. Half precision changes a vector (cosine above 0.99) far less
        than the difference of two products, so that a GPU may index and a CPU search.
        """
        parts = (self._checkpoint.fingerprint, PREPROCESSING, self._prompt or "")
        digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()
        return f"{self._checkpoint.model_type}-{digest[:16]}"

    def prepare(self, modality: str, item: Any) -> Any:
        """Return named tensors, or None for an empty text or silence."""
        with self._preparer.use() as preparer:
            return preparer.prepare(modality, item)

    def encode_prepared(self, modality: str, prepared: Sequence[Any]) -> Vectors:
        """Encode in batches of ``batch_size``; texts of similar length share a batch."""
        vectors = np.zeros((len(prepared), self.dimension), np.float32)
        rows = [row for row, item in enumerate(prepared) if item is not None]
        if modality == "text":
            rows.sort(key=lambda row: len(prepared[row]["input_ids"]))
        for start in range(0, len(rows), self._batch_size):
            batch = rows[start : start + self._batch_size]
            vectors[batch] = self._run(modality, [prepared[row] for row in batch])
        return vectors

    def _run(self, modality: str, items: Sequence[dict[str, Tensor]]) -> Vectors:
        import torch

        with self._towers.use() as towers, self._preparer.use() as preparer, torch.inference_mode():
            tower = towers[modality]
            vectors = tower(**_placed(preparer.collate(modality, items), next(tower.parameters()))).cpu().numpy()
        if not np.isfinite(vectors).all():
            cure = "Set OPTIONS['dtype'] to 'float32' or 'bfloat16'."
            raise EncoderError(f"{self._checkpoint.name} gives no numbers for {modality}: an overflow. {cure}")
        return normalise(vectors)

    def _make_preparer(self) -> Preparer:
        with _as_encoder_error():
            from xsearch.encoders.transformers.preparing import Preparer
        return Preparer(self._checkpoint, self._prompt)

    def _load_towers(self) -> dict[str, nn.Module]:
        with _as_encoder_error():
            import torch

            from xsearch.encoders.transformers.towers import load_towers

            if self._threads:
                torch.set_num_threads(self._threads)
            device = _choose_device(self._device)
            dtype = self._dtype if self._dtype != "auto" else "float16" if device.startswith("cuda") else "float32"
            return load_towers(self._checkpoint, device, dtype)


def _check_options(device: str, dtype: str, batch_size: int, prompt: str | None) -> None:
    if not _DEVICE.fullmatch(device):
        raise EncoderError(f"OPTIONS['device'] is {device!r}. It is 'auto', 'cpu', 'cuda', 'cuda:1' or 'mps'.")
    if dtype not in DTYPES:
        raise EncoderError(f"OPTIONS['dtype'] is {dtype!r}. It is one of {', '.join(DTYPES)}.")
    check_run_options(batch_size, prompt)


def _choose_device(asked: str) -> str:
    """Return the device to run on; raises ``EncoderError`` if this machine does not have it."""
    import torch

    found = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    if asked == "auto":
        return found
    kind, _, number = asked.partition(":")
    if kind not in ("cpu", found) or (number and int(number) >= torch.cuda.device_count()):
        problem = f"torch {torch.__version__} finds no device {asked!r} here."
        raise EncoderError(f"{problem} Set OPTIONS['device'] to 'auto'.")
    return asked


def _placed(batch: dict[str, Tensor], like: Tensor) -> dict[str, Tensor]:
    """Move a batch to the device of ``like``; cast floating point tensors to its precision."""
    if like.is_cuda:
        batch = {name: tensor.pin_memory() for name, tensor in batch.items()}
    return {
        name: tensor.to(like.device, like.dtype if tensor.is_floating_point() else None, non_blocking=like.is_cuda)
        for name, tensor in batch.items()
    }


@contextmanager
def _as_encoder_error() -> Iterator[None]:
    try:
        yield
    except CheckpointError as error:
        raise EncoderError(str(error)) from error
    except ImportError as error:
        cure = "Install: pip install 'django-xsearch[transformers]'"
        raise EncoderError(f"The transformers encoder needs a package that is missing ({error}). {cure}") from error
