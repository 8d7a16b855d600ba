"""Fine-tuning: from a shop's catalogue to a small adapter behind any encoder; cross-validated, compared, resumable."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import save

from xsearch.encoders import Encoder
from xsearch.encoders.adapted import NAME
from xsearch.encoders.base import Vectors
from xsearch.training.adapter import AdapterTask, Recipe
from xsearch.training.catalogue import Catalogue
from xsearch.training.loop import Schedule, choose_device, fit, write_atomically
from xsearch.training.material import Amounts, Material, Notify, Numbers, encode_photos, gather
from xsearch.training.trial import Ranks, Verdict, compare, rank

FORMAT = 1
MANIFEST = "manifest.json"
_ALL, _MARK = "all", "run.sha256"
MIN_PRODUCTS = 20
_STOPPING_SHARE = 0.15  # of the training products: they decide when to stop
_EVALUATIONS, _PATIENCE = 10, 6


class FinetuneError(Exception):
    """The catalogue, the encoder or the options do not allow fine-tuning; the message says what to do."""


@dataclass(frozen=True)
class FinetuneOptions:
    """Options of a run."""

    alias: str
    folder: Path
    recipe: Recipe
    amounts: Amounts
    folds: int = 5
    seed: int = 0
    device: str = "auto"


@dataclass(frozen=True)
class Report:
    """The adapter file that a run made, the comparison with the plain encoder, and the manifest."""

    file: Path
    verdict: Verdict
    manifest: dict[str, Any]


def finetune(catalogue: Catalogue, encoder: Encoder, plan: FinetuneOptions, progress: Notify) -> Report:
    """Train an adapter behind ``encoder`` and write it to the folder of ``plan``, with its manifest.

    The comparison is cross-validated: every product is tried by an adapter that did not learn from it. The adapter
    that is written learned from all products. A killed run goes on where it was. Raises ``FinetuneError``.
    """
    material = _material(catalogue, encoder, plan, progress)
    products = np.unique(material.photos.owners)
    if len(products) < MIN_PRODUCTS:
        problem = f"{len(products)} products have a photo that can be read; fine-tuning needs {MIN_PRODUCTS}"
        raise FinetuneError(f"{problem}, and does something useful from a few hundred on.")
    _begin(material, plan, progress)
    after: Ranks = {}
    mixed = np.random.default_rng(plan.seed).permutation(products)
    for number, held_out in enumerate(np.array_split(mixed, min(plan.folds, len(products))), start=1):
        matrices = _train(material, np.setdiff1d(products, held_out), plan, f"fold-{number}", progress)
        for kind, places in rank(material.adapted(matrices), held_out).items():
            after.setdefault(kind, {}).update(places)
    verdict = compare(rank(material, products), after)
    matrices = _train(material, products, plan, _ALL, progress)
    if "text" in encoder.modalities:  # without captions, texts move as photos do
        matrices.setdefault("text", matrices["image"])
    manifest = _manifest(catalogue, material, encoder, plan, verdict)
    return Report(_write(plan.folder, matrices, manifest), verdict, manifest)


def _material(catalogue: Catalogue, encoder: Encoder, plan: FinetuneOptions, progress: Notify) -> Material:
    if "image" not in encoder.modalities:
        modalities = ", ".join(sorted(encoder.modalities))
        problem = f"The encoder {plan.alias!r} encodes {modalities} only."
        raise FinetuneError(f"{problem} Name one that encodes photos: --encoder")
    if not catalogue.products:
        raise FinetuneError("No product has a photo. Fine-tuning learns from photos: declare `image` in the Index.")
    photos = encode_photos(catalogue, encoder, plan.amounts, plan.seed, plan.folder / "vectors", progress)
    return gather(catalogue, photos, encoder)


def _begin(material: Material, plan: FinetuneOptions, progress: Notify) -> None:
    """Remove the rest of an earlier run with other products or options."""
    facts = (replace(plan, folder=Path(), device=""), _STOPPING_SHARE, _EVALUATIONS, _PATIENCE)
    digest, mark = hashlib.sha256(repr((facts, material.digest())).encode()).hexdigest(), plan.folder / _MARK
    if mark.is_file() and mark.read_text(encoding="ascii") != digest:
        progress("The catalogue or the options have changed: training begins anew.")
        for folder in (*plan.folder.glob("fold-*"), plan.folder / _ALL):
            shutil.rmtree(folder, ignore_errors=True)
    mark.write_text(digest, encoding="ascii")


def _train(
    material: Material, products: Numbers, plan: FinetuneOptions, name: str, progress: Notify
) -> dict[str, Vectors]:
    """Train on ``products``; a few of them are held out and decide when to stop."""
    mixed = np.random.default_rng(plan.seed).permutation(products)
    few = max(2, round(len(mixed) * _STOPPING_SHARE))
    task = AdapterTask(material, np.sort(mixed[few:]), np.sort(mixed[:few]), plan.recipe, choose_device(plan.device))
    every = max(1, plan.recipe.steps // _EVALUATIONS)
    intervals: dict[str, Any] = dict.fromkeys(("log_every", "evaluate_every", "checkpoint_every"), every)
    schedule = Schedule(plan.recipe.steps, plan.recipe.rate, **intervals, patience=_PATIENCE, seed=plan.seed)
    with _one_thread():
        outcome = fit(task, schedule, plan.folder / name, task.weighting())
    progress(f"{name}: best after {outcome.best_step} of {outcome.steps} steps, MRR {outcome.figures['score']:.3f}")
    return task.module.matrices()


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let torch use one thread: with matrices this small, several threads mostly wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _manifest(
    catalogue: Catalogue, material: Material, encoder: Encoder, plan: FinetuneOptions, verdict: Verdict
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "encoder": plan.alias,
        "base_fingerprint": encoder.fingerprint,
        "recipe": {**asdict(plan.recipe), **asdict(plan.amounts), "folds": plan.folds},
        "seed": plan.seed,
        "counts": {
            "products": len(np.unique(material.photos.owners)),
            "photos": len(material.photos.owners),
            "without_photo": catalogue.without_photo,
            "captions": len(material.captions),
            "attributes": {name: int(labels.max()) + 1 for name, labels in material.labels.items()},
            "clicked_together": len(material.clicks),
        },
        "figures": {kind: comparison.as_dict() for kind, comparison in verdict.kinds.items()},
        "overall": {
            "difference": verdict.overall.mean,
            "difference_interval": list(verdict.overall.interval),
            "p_value": verdict.overall.p_value,
        },
        "is_better": not verdict.reasons,
    }


def _write(folder: Path, matrices: dict[str, Vectors], manifest: dict[str, Any]) -> Path:
    """Write the adapter, which contains its manifest, and the manifest as JSON for people."""
    text = json.dumps(manifest, ensure_ascii=False, indent=2, sort_keys=True)
    file = folder / NAME
    content = save(matrices, metadata={"manifest": text})
    write_atomically(file, lambda path: path.write_bytes(content))
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
    return file
