"""Losses of vectors against numbers worked out by hand."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch", reason="training needs torch: pip install 'django-xsearch[train]'")
pytest.importorskip("pytorch_metric_learning", reason="pip install 'django-xsearch[train]'")

from torch.nn import functional  # noqa: E402

from xsearch.training.losses import (  # noqa: E402
    AttributeHead,
    ClassHeads,
    HardTriplets,
    info_nce,
    sigmoid_loss,
)

ONE, SCALE = torch.eye(2), torch.tensor(1.0)


def test_info_nce_of_two_pairs():
    assert info_nce(ONE, ONE, torch.eye(2).bool(), SCALE).item() == pytest.approx(math.log(1 + math.exp(-1)))


def test_info_nce_does_not_hold_what_fits_against_what_fits():
    fits = torch.tensor([[True, True], [False, True]])
    # Row 0 has nothing against it; row 1 has column 0 against column 1; columns: 0 has row 1, 1 has nothing.
    expected = (math.log(1 + math.exp(-1)) / 2 + math.log(1 + math.exp(-1)) / 2) / 2
    assert info_nce(ONE, ONE, fits, SCALE).item() == pytest.approx(expected, abs=1e-4)


def test_info_nce_leaves_out_what_fits_nothing():
    nothing = torch.zeros((2, 2), dtype=torch.bool)
    assert info_nce(ONE, ONE, nothing, SCALE).item() == 0.0


def test_sigmoid_loss_of_two_pairs():
    loss = sigmoid_loss(ONE, ONE, torch.eye(2).bool(), torch.tensor(2.0), torch.tensor(-1.0))
    expected = math.log(1 + math.exp(-1)) + math.log(1 + math.exp(-1))  # per row: one pair fits (2-1), one does not
    assert loss.item() == pytest.approx(expected)


def test_triplets_take_the_hardest_pair_of_each_anchor():
    vectors = functional.normalize(torch.tensor([[1.0, 0.0], [0.8, 0.6], [0.6, 0.8], [0.0, 1.0]]), dim=1)
    labels = torch.tensor([0, 0, 1, 1])
    gap = (vectors[0] - vectors[1]).norm() - (vectors[0] - vectors[2]).norm()
    near = (vectors[1] - vectors[0]).norm() - (vectors[1] - vectors[2]).norm()
    expected = (torch.stack([gap, near, near, gap]) + 0.2).clamp(min=0)
    found = HardTriplets(margin=0.2)(vectors, labels)
    assert found.item() == pytest.approx(expected[expected > 0].mean().item(), abs=1e-5)


def test_heads_learn_what_is_known_and_skip_what_is_not():
    torch.manual_seed(0)
    heads, vectors = ClassHeads(4, {"brand.name": 2, "colour": 3}), functional.normalize(torch.randn(6, 4), dim=1)
    unknown = torch.full((6,), -1)
    losses = heads(vectors, {"brand.name": torch.tensor([0, 1, 0, 1, 0, -1]), "colour": unknown})
    assert losses["colour"].item() == 0.0
    expected = functional.cross_entropy(heads.heads[0](vectors[:5] * 2), torch.tensor([0, 1, 0, 1, 0]))
    assert losses["brand.name"].item() == pytest.approx(expected.item())


def test_attributes_of_which_several_hold():
    head, vectors = AttributeHead(4, 2), torch.eye(4)[:2]
    targets = torch.tensor([[1, -1], [0, 1]])
    logits = head.head(vectors * 2)
    expected = torch.stack(
        [functional.softplus(-logits[0, 0]), functional.softplus(logits[1, 0]), functional.softplus(-logits[1, 1])]
    ).mean()
    assert head(vectors, targets).item() == pytest.approx(expected.item(), abs=1e-6)
