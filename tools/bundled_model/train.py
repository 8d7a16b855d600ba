"""Train the bundled model: ``python -m tools.bundled_model.train --help``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tools.bundled_model.batches import Batches, tensors
from tools.bundled_model.export import export_image, export_text
from tools.bundled_model.lexicon import FACETS, Lexicon
from tools.bundled_model.losses import caption_loss, concept_loss, instance_loss, mask_loss
from tools.bundled_model.network import ImageTower, Space, TextTower
from tools.bundled_model.photos import PhotoSet, split_by_group
from tools.bundled_model.recipes import RECIPES, Recipe
from tools.bundled_model.retrieval_trials import ranked_again
from tools.bundled_model.sources import gather
from xsearch.encoders.builtin import SIDE
from xsearch.training.augment import CAMERA, Strength, random_views
from xsearch.training.loop import LOG, OnLine, fit
from xsearch.training.losses import FixedWeights, HardTriplets, UncertaintyWeights

WATCHED = 0.05  # share of the training products whose figures are watched, and which are not trained on
_TEMPERATURE = 0.08
_WEIGHTS = {"style": 0.4, "colour": 0.7, "caption": 0.8, "instance": 0.7, "whole": 0.4, "mask": 0.3}


class Towers(nn.Module):
    """All that learns: both towers and the scales of the losses."""

    def __init__(self, facets: Sequence[int]) -> None:
        super().__init__()
        self.image = ImageTower(Space()).to(memory_format=torch.channels_last)
        self.text = TextTower(Space(), facets)
        self.log_scales = nn.Parameter(torch.tensor([2.5, 2.0, 2.5, 3.0]))


class BuiltinTask:
    """Both towers and the pictures that they learn from, as a task of ``xsearch.training.loop``."""

    def __init__(self, photos: PhotoSet, watched: PhotoSet, lexicon: Lexicon, known: Sequence[str], recipe: Recipe):
        torch.manual_seed(recipe.seed)
        self.recipe = recipe
        facets = [FACETS.index(lexicon.facets[name]) for name in known]
        homes = torch.tensor(facets)
        self.columns = [torch.nonzero(homes == facet).flatten() for facet in range(len(FACETS))]
        self.module = Towers(facets)
        rows = [lexicon.concepts.index(name) for name in known]
        self.batches = Batches(photos, torch.from_numpy(photos.targets[:, rows]), self.columns, recipe)
        self.triplets = HardTriplets()
        self.watched = watched.take(np.unique(watched.products, return_index=True)[1])
        self.shown = torch.from_numpy(self.watched.targets[:, rows])[:, self.columns[0]]

    def weighting(self) -> nn.Module:
        """Return what makes one loss of several."""
        weights = {"kind": self.recipe.kind_weight, **_WEIGHTS}
        return UncertaintyWeights(list(weights), weights) if self.recipe.learned_weights else FixedWeights(weights)

    def losses(self, step: int, _progress: float, _rng: torch.Generator) -> Mapping[str, Tensor]:
        """Return the losses of one batch by name; it follows from the seed and the step alone."""
        batch = self.batches.of(step)
        image, text = self.module.image, self.module.text
        views = batch.views.to(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.recipe.bfloat16):
            maps = image.features(views)
        blocks, logits = image.read(views, [part.float() for part in maps])
        scales = self.module.log_scales.exp().clamp(max=40)
        concepts = text.concepts()[1:]
        losses: dict[str, Tensor] = {}
        for facet, name in enumerate(FACETS):
            columns = self.columns[facet]
            if len(columns):
                own = _own(concepts[columns], facet)
                losses[name] = concept_loss(blocks[facet], own, batch.targets[:, columns], scales[facet])
        vectors = image.vector(blocks)
        texts = text.combine(batch.captions.float() @ concepts)
        losses["caption"] = caption_loss(vectors, texts, batch.captions, batch.targets, scales[3])
        losses["instance"] = self._apart(blocks[3], batch.products)
        losses["whole"] = self._apart(vectors, batch.products)
        losses["mask"] = mask_loss(logits, batch.cover)
        return losses

    def _apart(self, vectors: Tensor, products: Tensor) -> Tensor:
        if self.recipe.triplets:
            loss: Tensor = self.triplets(vectors, products.repeat(2))
            return loss
        return instance_loss(vectors, products, _TEMPERATURE)

    def evaluate(self) -> Mapping[str, float]:
        """Return how well watched products are found again from customers' views, and named; and the mean of both."""
        shop, camera = (self._watched_blocks(strength) for strength in (None, CAMERA))
        found = ranked_again(*(self.module.image.vector(blocks).detach().numpy() for blocks in (shop, camera))).mrr
        kinds = functional.normalize(_own(self.module.text.concepts()[1:][self.columns[0]], 0), dim=1)
        likely = (camera[0] @ kinds.T).masked_fill(self.shown == -1, -2).argmax(dim=1)
        told = (self.shown == 1).any(dim=1)
        named = (self.shown.gather(1, likely[:, None])[:, 0] == 1)[told].float().mean().item()
        return {"score": (found + named) / 2, "found again, MRR": found, "kind named right": named}

    def _watched_blocks(self, strength: Strength | None) -> list[Tensor]:
        """Return the blocks of the watched pictures as they are, or as a camera sees them."""
        images, masks = tensors(self.watched)
        rng = torch.Generator().manual_seed(self.recipe.seed)
        blocks = []
        for rows in torch.split(torch.arange(len(images)), 128):
            if strength is None:
                views = functional.interpolate(images[rows].float() / 255, size=(SIDE, SIDE), mode="area")
            else:
                views, _ = random_views(images[rows], masks[rows], SIDE, strength, rng)
            blocks.append(self.module.image(views.to(memory_format=torch.channels_last))[0])
        return [torch.cat(parts) for parts in zip(*blocks, strict=True)]


