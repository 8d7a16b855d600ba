"""One checkpoint to one folder: graphs, facts of its processors, and the proof that they give the same vectors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xsearch.checkpoints.local import Checkpoint
from xsearch.encoders.base import Vectors
from xsearch.encoders.onnx import OnnxEncoder
from xsearch.encoders.onnx.front_ends import open_front_end
from xsearch.encoders.onnx.manifest import Manifest, graph_name
from xsearch.encoders.transformers import TransformersEncoder
from xsearch.encoders.transformers.families import FAMILIES
from xsearch.export.errors import ExportError
from xsearch.export.folders import staged
from xsearch.export.samples import samples

if TYPE_CHECKING:
    import onnx

#: What weights are stored as, with the least cosine between a vector and torch's that is good enough.
PRECISIONS = {"fp32": 0.999, "fp16": 0.999, "int8": 0.98}
#: Part of the fingerprint; raise it whenever the same checkpoint is exported to other vectors.
RECIPE = "1"

_MAX_BYTES = 2_000_000_000  # of one graph in full precision: a file of protocol buffers holds no more


@dataclass(frozen=True)
class TowerReport:
    """How near the exported vectors of one modality are to torch's, and the size of the graph."""

    cosine_mean: float
    cosine_min: float
    size_bytes: int


@dataclass(frozen=True)
class ExportReport:
    """What was written, by modality."""

    folder: Path
    fingerprint: str
    precision: str
    towers: dict[str, TowerReport]


def export_checkpoint(
    checkpoint: Checkpoint,
    dest: str | Path,
    precision: str = "fp32",
    *,
    min_cosine: float | None = None,
    force: bool = False,
) -> ExportReport:
    """Export ``checkpoint`` to the folder ``dest``, which appears only once all is written and tried.

    Samples of every modality must have cosines of ``min_cosine`` (by default that of ``PRECISIONS``) to torch's
    vectors. ``force`` replaces an export that is there. Raises ``ExportError``, ``CheckpointError``,
    ``EncoderError`` and ``ImportError``.
    """
    if precision not in PRECISIONS:
        raise ExportError(f"There is no precision {precision!r}. It is one of {', '.join(PRECISIONS)}.")
    dest = Path(dest).expanduser()
    with staged(dest, replace=force) as folder:
        original = TransformersEncoder(checkpoint.folder, device="cpu", dtype="float32")
        wanted = {modality: original.encode_batch(modality, samples(modality)) for modality in original.modalities}
        fingerprint = f"{original.fingerprint}-onnx{RECIPE}-{precision}"
        del original  # before the towers are loaded once more
        manifest = _write(checkpoint, folder, precision, fingerprint)
        towers = _try(folder, wanted)
        _refuse_bad(checkpoint, precision, towers, PRECISIONS[precision] if min_cosine is None else min_cosine)
    return ExportReport(dest, manifest.fingerprint, precision, towers)


def _write(checkpoint: Checkpoint, folder: Path, precision: str, fingerprint: str) -> Manifest:
    from xsearch.export import graphs
    from xsearch.export.facts import write_facts

    facts = write_facts(checkpoint, folder)
    for modality, graph in _traced(checkpoint, folder, facts):
        path = folder / graph_name(modality)
        if precision == "int8":
            graph = graphs.quantise(graph, path)
        elif precision == "fp16":
            graphs.halve(graph)
        graphs.write(graph, path)
    manifest = Manifest(
        model=checkpoint.folder.name if Path(checkpoint.name).is_dir() else checkpoint.name,
        revision=checkpoint.revision,
        family=checkpoint.model_type,
        precision=precision,
        fingerprint=fingerprint,
        dimension=FAMILIES[checkpoint.model_type].dimension(checkpoint.config),
        towers=facts,
    )
    manifest.write(folder)
    return manifest


def _traced(checkpoint: Checkpoint, folder: Path, facts: dict[str, Any]) -> Iterator[tuple[str, onnx.ModelProto]]:
    """Yield the graph of each modality in full precision."""
    from xsearch.encoders.transformers.towers import load_towers
    from xsearch.export.towers import trace_tower

    towers = load_towers(checkpoint)
    for modality, tower in sorted(towers.items()):
        size = sum(4 * weight.numel() for weight in tower.parameters())
        if size > _MAX_BYTES:
            raise ExportError(
                f"The {modality} tower of {checkpoint.name} has {size / 1e9:.1f} GB; exported are towers of up to "
                f"{_MAX_BYTES / 1e9:g} GB. Serve it with xsearch.encoders.transformers.TransformersEncoder."
            )
        front_end = open_front_end(folder, facts[modality])
        prepared = [front_end.prepare(item) for item in samples(modality)[:2]]
        batch = front_end.collate([arrays for arrays in prepared if arrays is not None])
        yield modality, trace_tower(tower, batch, facts[modality])


def _try(folder: Path, wanted: dict[str, Vectors]) -> dict[str, TowerReport]:
    """Compare what the exported folder gives with the ``wanted`` vectors."""
    exported = OnnxEncoder(folder)
    towers = {}
    for modality, vectors in sorted(wanted.items()):
        cosines = (exported.encode_batch(modality, samples(modality)) * vectors).sum(axis=1)
        size = (folder / graph_name(modality)).stat().st_size
        towers[modality] = TowerReport(float(cosines.mean()), float(np.min(cosines)), size)
    return towers


def _refuse_bad(checkpoint: Checkpoint, precision: str, towers: dict[str, TowerReport], min_cosine: float) -> None:
    bad = {modality: tower.cosine_min for modality, tower in towers.items() if not tower.cosine_min >= min_cosine}
    if not bad:
        return
    found = ", ".join(f"{modality} {cosine:.4f}" for modality, cosine in bad.items())
    better = "Try --precision fp32" if precision != "fp32" else "Report it, with the name of the model"
    raise ExportError(
        f"The {precision} export of {checkpoint.name} gives other vectors than torch: least cosine {found}, where "
        f"{min_cosine:g} is wanted. Nothing was written. {better}, or accept it with --min-cosine."
    )
