"""Train the bundled model: ``python -m xsearch.training.train_builtin --help``."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from xsearch.encoders.builtin import SIDE
from xsearch.training.augment import CAMERA, SHOP, random_views
from xsearch.training.export import export_image, export_text
from xsearch.training.lexicon import FACETS, Lexicon
from xsearch.training.losses import caption_loss, concept_loss, instance_loss, mask_loss
from xsearch.training.network import ImageTower, Space, TextTower
from xsearch.training.photos import PhotoSet
from xsearch.training.sources import gather

Batch = tuple[Tensor, Tensor, Tensor, Tensor]  # two rows of picture numbers, their views and masks

SMALL = 96  # pixels; views of small sides are cut from pictures of this size
_TEMPERATURE = 0.08
_WEIGHTS = {"kind": 1.0, "style": 0.4, "colour": 0.7, "caption": 0.8, "instance": 0.7, "whole": 0.4, "mask": 0.3}


@dataclass(frozen=True)
class Recipe:
    """How long and how hard to train."""

    steps: int = 5000
    batch: int = 64  # products; each is seen in two views
    rate: float = 2e-3
    decay: float = 0.05
    sides: tuple[tuple[float, int], ...] = ((0.45, 64), (0.8, 80), (1.0, SIDE))  # pixels until that progress
    minutes: float = 60.0  # stops, annealed, when this is over
    seed: int = 0


class Trainer:
    """Both towers, their optimiser and the pictures they learn from."""

    def __init__(self, photos: PhotoSet, lexicon: Lexicon, known: Sequence[str], recipe: Recipe) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.photos, self.known = recipe, photos, list(known)
        self.rng, self.telling = (torch.Generator().manual_seed(recipe.seed + extra) for extra in (0, 1))
        facets = [FACETS.index(lexicon.facets[name]) for name in known]
        homes = torch.tensor(facets)
        self.columns = [torch.nonzero(homes == facet).flatten() for facet in range(len(FACETS))]
        self.image = ImageTower(Space()).to(memory_format=torch.channels_last)
        self.text = TextTower(Space(), facets)
        self.log_scales = nn.Parameter(torch.tensor([2.5, 2.0, 2.5, 3.0]))
        self.targets = torch.from_numpy(photos.targets[:, [lexicon.concepts.index(name) for name in known]])
        self.images = torch.from_numpy(photos.images).permute(0, 3, 1, 2).contiguous()
        self.small = torch.cat([_reduced(part) for part in torch.split(self.images, 256)])
        self.masks = torch.from_numpy(photos.masks)[:, None]
        self.pool = ThreadPoolExecutor(1)
        self.pending: Future[Batch] | None = None
        self.sampler = Sampler(photos, recipe.batch, np.random.default_rng(recipe.seed))
        self.optimiser = torch.optim.AdamW(self._groups(), lr=recipe.rate, betas=(0.9, 0.98))
        self.log: list[dict[str, float]] = []

    def _groups(self) -> list[dict[str, object]]:
        parameters = [*self.image.parameters(), *self.text.parameters(), self.log_scales]
        return [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": self.recipe.decay},
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
        ]

    def run(self) -> None:
        """Train to the end of the recipe."""
        started = time.monotonic()
        for step in range(self.recipe.steps):
            spent = (time.monotonic() - started) / (self.recipe.minutes * 60)
            progress = max(step / self.recipe.steps, spent)
            if progress >= 1:
                break
            losses = self.step(progress)
            if step % 50 == 0:
                self.log.append({"step": step, "seconds": round(time.monotonic() - started), **losses})
                print(json.dumps(self.log[-1]), flush=True)

    def step(self, progress: float) -> dict[str, float]:
        """Take one optimiser step; ``progress`` runs from 0 to 1."""
        for group in self.optimiser.param_groups:
            group["lr"] = self.recipe.rate * _one_cycle(progress)
        losses = self.losses(self._next_batch(progress))
        total = torch.stack([_WEIGHTS[name] * loss for name, loss in losses.items()]).sum()
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_([*self.image.parameters(), *self.text.parameters()], 2.0)
        self.optimiser.step()
        return {name: round(loss.item(), 4) for name, loss in {"loss": total, **losses}.items()}

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return the losses of one batch by name."""
        first, second, views, cover = batch
        with torch.autocast("cpu", torch.bfloat16):
            blocks, logits = self.image(views.to(memory_format=torch.channels_last))
        scales = self.log_scales.exp().clamp(max=40)
        targets = self.targets[torch.cat([first, second])]
        concepts = self.text.concepts()[1:]
        losses: dict[str, Tensor] = {}
        starts = np.cumsum([0, *Space().sizes])
        for facet, name in enumerate(FACETS):
            if not len(self.columns[facet]):
                continue
            own = concepts[self.columns[facet], starts[facet] : starts[facet + 1]]
            losses[name] = concept_loss(blocks[facet], own, targets[:, self.columns[facet]], scales[facet])
        captions = self._captions(targets)
        vectors = self.image.vector(blocks)
        texts = self.text.combine(captions.float() @ concepts)
        losses["caption"] = caption_loss(vectors, texts, captions, targets, scales[3])
        products = torch.from_numpy(self.photos.products)[first]
        losses["instance"] = instance_loss(blocks[3], products, _TEMPERATURE)
        losses["whole"] = instance_loss(vectors, products, _TEMPERATURE)
        losses["mask"] = mask_loss(logits, cover)
        return losses

    def _next_batch(self, progress: float) -> Batch:
        """Return a batch, and begin with the one after it in a thread of its own."""
        ready = self.pending.result() if self.pending else self._batch(progress)
        self.pending = self.pool.submit(self._batch, progress)
        return ready

    def _batch(self, progress: float) -> Batch:
        """Return a shop's view of some products and a customer's of the same."""
        torch.set_num_threads(1)
        side = next(side for until, side in self.recipe.sides if progress < until)
        images = self.images if side > SMALL * 0.9 else self.small
        first, second = self.sampler.draw()
        parts = [random_views(images[rows], self.masks[rows], side, strength, self.rng)
                 for rows, strength in ((first, SHOP), (second, CAMERA))]  # fmt: skip
        views, cover = (torch.cat(both) for both in zip(*parts, strict=True))
        return first, second, views, cover

    def save(self, path: Path) -> None:
        """Keep both towers in full precision, for a run that continues from here."""
        towers = {"image": self.image.state_dict(), "text": self.text.state_dict(), "scales": self.log_scales.data}
        torch.save({**towers, "known": self.known}, path)

    def load(self, path: Path) -> None:
        """Continue from what ``save`` kept; concepts that it did not know begin anew."""
        stored = torch.load(path, weights_only=True)
        self.image.load_state_dict(stored["image"])
        self.log_scales.data.copy_(stored["scales"])
        self.text.log_weights.data.copy_(stored["text"]["log_weights"])
        for number, name in enumerate(self.known, start=1):
            if name in stored["known"]:
                row = stored["text"]["table"][stored["known"].index(name) + 1]
                self.text.table.data[number].copy_(row)

    def _captions(self, targets: Tensor) -> Tensor:
        """Return for each picture a random few of the concepts it shows, (n, concepts) of 0 and 1."""
        told = torch.zeros_like(targets, dtype=torch.bool)
        for columns, chance in zip(self.columns, (0.8, 0.35, 0.7), strict=True):
            tell = torch.rand((len(targets), 1), generator=self.telling) < chance
            told[:, columns] = (targets[:, columns] == 1) & tell
        return told


