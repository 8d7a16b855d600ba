"""Exported checkpoints, run by onnxruntime."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from xsearch.encoders.base import EncoderError, TwoStepEncoder, Vectors, normalise
from xsearch.encoders.onnx.front_ends import FrontEnd, open_front_end
from xsearch.encoders.onnx.manifest import Manifest, graph_name
from xsearch.encoders.onnx.pixels import Arrays
from xsearch.encoders.sessions import CPU, open_session
from xsearch.lazy import Lazy


class OnnxEncoder(TwoStepEncoder):
    """A model that ``manage.py xsearch_export`` wrote to the folder ``path``; needs neither torch nor transformers.

    ``threads`` is the number of CPU threads of one call, ``batch_size`` how many items run at once,
    ``providers`` what onnxruntime computes on. After ``idle_unload_s`` seconds without use the model is let go.
    """

    def __init__(
        self,
        path: str | Path,
        threads: int = 2,
        batch_size: int = 8,
        providers: Sequence[str] = CPU,
        idle_unload_s: float | None = None,
    ) -> None:
        self._folder = Path(path).expanduser()
        self._threads, self._providers = threads, providers
        self._manifest = Manifest.read(self._folder)
        self._cure = f"Export again: {self._manifest.export_again(self._folder)}"
        self.dimension = self._manifest.dimension
        self.modalities = frozenset(self._manifest.towers)
        self.fingerprint = self._manifest.fingerprint
        # Quantised activations share one scale in a run; alone, an item gets the same vector in any company.
        self._run_size = 1 if self._manifest.precision == "int8" else max(1, batch_size)
        self._front_ends = {modality: Lazy(partial(self._open_front_end, modality)) for modality in self.modalities}
        self._sessions = {
            modality: Lazy(partial(self._open_session, modality), idle_s=idle_unload_s) for modality in self.modalities
        }

    def prepare(self, modality: str, item: Any) -> Arrays:
        """Return the arrays that the graph takes."""
        with self._front_ends[modality].use() as front_end:
            return front_end.prepare(item)

    def encode_prepared(self, modality: str, prepared: Sequence[Arrays]) -> Vectors:
        """Run the graph on what ``prepare`` returned, in runs of ``batch_size``."""
        vectors = [np.zeros((0, self.dimension), np.float32)]
        if not prepared:
            return vectors[0]
        with self._front_ends[modality].use() as front_end, self._sessions[modality].use() as session:
            taken = [argument.name for argument in session.get_inputs()]
            for start in range(0, len(prepared), self._run_size):
                arrays = front_end.collate(prepared[start : start + self._run_size])
                vectors += session.run(["vectors"], {name: arrays[name] for name in taken})
        return normalise(np.concatenate(vectors))

    def _open_front_end(self, modality: str) -> FrontEnd:
        return open_front_end(self._folder, self._manifest.towers[modality], cure=self._cure)

    def _open_session(self, modality: str) -> Any:
        if Manifest.read(self._folder).fingerprint != self.fingerprint:
            raise EncoderError(f"The model in {self._folder} was replaced by another. Restart this process.")
        path = self._folder / graph_name(modality)
        return open_session(path, self._threads, cure=self._cure, providers=self._providers)
