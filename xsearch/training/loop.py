"""The training loop: early stopping, checkpoints, exact resume, and a log with its curves."""

from __future__ import annotations

import json
import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, Protocol

import matplotlib as mpl
import torch
from matplotlib.figure import Figure
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from xsearch.training.losses import FixedWeights

CHECKPOINT, BEST, LOG = "checkpoint.pt", "best.safetensors", "log.jsonl"
_DRAW_EVERY_S = 60  # drawing takes longer than many steps of a small model

OnLine = Callable[[dict[str, Any]], None]


class TrainingError(Exception):
    """A run cannot start or resume; the message says what to do."""


class Task(Protocol):
    """The module that a run trains, its losses on the batch of a step, and its evaluation."""

    @property
    def module(self) -> nn.Module:
        """All parameters and buffers, on the training device."""

    def losses(self, step: int, progress: float, rng: torch.Generator) -> Mapping[str, Tensor]:
        """Return the scalar losses of one batch by name; ``progress`` runs from 0 to 1.

        Use ``rng`` for every random choice: it is the same for a step however often the run was interrupted.
        """

    def evaluate(self) -> Mapping[str, float]:
        """Return figures on held-out data; the loop watches one of them, where higher is better."""


@dataclass(frozen=True)
class Schedule:
    """Length, learning rate and evaluation of a run."""

    steps: int
    rate: float = 1e-3  # highest learning rate
    decay: float = 0.0  # AdamW's weight decay, of matrices only
    warm_up: float = 0.05  # share of the run over which the rate rises; then it falls as a cosine
    clip_norm: float = 1.0  # of all gradients together
    minutes: float | None = None  # time limit; the rate falls towards it, so the run is not reproducible
    log_every: int = 50  # steps
    evaluate_every: int = 250  # steps
    checkpoint_every: int = 250  # steps
    watch: str = "score"  # the figure of ``Task.evaluate`` whose best weights are kept
    patience: int | None = None  # stops after so many evaluations without a better one; None: never
    seed: int = 0


@dataclass(frozen=True)
class Outcome:
    """The end of a run; ``figures`` are those of the best step, whose weights the module now has."""

    steps: int
    best_step: int
    figures: dict[str, float]
    seconds: float


def fit(
    task: Task,
    schedule: Schedule,
    folder: Path,
    weighting: nn.Module | None = None,
    progress: OnLine = lambda _line: None,
) -> Outcome:
    """Train ``task`` to the end, from the checkpoint in ``folder`` if there is one; load the best weights at the end.

    ``folder`` gets the best weights (``best.safetensors``), the log (``log.jsonl``) and its curves (SVG).
    ``weighting`` combines the losses, see ``xsearch.training.losses``; its own parameters are trained too.
    Raises ``TrainingError`` when ``folder`` holds a run of another schedule, or losses are not finite.
    """
    return _Run(task, schedule, folder, weighting or FixedWeights(), progress).to_the_end()


def generator(seed: int, step: int) -> torch.Generator:
    """Return the random generator of one step; tasks that prepare batches ahead need it."""
    return torch.Generator().manual_seed((seed * 1_000_003 + step) % 2**63)


def choose_device(name: str = "auto") -> torch.device:
    """Return the device ``name``; "auto" prefers a GPU."""
    automatic = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(automatic if name == "auto" else name)


def one_cycle(progress: float, warm_up: float) -> float:
    """Return the share of the highest rate: it rises linearly over ``warm_up``, then falls as a half cosine."""
    if progress < warm_up:
        return 0.05 + 0.95 * progress / warm_up
    return 0.002 + 0.998 * (1 + math.cos(math.pi * (progress - warm_up) / (1 - warm_up))) / 2


def draw_curves(folder: Path, log: Iterable[Mapping[str, Any]]) -> None:
    """Draw the losses and the figures of a log over the steps: ``losses.svg`` and ``figures.svg`` in ``folder``."""
    found: dict[str, dict[str, dict[int, float]]] = defaultdict(lambda: defaultdict(dict))
    for line, kind in product(log, ("losses", "figures")):
        for curve, value in line.get(kind, {}).items():
            found[kind][curve][line["step"]] = value
    for kind, curves in found.items():
        _draw(curves, folder / f"{kind}.svg")


def _draw(curves: Mapping[str, Mapping[int, float]], path: Path) -> None:
    picture = Figure(figsize=(9, 5), layout="constrained")
    axes = picture.subplots()
    for name, curve in curves.items():
        axes.plot(list(curve), list(curve.values()), marker="o", markersize=3, label=name)
    axes.set_xlabel("steps")
    axes.grid(axis="y")
    picture.legend(loc="outside right upper")
    with mpl.rc_context({"svg.fonttype": "none"}):  # text stays text
        picture.savefig(path, format="svg", metadata={"Date": None})