def _own(concepts: Tensor, facet: int) -> Tensor:
    """Return the block of concept vectors that their facet fills."""
    starts = np.cumsum([0, *Space().sizes])
    return concepts[:, starts[facet] : starts[facet + 1]]


def known_concepts(photos: PhotoSet, lexicon: Lexicon, least: int = 15) -> list[str]:
    """Return the concepts that enough pictures show; words for others stay unknown."""
    counts = (photos.targets == 1).sum(axis=0)
    return [name for name, count in zip(lexicon.concepts, counts, strict=True) if count >= least]


def train(
    photos: PhotoSet, lexicon: Lexicon, recipe: Recipe, out: Path, least: int = 15, progress: OnLine = lambda _: None
) -> BuiltinTask:
    """Train on ``photos`` and write the model, its words and the log of the run to ``out``.

    A run that was killed goes on from ``out/run``, which also has its curves as pictures.
    """
    known = known_concepts(photos, lexicon, least)
    training, watched = split_by_group(photos, WATCHED, recipe.seed + 1)
    task = BuiltinTask(training, watched, lexicon, known, recipe)
    fit(task, recipe.schedule(), out / "run", task.weighting(), progress)
    export_image(task.module.image, out / "image.onnx")
    export_text(task.module.text, out / "text.onnx")
    lexicon.vocabulary(known).dump(out / "vocabulary.json")
    lines = (out / "run" / LOG).read_text(encoding="utf-8").splitlines()
    log = ",\n".join([f'"recipe": {json.dumps(asdict(recipe))}', '"steps": [\n' + ",\n".join(lines) + "\n]"])
    (out / "training_log.json").write_text(f"{{\n{log}\n}}\n", encoding="utf-8")
    return task


def main(arguments: Sequence[str] | None = None) -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description="Train the bundled image-text model.")
    parser.add_argument("--clothing", type=Path, help="folder with labels.jsonl and clothing photos")
    parser.add_argument("--renderings", type=Path, help="folder that `python -m tools.rendering --training` wrote")
    parser.add_argument("--out", type=Path, required=True, help="folder for the weights; a killed run goes on from it")
    parser.add_argument("--cache", type=Path, help="file that keeps the decoded pictures between runs")
    parser.add_argument("--recipe", choices=RECIPES, default="plain")
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument("--steps", type=int, default=Recipe.steps)
    parser.add_argument("--bfloat16", action="store_true", help="faster on processors with AMX or AVX-512 BF16 only")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    training, _, lexicon = gather(options.clothing, options.renderings, options.cache, options.seed)
    recipe = Recipe(options.steps, seed=options.seed, bfloat16=options.bfloat16, **RECIPES[options.recipe])
    train(training, lexicon, recipe, options.out, progress=lambda line: print(json.dumps(line), flush=True))


if __name__ == "__main__":
    main()
