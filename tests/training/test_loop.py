"""The training loop on a line to fit: it learns, stops early, goes on after a kill, and leaves a log with curves."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="training needs torch: pip install 'django-xsearch[train]'")

from safetensors.torch import load_file  # noqa: E402
from torch import nn  # noqa: E402

from xsearch.training.loop import Schedule, TrainingError, choose_device, fit, generator, one_cycle  # noqa: E402
from xsearch.training.losses import FixedWeights, UncertaintyWeights  # noqa: E402

SCHEDULE = Schedule(steps=60, rate=0.05, log_every=10, evaluate_every=10, checkpoint_every=10)


class Line:
    """Fits y = 3x with noise; raises at step ``until``, as if it were killed."""

    def __init__(self, until=None, scores=None):
        self.module = nn.Sequential(nn.Linear(1, 8), nn.Dropout(0.1), nn.Linear(8, 1))
        numbers = torch.Generator().manual_seed(5)
        for parameter in self.module.parameters():
            parameter.data.normal_(std=0.3, generator=numbers)
        self.until, self.scores, self.steps = until, scores, []

    def losses(self, step, progress, rng):
        if step == self.until:
            raise KeyboardInterrupt
        self.steps.append(step)
        x = torch.rand((16, 1), generator=rng)
        y = 3 * x + 0.01 * torch.randn((16, 1), generator=rng)
        found = self.module(x)
        return {"squares": ((found - y) ** 2).mean(), "offset": found.mean().abs() * 0.01}

    def evaluate(self):
        x = torch.linspace(0, 1, 9)[:, None]
        error = ((self.module(x) - 3 * x) ** 2).mean().item()
        return {"score": self.scores.pop(0) if self.scores else -error, "error": error}


def lines(folder):
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def test_it_learns_and_leaves_weights_log_and_curves(tmp_path):
    task = Line()
    outcome = fit(task, SCHEDULE, tmp_path)
    figures = [line["figures"]["error"] for line in lines(tmp_path) if "figures" in line]
    assert outcome.figures["error"] < 0.2 * figures[0]
    assert outcome.steps == 60
    kept = load_file(tmp_path / "best.safetensors")
    assert all(torch.equal(kept[name], value) for name, value in task.module.state_dict().items())
    for name, curve in (("losses", "squares"), ("figures", "error")):
        picture = (tmp_path / f"{name}.svg").read_text()
        assert curve in picture
        assert len(re.findall("<use [^>]*fill: #(?!0+)", picture)) >= 12


@pytest.mark.parametrize("until", [7, 20, 33])
def test_a_killed_run_goes_on_and_ends_like_one_that_was_not(tmp_path, until):
    whole, killed, resumed = Line(), Line(until), Line()
    fit(whole, SCHEDULE, tmp_path / "whole", UncertaintyWeights(["squares", "offset"]))
    with pytest.raises(KeyboardInterrupt):
        fit(killed, SCHEDULE, tmp_path / "killed", UncertaintyWeights(["squares", "offset"]))
    fit(resumed, SCHEDULE, tmp_path / "killed", UncertaintyWeights(["squares", "offset"]))
    assert resumed.steps[0] == until // 10 * 10
    for name, value in whole.module.state_dict().items():
        assert torch.equal(resumed.module.state_dict()[name], value)
    without_time = [[{**line, "seconds": 0} for line in lines(tmp_path / run)] for run in ("whole", "killed")]
    assert without_time[0] == without_time[1]


def test_a_finished_run_is_not_trained_again(tmp_path):
    first = fit(Line(), SCHEDULE, tmp_path)
    again = Line(until=0)
    assert fit(again, SCHEDULE, tmp_path) == first
    assert again.steps == []


def test_a_run_that_gets_no_better_stops_early_with_its_best_weights(tmp_path):
    task = Line(scores=[0.1, 0.9, 0.5, 0.5, 0.5, 0.5])
    outcome = fit(task, replace(SCHEDULE, patience=2), tmp_path)
    assert (outcome.steps, outcome.best_step, outcome.figures["score"]) == (40, 20, 0.9)


def test_a_folder_with_another_run_is_refused(tmp_path):
    fit(Line(), SCHEDULE, tmp_path)
    with pytest.raises(TrainingError, match="another schedule"):
        fit(Line(), replace(SCHEDULE, rate=0.01), tmp_path)


def test_a_loss_that_is_not_finite_ends_the_run_with_a_cure(tmp_path):
    task = Line()
    task.module[0].weight.data.fill_(float("inf"))
    with pytest.raises(TrainingError, match="lower rate"):
        fit(task, SCHEDULE, tmp_path)


def test_a_figure_that_is_not_there_cannot_be_watched(tmp_path):
    with pytest.raises(TrainingError, match="score, error"):
        fit(Line(), replace(SCHEDULE, watch="mrr"), tmp_path)


def test_a_run_by_the_clock_ends(tmp_path):
    outcome = fit(Line(), replace(SCHEDULE, steps=10**9, minutes=0.002), tmp_path)
    assert 0 < outcome.steps < 10**9


def test_the_rate_rises_and_falls():
    rates = [one_cycle(step / 100, 0.1) for step in range(101)]
    assert rates.index(max(rates)) == 10
    assert rates[0] < 0.1
    assert rates[-1] < 0.01


def test_steps_and_seeds_have_chance_of_their_own():
    drawn = {torch.rand(1, generator=generator(seed, step)).item() for seed in (0, 1) for step in (0, 1, 2)}
    assert len(drawn) == 6
    assert choose_device("cpu").type == "cpu"


def test_fixed_weights_by_hand():
    losses = {"one": torch.tensor(2.0), "other": torch.tensor(3.0)}
    assert FixedWeights({"one": 0.5})(losses).item() == 4.0


def test_uncertainty_weights_by_hand_and_what_they_learn():
    weighting = UncertaintyWeights(["loud", "quiet"], start={"loud": 0.5})
    losses = {"loud": torch.tensor(4.0), "quiet": torch.tensor(0.25)}
    assert weighting(losses).item() == pytest.approx(0.5 * 4 + torch.log(torch.tensor(2.0)).item() / 2 + 0.25)
    optimiser = torch.optim.SGD(weighting.parameters(), lr=0.1)
    for _ in range(400):
        optimiser.zero_grad()
        weighting(losses).backward()
        optimiser.step()
    # The sum is least where exp(-s) = 1 / (2 · loss).
    assert weighting.weights() == pytest.approx({"loud": 1 / 8, "quiet": 2.0}, rel=0.02)