class _Run:
    """One run, in memory and in its folder."""

    def __init__(self, task: Task, schedule: Schedule, folder: Path, weighting: nn.Module, progress: OnLine) -> None:
        self.task, self.schedule, self.folder, self.progress = task, schedule, folder, progress
        self.weighting = weighting.to(next(task.module.parameters()).device)
        self.parameters = [*task.module.parameters(), *weighting.parameters()]
        # Weight decay applies to matrices, not to scales, biases and norms.
        groups = [
            {"params": [one for one in self.parameters if one.ndim > 1], "weight_decay": schedule.decay},
            {"params": [one for one in self.parameters if one.ndim <= 1], "weight_decay": 0.0},
        ]
        self.optimiser = torch.optim.AdamW(groups, schedule.rate, betas=(0.9, 0.98))
        self.step, self.spent_s, self.drawn_s = 0, 0.0, 0.0
        self.best_step, self.best, self.figures = -1, -math.inf, dict[str, float]()
        self.is_over = False
        folder.mkdir(parents=True, exist_ok=True)
        self._resume()

    def to_the_end(self) -> Outcome:
        started_s = time.monotonic() - self.spent_s
        while not self.is_over:
            self._learn(self._done())
            self.spent_s = time.monotonic() - started_s
            self.is_over = self._done() >= 1
            if self.is_over or self.step % self.schedule.evaluate_every == 0:
                self._evaluate()
            if self.is_over or self.step % self.schedule.checkpoint_every == 0:
                self._save()
        self.task.module.load_state_dict(load_file(self.folder / BEST))
        draw_curves(self.folder, _lines(self.folder / LOG))
        return Outcome(self.step, self.best_step, self.figures, round(self.spent_s, 1))

    def _done(self) -> float:
        """Return the finished share of the run, by steps or by the clock."""
        minutes = self.schedule.minutes
        by_clock = self.spent_s / (minutes * 60) if minutes else 0.0
        return max(self.step / self.schedule.steps, by_clock)

    def _learn(self, done: float) -> None:
        rate = self.schedule.rate * one_cycle(done, self.schedule.warm_up)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        # Dropout and the like draw from the global source.
        torch.manual_seed(self.schedule.seed * 1_000_003 + self.step)
        self.task.module.train()
        losses = self.task.losses(self.step, done, generator(self.schedule.seed, self.step))
        total: Tensor = self.weighting(losses)
        if not torch.isfinite(total):
            raise TrainingError(f"The loss of step {self.step} is {total.item()}. Train with a lower rate.")
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.parameters, self.schedule.clip_norm)
        self.optimiser.step()
        self.step += 1
        if self.step == 1 or self.step % self.schedule.log_every == 0:
            values = {name: _rounded(loss.item()) for name, loss in {"loss": total, **losses}.items()}
            self._log({"rate": _rounded(rate), "losses": values})

    def _evaluate(self) -> None:
        self.task.module.eval()
        with torch.no_grad():
            figures = dict(self.task.evaluate())
        self._log({"figures": {name: _rounded(value) for name, value in figures.items()}})
        if self.schedule.watch not in figures:
            raise TrainingError(f"No figure {self.schedule.watch!r} to watch. There are: {', '.join(figures)}.")
        if figures[self.schedule.watch] > self.best:
            self.best_step, self.best, self.figures = self.step, figures[self.schedule.watch], figures
            state = {name: value.contiguous() for name, value in self.task.module.state_dict().items()}
            write_atomically(self.folder / BEST, partial(save_file, state))
        patience = self.schedule.patience
        if patience is not None and self.step - self.best_step >= patience * self.schedule.evaluate_every:
            self.is_over = True

    def _log(self, line: dict[str, Any]) -> None:
        line = {"step": self.step, "seconds": round(self.spent_s, 1), **line}
        with (self.folder / LOG).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")
        self.progress(line)

    def _save(self) -> None:
        kept = {
            "schedule": asdict(self.schedule),
            "module": self.task.module.state_dict(),
            "weighting": self.weighting.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "run": {name: getattr(self, name) for name in _KEPT},
        }
        write_atomically(self.folder / CHECKPOINT, partial(torch.save, kept))
        if self.spent_s - self.drawn_s > _DRAW_EVERY_S:
            draw_curves(self.folder, _lines(self.folder / LOG))
            self.drawn_s = self.spent_s

    def _resume(self) -> None:
        file = self.folder / CHECKPOINT
        if not file.is_file():
            (self.folder / LOG).unlink(missing_ok=True)
            return
        kept = torch.load(file, map_location=self.parameters[0].device, weights_only=True)
        if kept["schedule"] != asdict(self.schedule):
            problem = f"{self.folder} holds a run of another schedule."
            raise TrainingError(f"{problem} Remove it, or train in another folder.")
        self.task.module.load_state_dict(kept["module"])
        self.weighting.load_state_dict(kept["weighting"])
        self.optimiser.load_state_dict(kept["optimiser"])
        for name, value in kept["run"].items():
            setattr(self, name, value)
        lines = [line for line in _lines(self.folder / LOG) if line["step"] <= self.step]
        text = "".join(json.dumps(line) + "\n" for line in lines)
        write_atomically(self.folder / LOG, lambda path: path.write_text(text, encoding="utf-8"))


_KEPT = ("step", "spent_s", "best_step", "best", "figures", "is_over")


def write_atomically(path: Path, write: Callable[[Path], Any]) -> None:
    """Replace ``path`` atomically: a killed run leaves the old file or the new one, never a part."""
    part = path.with_name(f"{path.name}.part")
    write(part)
    part.replace(path)


def _lines(log: Path) -> list[dict[str, Any]]:
    """Read the log without a last line that a kill cut off."""
    if not log.is_file():
        return []
    found = []
    for line in log.read_text(encoding="utf-8").splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            break
    return found


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
