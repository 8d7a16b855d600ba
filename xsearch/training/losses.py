"""Losses of unit vectors and of heads on them, for any model, and weightings that combine several losses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from pytorch_metric_learning.losses import TripletMarginLoss
from pytorch_metric_learning.miners import BatchHardMiner
from torch import Tensor, nn
from torch.nn import functional

_IMPOSSIBLE = -1e4


def info_nce(one: Tensor, other: Tensor, fits: Tensor, scale: Tensor) -> Tensor:
    """InfoNCE both ways (van den Oord et al. 2018; Radford et al. 2021), where a row may fit several others.

    ``one`` is (n, d), ``other`` (m, d), ``fits`` (n, m) of booleans, ``scale`` the inverse temperature. Each
    fitting pair is contrasted with the pairs that do not fit; rows that fit nothing add nothing.
    """
    logits = scale * one @ other.T
    return (_nce(logits, fits) + _nce(logits.T, fits.T)) / 2


def _nce(logits: Tensor, fits: Tensor) -> Tensor:
    against = torch.logsumexp(logits.masked_fill(fits, _IMPOSSIBLE), dim=1, keepdim=True)
    losses = functional.softplus(against - logits) * fits
    counts = fits.sum(dim=1)
    return (losses.sum(dim=1) / counts.clamp(min=1)).sum() / (counts > 0).sum().clamp(min=1)


def sigmoid_loss(one: Tensor, other: Tensor, fits: Tensor, scale: Tensor, bias: Tensor) -> Tensor:
    """Classify each pair on its own (SigLIP: Zhai et al., ICCV 2023); shapes as in ``info_nce``.

    Start with ``scale`` 10 and ``bias`` -10, as the paper does: almost all pairs of a batch do not fit.
    """
    signs = fits.float() * 2 - 1
    return -functional.logsigmoid(signs * (scale * one @ other.T + bias)).sum() / len(one)


class HardTriplets(nn.Module):
    """Triplet loss with the hardest pairs of the batch (Hermans et al. 2017), by pytorch-metric-learning.

    ``margin`` is a Euclidean distance between unit vectors, from 0 to 2.
    """

    def __init__(self, margin: float = 0.2) -> None:
        super().__init__()
        self.miner = BatchHardMiner()
        self.loss = TripletMarginLoss(margin=margin)

    def forward(self, vectors: Tensor, labels: Tensor) -> Tensor:
        """Return the loss of vectors (n, d); those with equal ``labels`` (n,) belong together."""
        loss: Tensor = self.loss(vectors, labels, self.miner(vectors, labels))
        return loss


class ClassHeads(nn.Module):
    """One linear head per attribute with a single value (category, brand, colour)."""

    def __init__(self, dimension: int, sizes: Mapping[str, int]) -> None:
        """Take the length of the vectors, and how many values each attribute has."""
        super().__init__()
        # By number: names of attributes need not be valid names of modules.
        self.names = list(sizes)
        self.heads = nn.ModuleList(nn.Linear(dimension, size) for size in sizes.values())

    def forward(self, vectors: Tensor, labels: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the cross-entropy of each attribute; ``labels`` are (n,) each, -1 where unknown."""
        return {
            name: _labelled_only(functional.cross_entropy, head(vectors * vectors.shape[1] ** 0.5), labels[name])
            for name, head in zip(self.names, self.heads, strict=True)
        }


class AttributeHead(nn.Module):
    """One linear head for attributes that may have several values at once (materials, features)."""

    def __init__(self, dimension: int, count: int) -> None:
        super().__init__()
        self.head = nn.Linear(dimension, count)

    def forward(self, vectors: Tensor, targets: Tensor) -> Tensor:
        """Return the binary cross-entropy; ``targets`` is (n, count) of 1, 0, and -1 where unknown."""
        logits = self.head(vectors * vectors.shape[1] ** 0.5)
        return _labelled_only(functional.binary_cross_entropy_with_logits, logits.flatten(), targets.flatten())


def _labelled_only(loss: Callable[[Tensor, Tensor], Tensor], logits: Tensor, labels: Tensor) -> Tensor:
    is_labelled = labels >= 0
    if not is_labelled.any():
        return logits.sum() * 0.0
    kept = labels[is_labelled]
    return loss(logits[is_labelled], kept if logits.ndim > 1 else kept.float())


class FixedWeights(nn.Module):
    """The weighted sum of the losses; losses without a weight count once."""

    def __init__(self, weights: Mapping[str, float] | None = None) -> None:
        super().__init__()
        self.weights = dict(weights or {})

    def forward(self, losses: Mapping[str, Tensor]) -> Tensor:
        """Return the sum, a scalar."""
        return torch.stack([self.weights.get(name, 1.0) * loss for name, loss in losses.items()]).sum()


class UncertaintyWeights(nn.Module):
    """The sum of the losses, each divided by a learned variance (Kendall, Gal and Cipolla, CVPR 2018).

    With s = log σ² a task adds exp(-s) · loss + s / 2; ``start`` gives the first weights exp(-s), 1 by default.
    A step may lack some of the losses ``names``; raises ``KeyError`` for one that is not among them.
    """

    def __init__(self, names: Sequence[str], start: Mapping[str, float] | None = None) -> None:
        super().__init__()
        weights = torch.tensor([(start or {}).get(name, 1.0) for name in names])
        self.names = list(names)
        self.log_variances = nn.Parameter(-weights.log())

    def forward(self, losses: Mapping[str, Tensor]) -> Tensor:
        """Return the sum, a scalar."""
        log_variances = dict(zip(self.names, self.log_variances, strict=True))
        parts = [torch.exp(-log_variances[name]) * loss + log_variances[name] / 2 for name, loss in losses.items()]
        return torch.stack(parts).sum()

    def weights(self) -> dict[str, float]:
        """Return the present weight of each loss."""
        return dict(zip(self.names, torch.exp(-self.log_variances.detach()).tolist(), strict=True))
