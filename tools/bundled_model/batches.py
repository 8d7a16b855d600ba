"""Batches of the bundled model's training: two views of some products, made while the step before is taken."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from tools.bundled_model.lexicon import FACETS
from tools.bundled_model.photos import PhotoSet
from tools.bundled_model.recipes import Recipe
from xsearch.training.augment import CAMERA, SHOP, random_views, uniform
from xsearch.training.loop import generator

SMALL = 96  # pixels; views of small sides are cut from pictures of this size

_YIQ = torch.tensor([[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]])


@dataclass(frozen=True)
class Batch:
    """A shop's view of n products, then a customer's of the same."""

    views: Tensor  # (2n, 3, side, side) in 0..1
    cover: Tensor  # (2n, 1, side, side), where the product is
    targets: Tensor  # (2n, concepts), as in ``PhotoSet``
    captions: Tensor  # (2n, concepts), a random few of what is shown
    products: Tensor  # (n,), equal for what is not to be told apart


class Batches:
    """The batch of each step, which follows from the seed and the number of the step alone."""

    def __init__(self, photos: PhotoSet, targets: Tensor, columns: Sequence[Tensor], recipe: Recipe) -> None:
        """Take the ``targets`` of the known concepts, (pictures, concepts), and the ``columns`` of each facet."""
        self.targets, self.columns, self.recipe = targets, columns, recipe
        self.products = torch.from_numpy(photos.products)
        self.images, self.masks = tensors(photos)
        self.small = torch.cat([_reduced(part) for part in torch.split(self.images, 256)])
        self.sampler = Sampler(photos, recipe.batch)
        # Set in its own thread: the model's has all the cores that it was given.
        self.pool = ThreadPoolExecutor(1, initializer=torch.set_num_threads, initargs=(1,))
        self.pending: dict[int, Future[Batch]] = {}

    def of(self, step: int) -> Batch:
        """Return the batch of a step, and begin with the one after it in a thread of its own."""
        batch = self.pending.pop(step, None) or self.pool.submit(self._batch, step)
        if step + 1 < self.recipe.steps:
            self.pending = {step + 1: self.pool.submit(self._batch, step + 1)}
        return batch.result()

    def _batch(self, step: int) -> Batch:
        recipe, rng = self.recipe, generator(self.recipe.seed, step)
        side = next(side for until, side in recipe.sides if step / recipe.steps < until)
        images = self.images if side > SMALL * 0.9 else self.small
        first, second = self.sampler.draw(np.random.default_rng((recipe.seed, step)))
        targets = self.targets[torch.cat([first, second])].reshape(2, len(first), -1)
        products = self.products[first].clone()
        pictures, masks = [images[first], images[second]], [self.masks[first], self.masks[second]]
        count = round(len(first) * recipe.twins)
        if count:
            self._twin(count, pictures, masks, targets, products, rng)
        parts = [random_views(seen, mask, side, strength, rng)
                 for seen, mask, strength in zip(pictures, masks, (SHOP, CAMERA), strict=True)]  # fmt: skip
        views, cover = (torch.cat(both) for both in zip(*parts, strict=True))
        every = targets.flatten(0, 1)
        return Batch(views, cover, every, self._captions(every, rng), products)

    def _twin(
        self, count: int, pictures: list[Tensor], masks: list[Tensor], targets: Tensor, products: Tensor,
        rng: torch.Generator,
    ) -> None:  # fmt: skip
        """Put dyed twins of the first products of a batch in the place of its last; nobody knows their colours."""
        state = rng.get_state()
        for pictured, mask in zip(pictures, masks, strict=True):
            rng.set_state(state)  # both pictures of a product are dyed alike
            pictured[-count:], changed = dyed(pictured[:count], mask[:count], rng)
            mask[-count:] = mask[:count]
        targets[:, -count:] = targets[:, :count]
        targets[:, -count:, self.columns[FACETS.index("colour")]] = -1
        # What black or white makes no other colour of is the same product still.
        products[-count:] = torch.where(changed > 0.06, -1 - torch.arange(count), products[:count])

    def _captions(self, targets: Tensor, rng: torch.Generator) -> Tensor:
        """Return for each picture a random few of the concepts it shows, (n, concepts) of booleans."""
        told = torch.zeros_like(targets, dtype=torch.bool)
        for columns, chance in zip(self.columns, (0.8, 0.35, 0.7), strict=True):
            tell = torch.rand((len(targets), 1), generator=rng) < chance
            told[:, columns] = (targets[:, columns] == 1) & tell
        return told


class Sampler:
    """Draws products, half of the batches from few kinds so that neighbours differ in detail only."""

    def __init__(self, photos: PhotoSet, batch: int) -> None:
        self.batch = batch
        order = np.argsort(photos.products, kind="stable")
        self.pictures = np.split(order, np.flatnonzero(np.diff(photos.products[order])) + 1)
        firsts = np.array([rows[0] for rows in self.pictures])
        self.look = (photos.targets[firsts] == 1).argmax(axis=1)
        share = np.bincount(self.look) / len(self.look)
        self.chance = 1 / np.sqrt(share[self.look])
        self.chance /= self.chance.sum()

    def draw(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Return two rows of picture numbers, the same products in both."""
        chosen = self._products(rng)
        pairs = [rng.choice(self.pictures[product], 2) for product in chosen]
        first, second = torch.from_numpy(np.array(pairs)).unbind(dim=1)
        return first, second

    def _products(self, rng: np.random.Generator) -> np.ndarray:
        count = min(self.batch, len(self.pictures))
        chance = self.chance
        if rng.random() < 0.4:
            looks = rng.choice(np.unique(self.look), 3)
            within = np.isin(self.look, looks)
            if within.sum() >= count:
                chance = within / within.sum()
        return rng.choice(len(self.pictures), count, replace=False, p=chance)


