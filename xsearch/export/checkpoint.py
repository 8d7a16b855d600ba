"""The export of one checkpoint to one folder, verified on samples: both give the same vectors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw

from xsearch.checkpoints.local import Checkpoint
from xsearch.encoders.base import Vectors
from xsearch.encoders.onnx import OnnxEncoder
from xsearch.encoders.onnx.front_ends import open_front_end
from xsearch.encoders.onnx.manifest import Manifest, graph_name
from xsearch.encoders.transformers import TransformersEncoder
from xsearch.encoders.transformers.families import FAMILIES
from xsearch.export.folders import ExportError, staged, write_facts
from xsearch.media import Waveform
from xsearch.media.audio import RATE_HZ

if TYPE_CHECKING:
    import onnx

#: Precisions of the weights, each with the least accepted cosine between a vector and torch's.
PRECISIONS = {"fp32": 0.999, "fp16": 0.999, "int8": 0.98}
#: Part of the fingerprint; raise it whenever an export of the same checkpoint gives other vectors.
RECIPE = "1"

_MAX_BYTES = 2_000_000_000  # of one graph in full precision, the limit of a protocol buffer

SAMPLE_TEXTS = (
    "a red dress for the summer", "black leather shoes", "Wooden chair, hand-made; for the kitchen",
    "红色的连衣裙", "黑色皮鞋 42码", "适合孩子的木制玩具", "T-shirt 白色 XL 🙂",
    "a very long description of a bag with many pockets, two handles and a strap " * 12,
)  # fmt: skip

_SIZES = ((640, 480), (300, 700), (224, 224), (97, 61), (900, 310), (33, 40))
_COLOURS = ("firebrick", "navy", "gold", "seagreen", "black", "orchid")


@dataclass(frozen=True)
class TowerReport:
    """Cosines between the exported vectors of one modality and torch's, and the size of the graph."""

    cosine_mean: float
    cosine_min: float
    size_bytes: int


@dataclass(frozen=True)
class ExportReport:
    """An exported folder and its towers by modality."""

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
    """Export ``checkpoint`` to the folder ``dest``, which appears only after the export is written and verified.

    Samples of every modality must have cosines of ``min_cosine`` (by default that of ``PRECISIONS``) to torch's
    vectors. ``force`` replaces an existing export. Raises ``ExportError``, ``CheckpointError``,
    ``EncoderError`` and ``ImportError``.
    """
    if precision not in PRECISIONS:
        raise ExportError(f"There is no precision {precision!r}. It is one of {', '.join(PRECISIONS)}.")
    dest = Path(dest).expanduser()
    with staged(dest, replace=force) as folder:
        original = TransformersEncoder(checkpoint.folder, device="cpu", dtype="float32")
        expected = {modality: original.encode_batch(modality, samples(modality)) for modality in original.modalities}
        fingerprint = f"{original.fingerprint}-onnx{RECIPE}-{precision}"
        del original  # frees memory before the towers are loaded again
        manifest = _write(checkpoint, folder, precision, fingerprint)
        towers = _verify(folder, expected)
        _refuse_bad(checkpoint, precision, towers, PRECISIONS[precision] if min_cosine is None else min_cosine)
    return ExportReport(dest, manifest.fingerprint, precision, towers)


def _write(checkpoint: Checkpoint, folder: Path, precision: str, fingerprint: str) -> Manifest:
    from xsearch.export.graphs import halve, quantise, write

    facts = write_facts(checkpoint, folder)
    for modality, graph in _traced(checkpoint, folder, facts):
        path = folder / graph_name(modality)
        if precision == "int8":
            graph = quantise(graph, path)
        elif precision == "fp16":
            halve(graph)
        write(graph, path)
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
    from xsearch.export.graphs import trace_tower

    for modality, tower in sorted(load_towers(checkpoint).items()):
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


def _verify(folder: Path, expected: dict[str, Vectors]) -> dict[str, TowerReport]:
    """Compare the vectors of the exported folder with the expected ones."""
    exported = OnnxEncoder(folder)
    towers = {}
    for modality, vectors in sorted(expected.items()):
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


def samples(modality: str) -> list[Any]:
    """Return six or more synthetic items of one modality, on which an export is verified; always the same."""
    if modality == "text":
        return list(SAMPLE_TEXTS)
    return pictures() if modality == "image" else sounds()


def pictures() -> list[Image.Image]:
    """Return coloured shapes on bright, noisy backgrounds, in odd sizes."""
    made = []
    for seed, ((width, height), colour) in enumerate(zip(_SIZES, _COLOURS, strict=True)):
        rng = np.random.default_rng(seed)
        light = np.linspace(150, 240, width)[None, :, None] + rng.normal(scale=12, size=(height, width, 3))
        image = Image.fromarray(light.clip(0, 255).astype(np.uint8))
        draw = ImageDraw.Draw(image)
        corners = [(rng.uniform(0.1, 0.9) * width, rng.uniform(0.1, 0.9) * height) for _ in range(5)]
        draw.polygon(corners, fill=colour, outline="white")
        draw.ellipse((width * 0.3, height * 0.3, width * 0.6, height * 0.7), outline=colour, width=max(1, width // 40))
        made.append(image)
    return made


def sounds() -> list[Waveform]:
    """Return decaying tones, chords and noise, from a fraction of a second to longer than a model's window."""
    made = []
    for seed, seconds in enumerate((0.4, 1.0, 2.5, 5.0, 9.0, 13.0)):
        t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
        rng = np.random.default_rng(seed)
        pitches = rng.uniform(150, 3000, size=1 + seed % 3)
        tone = sum(np.sin(2 * np.pi * hz * t) * np.exp(-t * rng.uniform(0.2, 3)) for hz in pitches)
        made.append(Waveform((0.2 * tone + rng.normal(scale=0.02 * seed, size=len(t))).clip(-1, 1).astype(np.float32)))
    return made