class Sampler:
    """Draws products, half of the batches from few kinds so that neighbours differ in detail only."""

    def __init__(self, photos: PhotoSet, batch: int, rng: np.random.Generator) -> None:
        self.batch, self.rng = batch, rng
        order = np.argsort(photos.products, kind="stable")
        self.pictures = np.split(order, np.flatnonzero(np.diff(photos.products[order])) + 1)
        firsts = np.array([rows[0] for rows in self.pictures])
        self.look = (photos.targets[firsts] == 1).argmax(axis=1)
        share = np.bincount(self.look) / len(self.look)
        self.chance = 1 / np.sqrt(share[self.look])
        self.chance /= self.chance.sum()

    def draw(self) -> tuple[Tensor, Tensor]:
        """Return two rows of picture numbers, the same products in both."""
        chosen = self._products()
        pairs = [self.rng.choice(self.pictures[product], 2) for product in chosen]
        first, second = torch.from_numpy(np.array(pairs)).unbind(dim=1)
        return first, second

    def _products(self) -> np.ndarray:
        count = min(self.batch, len(self.pictures))
        chance = self.chance
        if self.rng.random() < 0.4:
            looks = self.rng.choice(np.unique(self.look), 3)
            within = np.isin(self.look, looks)
            if within.sum() >= count:
                chance = within / within.sum()
        return self.rng.choice(len(self.pictures), count, replace=False, p=chance)


