"""How the bundled model can be trained; its model card compares these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from xsearch.encoders.builtin import SIDE
from xsearch.training.loop import Schedule


@dataclass(frozen=True)
class Recipe:
    """What is trained, and how long and how hard."""

    steps: int = 5000
    batch: int = 64  # products; each is seen in two views
    rate: float = 2e-3
    decay: float = 0.05
    sides: tuple[tuple[float, int], ...] = ((0.5, 64), (0.88, 80), (1.0, SIDE))  # pixels until that progress
    seed: int = 0
    twins: float = 0.0  # share of a batch that is another product of it, dyed: alike in all but colour
    learned_weights: bool = False  # of the losses, by uncertainty
    triplets: bool = False  # the hardest of the batch, instead of NT-Xent, tell products apart
    kind_weight: float = 1.0  # of the loss of kinds, which is learned last
    bfloat16: bool = False  # for processors that have instructions for it

    def schedule(self) -> Schedule:
        """Return the schedule of the run."""
        every = max(self.steps // 10, 1)
        return Schedule(
            self.steps, self.rate, self.decay, warm_up=0.08, clip_norm=2.0, evaluate_every=every,
            checkpoint_every=every, seed=self.seed,
        )  # fmt: skip


#: What was compared; the model card has the figures.
RECIPES: dict[str, dict[str, Any]] = {
    "plain": {},
    "twins": {"twins": 0.25},
    "uncertainty": {"learned_weights": True},
    "triplets": {"triplets": True},
    "kinds": {"kind_weight": 1.5},
}
