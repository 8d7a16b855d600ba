"""Losses of the bundled model; all take unit vectors."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_IMPOSSIBLE = -1e4


def concept_loss(block: Tensor, concepts: Tensor, targets: Tensor, scale: Tensor) -> Tensor:
    """Cross-entropy of each shown concept against all concepts that are not shown.

    ``block`` is (n, d), ``concepts`` (c, d), ``targets`` (n, c) with 1, 0 and -1 for unknown, which takes
    no part. Pictures without a shown concept add nothing.
    """
    logits = scale * block @ functional.normalize(concepts, dim=1).T
    against = torch.logsumexp(logits.masked_fill(targets != 0, _IMPOSSIBLE), dim=1, keepdim=True)
    losses = functional.softplus(against - logits)
    shown = (targets == 1).float()
    each = (losses * shown).sum(dim=1) / shown.sum(dim=1).clamp(min=1)
    return each.sum() / (shown.sum(dim=1) > 0).sum().clamp(min=1)


def caption_loss(images: Tensor, texts: Tensor, captions: Tensor, targets: Tensor, scale: Tensor) -> Tensor:
    """Contrast captions with pictures both ways (Radford et al. 2021), where captions may fit many pictures.

    ``captions`` is (m, c) of 0 and 1, ``targets`` (n, c) as in ``concept_loss``. A caption fits a picture
    that shows all its concepts, and is foreign to one that lacks any; other pairs take no part.
    """
    logits = scale * images @ texts.T
    wanted = captions.float()
    lacking = (targets == 0).float() @ wanted.T > 0
    fitting = (targets != 1).float() @ wanted.T == 0
    return (_fit(logits, fitting, lacking) + _fit(logits.T, fitting.T, lacking.T)) / 2


def _fit(logits: Tensor, fitting: Tensor, foreign: Tensor) -> Tensor:
    against = torch.logsumexp(logits.masked_fill(~foreign, _IMPOSSIBLE), dim=1, keepdim=True)
    losses = functional.softplus(against - logits) * fitting
    counts = fitting.sum(dim=1)
    each = losses.sum(dim=1) / counts.clamp(min=1)
    return each.sum() / (counts > 0).sum().clamp(min=1)


def instance_loss(views: Tensor, products: Tensor, temperature: float) -> Tensor:
    """NT-Xent (Chen et al. 2020) between two views of each of n products.

    ``views`` is (2n, d), first one view of each, then the other; other pictures of a product, by its number
    in ``products`` (n,), are no negatives.
    """
    count = len(products)
    logits = views @ views.T / temperature
    partner = torch.cat([torch.arange(count, 2 * count), torch.arange(count)])
    names = torch.cat([products, products])
    same = names[:, None] == names[None]
    same[torch.arange(2 * count), partner] = False
    return functional.cross_entropy(logits.masked_fill(same, _IMPOSSIBLE), partner)


def mask_loss(logits: Tensor, cover: Tensor) -> Tensor:
    """Binary cross-entropy of mask logits, shape (n, 1, h, w), with a measured mask of any larger size."""
    return functional.binary_cross_entropy_with_logits(
        logits, functional.interpolate(cover, size=logits.shape[-2:], mode="area")
    )
