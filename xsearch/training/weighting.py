"""Several losses into one: by fixed weights, or by weights that are learned with everything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn


class FixedWeights(nn.Module):
    """The weighted sum of the losses; those without a weight count once."""

    def __init__(self, weights: Mapping[str, float] | None = None) -> None:
        super().__init__()
        self.weights = dict(weights or {})

    def forward(self, losses: Mapping[str, Tensor]) -> Tensor:
        """Return the sum, a scalar."""
        return torch.stack([self.weights.get(name, 1.0) * loss for name, loss in losses.items()]).sum()


class UncertaintyWeights(nn.Module):
    """Each loss divided by a variance that is learned (Kendall, Gal and Cipolla, CVPR 2018).

    With s = log σ² a task adds exp(-s) · loss + s / 2; ``start`` gives weights exp(-s) to begin with, 1 by default.
    A step may lack some of the losses ``names``; raises ``KeyError`` for one that is not among them.
    """

    def __init__(self, names: Sequence[str], start: Mapping[str, float] | None = None) -> None:
        super().__init__()
        weights = torch.tensor([(start or {}).get(name, 1.0) for name in names])
        self.names = list(names)
        self.log_variances = nn.Parameter(-weights.log())

    def forward(self, losses: Mapping[str, Tensor]) -> Tensor:
        """Return the sum, a scalar."""
        number = {name: position for position, name in enumerate(self.names)}
        parts = []
        for name, loss in losses.items():
            log_variance = self.log_variances[number[name]]
            parts.append(torch.exp(-log_variance) * loss + log_variance / 2)
        return torch.stack(parts).sum()

    def weights(self) -> dict[str, float]:
        """Return the weight that each loss has by now."""
        return dict(zip(self.names, torch.exp(-self.log_variances.detach()).tolist(), strict=True))
