"""The encoder that runs exported checkpoints by onnxruntime."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from xsearch.encoders.base import EncoderError, TwoStepEncoder, Vectors, check_run_options, normalise
from xsearch.encoders.onnx.front_ends import Arrays, FrontEnd, open_front_end
from xsearch.encoders.onnx.manifest import Manifest, graph_name
from xsearch.encoders.onnx_session import CPU, open_session
from xsearch.lazy import Lazy


class OnnxEncoder(TwoStepEncoder):
    """A model that ``manage.py xsearch_export`` wrote to the folder ``path``; needs neither torch nor transformers.

    ``threads`` is the number of CPU threads of one call. ``batch_size`` bounds memory. ``prompt`` is a template for
    texts ("a photo of {}"). ``providers`` are onnxruntime's execution providers. The model is unloaded after
    ``idle_unload_s`` seconds without use (None: never).
    """

    def __init__(
        self,
        path: str | Path,
        *,
        threads: int = 2,
        batch_size: int = 8,
        prompt: str | None = None,
        providers: Sequence[str] = CPU,
        idle_unload_s: float | None = None,
    ) -> None:
        check_run_options(batch_size, prompt)
        self._folder = Path(path).expanduser()
        self._providers, self._prompt = providers, prompt
        self._manifest = Manifest.read(self._folder)
        self._cure = f"Export again: {self._manifest.export_again(self._folder)}"
        self.dimension = self._manifest.dimension
        self.modalities = frozenset(self._manifest.towers)
        self.fingerprint = self._manifest.fingerprint
        if prompt:
            self.fingerprint += f"-{hashlib.sha256(prompt.encode()).hexdigest()[:8]}"
        # Quantised activations share one scale in a run. An item that runs alone gets the same vector every time.
        self._run_size = 1 if self._manifest.precision == "int8" else batch_size
        self._parallel_runs = threads if self._run_size == 1 and set(providers) == set(CPU) else 1
        self._front_ends = {modality: Lazy(partial(self._open_front_end, modality)) for modality in self.modalities}
        self._sessions = self._lazy_sessions(threads, idle_unload_s)
        # The threads of one run wait for each other at each of hundreds of operations; single-threaded runs do not.
        self._single_threaded = self._lazy_sessions(1, idle_unload_s)

    def prepare(self, modality: str, item: Any) -> Arrays | None:
        """Return the arrays that the graph takes, or None for an empty text or silence."""
        with self._front_ends[modality].use() as front_end:
            return front_end.prepare(item)

    def encode_prepared(self, modality: str, prepared: Sequence[Arrays | None]) -> Vectors:
        """Encode in runs of ``batch_size``; int8 exports encode one by one, ``threads`` of them in parallel."""
        vectors = np.zeros((len(prepared), self.dimension), np.float32)
        filled = [row for row, arrays in enumerate(prepared) if arrays is not None]
        runs = [filled[start : start + self._run_size] for start in range(0, len(filled), self._run_size)]
        batches = [[prepared[row] for row in rows] for rows in runs]
        if self._parallel_runs > 1 and len(runs) > 1:
            with ThreadPoolExecutor(self._parallel_runs) as pool:
                found = list(pool.map(partial(self._run, self._single_threaded[modality], modality), batches))
        else:
            found = [self._run(self._sessions[modality], modality, batch) for batch in batches]
        for rows, encoded in zip(runs, found, strict=True):
            vectors[rows] = encoded
        return normalise(vectors)

    def _run(self, session: Lazy[Any], modality: str, batch: Sequence[Any]) -> Vectors:
        with self._front_ends[modality].use() as front_end, session.use() as graph:
            arrays = front_end.collate(batch)
            taken = {argument.name: arrays[argument.name] for argument in graph.get_inputs()}
            vectors: Vectors = graph.run(["vectors"], taken)[0]
            return vectors

    def _lazy_sessions(self, threads: int, idle_s: float | None) -> dict[str, Lazy[Any]]:
        opening = {modality: partial(self._open_session, modality, threads) for modality in self.modalities}
        return {modality: Lazy(opened, idle_s=idle_s) for modality, opened in opening.items()}

    def _open_front_end(self, modality: str) -> FrontEnd:
        facts = self._manifest.towers[modality]
        return open_front_end(self._folder, facts, prompt=self._prompt or "{}", cure=self._cure)

    def _open_session(self, modality: str, threads: int) -> Any:
        if Manifest.read(self._folder).fingerprint != self._manifest.fingerprint:
            raise EncoderError(f"The model in {self._folder} was replaced by another. Restart this process.")
        path = self._folder / graph_name(modality)
        return open_session(path, threads, cure=self._cure, providers=self._providers)
