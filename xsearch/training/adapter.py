"""The adapters that fine-tuning trains, and their training as a task of ``xsearch.training.loop``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from xsearch.encoders.base import Vectors
from xsearch.training.losses import ClassHeads, FixedWeights, HardTriplets, UncertaintyWeights, info_nce
from xsearch.training.material import Material, Numbers
from xsearch.training.trial import rank, score

KINDS = ("low_rank", "projection")
_MAX_SCALE = 60.0
#: Weights of the losses; "stay" keeps adapted vectors near the vectors of the encoder.
WEIGHTS = {"photo": 1.0, "text": 1.0, "triplet": 0.5, "names": 0.1, "clicks": 0.3, "stay": 1.0}


@dataclass(frozen=True)
class Recipe:
    """The kind of adapter, and the hyperparameters of its training."""

    kind: str = "low_rank"
    rank: int = 32  # of the change that a low-rank adapter makes
    steps: int = 600
    batch: int = 128  # products
    rate: float = 1e-3
    weighting: str = "fixed"  # or "uncertainty"
    weights: Mapping[str, float] = field(default_factory=lambda: dict(WEIGHTS))


class LowRank(nn.Module):
    """The identity plus a change of low rank, zero at first (the idea of LoRA: Hu et al., ICLR 2022)."""

    def __init__(self, dimension: int, rank: int) -> None:
        super().__init__()
        self.down = nn.Parameter(torch.randn(rank, dimension) / dimension**0.5)
        self.up = nn.Parameter(torch.zeros(dimension, rank))

    def forward(self) -> Tensor:
        """Return the matrix (d, d)."""
        return torch.eye(len(self.up), device=self.up.device) + self.up @ self.down


class Projection(nn.Module):
    """A full matrix, the identity at first."""

    def __init__(self, dimension: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.eye(dimension))

    def forward(self) -> Tensor:
        """Return the matrix (d, d)."""
        return self.weight


class AdapterModule(nn.Module):
    """The adapters of both modalities, the temperatures, and the heads that only training needs."""

    def __init__(self, material: Material, recipe: Recipe) -> None:
        super().__init__()
        dimension = material.photos.clean.shape[1]
        # Without captions nothing says how texts should move; they then move as photos do.
        kinds = ("image", "text") if len(material.captions) else ("image",)
        rank = min(recipe.rank, dimension)
        make = partial(LowRank, dimension, rank) if recipe.kind == "low_rank" else partial(Projection, dimension)
        self.adapters = nn.ModuleDict({kind: make() for kind in kinds})
        self.log_scales = nn.ParameterDict({kind: nn.Parameter(torch.tensor(math.log(20.0))) for kind in kinds})
        sizes = {name: int(labels.max()) + 1 for name, labels in material.labels.items()}
        self.heads = ClassHeads(dimension, sizes)

    def adapt(self, kind: str, vectors: Tensor) -> Tensor:
        """Return adapted unit vectors of ``vectors`` (n, d)."""
        return functional.normalize(vectors @ self.adapters[kind]().T, dim=1)

    def scale(self, kind: str) -> Tensor:
        """Return the inverse temperature of photos with photos ("image") or with captions ("text")."""
        scale: Tensor = self.log_scales[kind].exp()
        return scale.clamp(max=_MAX_SCALE)

    def matrices(self) -> dict[str, Vectors]:
        """Return the trained matrices by modality, as serving uses them."""
        return {kind: made().detach().cpu().numpy().astype(np.float32) for kind, made in self.adapters.items()}


class AdapterTask:
    """Train an adapter on some products of the material, evaluate it on others."""

    def __init__(
        self, material: Material, training: Numbers, held_out: Numbers, recipe: Recipe, device: torch.device
    ) -> None:
        torch.manual_seed(0)  # the same start for every fold
        self.material, self.training, self.held_out, self.recipe = material, training, held_out, recipe
        self.module = AdapterModule(material, recipe).to(device)
        self.device = device
        self.pictures = [np.flatnonzero(material.photos.owners == product) for product in training]
        self.triplets = HardTriplets()
        self.clean = torch.from_numpy(material.photos.clean).to(device)
        self.views = torch.from_numpy(material.photos.views).to(device)
        self.captions = torch.from_numpy(material.captions).to(device)
        self.says = np.zeros((len(material.said), len(material.captions)), bool)
        for product, said in enumerate(material.said):
            self.says[product, said] = True
        self.clicks = material.clicks[np.isin(material.clicks, training).all(axis=1)]

    def weighting(self) -> nn.Module:
        """Return the module that combines the losses."""
        weights = self.recipe.weights
        is_learned = self.recipe.weighting == "uncertainty"
        return UncertaintyWeights(list(weights), weights) if is_learned else FixedWeights(weights)

    def losses(self, step: int, progress: float, rng: torch.Generator) -> dict[str, Tensor]:  # noqa: ARG002
        """Return the losses of a batch of products, each with a photo as indexed and a customer's view."""
        draw = np.random.default_rng(int(torch.randint(2**62, (1,), generator=rng)))
        chosen = draw.choice(len(self.training), min(self.recipe.batch, len(self.training)), replace=False)
        products = self.training[chosen]
        shop = np.array([draw.choice(self.pictures[number]) for number in chosen])
        seen = np.array([draw.choice(self.pictures[number]) for number in chosen])
        view = draw.integers(self.views.shape[1], size=len(chosen))
        originals = torch.cat([self.clean[shop], self.views[seen, view]])
        vectors = self.module.adapt("image", originals)
        one, other = vectors.chunk(2)
        looks = torch.from_numpy(self.material.looks[products]).to(self.device)
        found = {
            "photo": info_nce(one, other, looks[:, None] == looks[None], self.module.scale("image")),
            "triplet": self.triplets(vectors, torch.cat([looks, looks])),
            "stay": (1 - (vectors * originals).sum(dim=1)).mean(),
        }
        return found | self._named(products, vectors) | self._captioned(products, vectors, draw) | self._clicked(draw)

    def _named(self, products: Numbers, vectors: Tensor) -> dict[str, Tensor]:
        if not self.material.labels:
            return {}
        doubled = {name: np.tile(labels[products], 2) for name, labels in self.material.labels.items()}
        labels = {name: torch.from_numpy(numbers).to(self.device) for name, numbers in doubled.items()}
        return {"names": torch.stack(list(self.module.heads(vectors, labels).values())).mean()}

    def _captioned(self, products: Numbers, vectors: Tensor, draw: np.random.Generator) -> dict[str, Tensor]:
        told = [draw.choice(said) for product in products if len(said := self.material.said[product])]
        if not told:
            return {}
        captions = np.unique(np.array(told, np.int64))
        texts = self.module.adapt("text", self.captions[captions])
        fits = self.says[products][:, captions]
        fitting = torch.from_numpy(np.tile(fits, (2, 1))).to(self.device)
        return {"text": info_nce(vectors, texts, fitting, self.module.scale("text"))}

    def _clicked(self, draw: np.random.Generator) -> dict[str, Tensor]:
        """Move products that customers chose from the results of one query nearer to each other than to others."""
        if not len(self.clicks):
            return {}
        pairs = self.clicks[draw.integers(len(self.clicks), size=64)]
        others = self.training[draw.integers(len(self.training), size=64)]
        owners = self.material.photos.owners
        anchor, positive, negative = (
            self.module.adapt("image", self.clean[[draw.choice(np.flatnonzero(owners == one)) for one in column]])
            for column in (pairs[:, 0], pairs[:, 1], others)
        )
        gap = (anchor * negative).sum(dim=1) - (anchor * positive).sum(dim=1)
        return {"clicks": functional.relu(gap + 0.05).mean()}

    def evaluate(self) -> dict[str, float]:
        """Return the MRR of the held-out products by kind of query."""
        return score(rank(self.material.adapted(self.module.matrices()), self.held_out))