def tensors(photos: PhotoSet) -> tuple[Tensor, Tensor]:
    """Return the pictures, (n, 3, h, w), and their masks, (n, 1, h', w'), both uint8."""
    return torch.from_numpy(photos.images).permute(0, 3, 1, 2).contiguous(), torch.from_numpy(photos.masks)[:, None]


def _reduced(images: Tensor) -> Tensor:
    return functional.interpolate(images.float(), size=(SMALL, SMALL), mode="area").round().to(torch.uint8)


def dyed(images: Tensor, masks: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return pictures (n, 3, h, w) uint8 whose products have other colours, and by how much each changed, 0..1.

    Chroma turns by 60 to 300 degrees in YIQ and is moved a little, so that grey takes on colour; lightness stays.
    """
    angle = uniform((len(images),), math.pi / 3, math.pi * 5 / 3, rng)
    push = uniform((len(images), 2, 1, 1), -0.25, 0.25, rng)
    turn = torch.stack([torch.stack([angle.cos(), -angle.sin()], 1), torch.stack([angle.sin(), angle.cos()], 1)], 1)
    pictures = images.float() / 255
    parts = torch.einsum("dc,nchw->ndhw", _YIQ, pictures)
    light, chroma = parts[:, :1], parts[:, 1:]
    chroma = torch.einsum("ndc,nchw->ndhw", turn, chroma) + push * light * (2 - light) * 0.7
    other = torch.einsum("dc,nchw->ndhw", torch.linalg.inv(_YIQ), torch.cat([light, chroma], 1)).clamp(0, 1)
    cover = functional.interpolate(masks.float() / 255, size=images.shape[-2:], mode="bilinear", align_corners=False)
    changed = ((other - pictures).abs() * cover).mean(dim=(1, 2, 3)) / cover.mean(dim=(1, 2, 3)).clamp(min=1e-3)
    return ((pictures + (other - pictures) * cover) * 255).round().to(torch.uint8), changed