def _reduced(images: Tensor) -> Tensor:
    return functional.interpolate(images.float(), size=(SMALL, SMALL), mode="area").round().to(torch.uint8)


def _one_cycle(progress: float, warm: float = 0.08) -> float:
    if progress < warm:
        return 0.05 + 0.95 * progress / warm
    return float(0.002 + 0.998 * (1 + np.cos(np.pi * (progress - warm) / (1 - warm))) / 2)


def known_concepts(photos: PhotoSet, lexicon: Lexicon, least: int = 15) -> list[str]:
    """Return the concepts that enough pictures show; words for others stay unknown."""
    counts = (photos.targets == 1).sum(axis=0)
    return [name for name, count in zip(lexicon.concepts, counts, strict=True) if count >= least]


def train(
    photos: PhotoSet, lexicon: Lexicon, recipe: Recipe, out: Path, least: int = 15, start: Path | None = None
) -> Trainer:
    """Train on ``photos`` and write the model, its words and the log of the run to ``out``."""
    known = known_concepts(photos, lexicon, least)
    trainer = Trainer(photos, lexicon, known, recipe)
    if start is not None:
        trainer.load(start)
    trainer.run()
    out.mkdir(parents=True, exist_ok=True)
    trainer.save(out / "towers.pt")
    export_image(trainer.image, out / "image.onnx")
    export_text(trainer.text, out / "text.onnx")
    lexicon.vocabulary(known).dump(out / "vocabulary.json")
    (out / "training_log.json").write_text(json.dumps({"recipe": vars(recipe), "steps": trainer.log}, indent=0) + "\n")
    return trainer


def main(arguments: Sequence[str] | None = None) -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description="Train the bundled image-text model.")
    parser.add_argument("--clothing", type=Path, help="folder with labels.jsonl and clothing photos")
    parser.add_argument("--renderings", type=Path, help="folder that `python -m shop.rendering --training` wrote")
    parser.add_argument("--out", type=Path, required=True, help="folder for the weights")
    parser.add_argument("--cache", type=Path, help="file that keeps the decoded pictures between runs")
    parser.add_argument("--start", type=Path, help="towers.pt of an earlier run to continue from")
    parser.add_argument("--rate", type=float, default=Recipe.rate, help="highest learning rate")
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument("--steps", type=int, default=Recipe.steps)
    parser.add_argument("--minutes", type=float, default=Recipe.minutes)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    training, _, lexicon = gather(options.clothing, options.renderings, options.cache, options.seed)
    sides = Recipe.sides[1:] if options.start else Recipe.sides  # a run that continues needs no coarse beginning
    recipe = Recipe(options.steps, rate=options.rate, sides=sides, minutes=options.minutes, seed=options.seed)
    train(training, lexicon, recipe, options.out, start=options.start)


if __name__ == "__main__":
    main()
