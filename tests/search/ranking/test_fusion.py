"""Fusion by hand-worked numbers, and against the definitions it claims to follow."""

import numpy as np
import pytest

from xsearch.search.ranking.fusion import reciprocal_ranks, total, weighted

nan = float("nan")


def unit(rng, size):
    vector = rng.normal(size=size)
    return vector / np.linalg.norm(vector)


def test_weighted_fusion_of_unit_vectors_is_the_cosine_of_the_concatenated_weighted_vectors():
    rng = np.random.default_rng(5)
    weights = {"text:text": 0.4, "text:image": 0.5, "image:image": 1.3}
    query = {name: unit(rng, size) for name, size in zip(weights, (8, 16, 32), strict=True)}
    products = [{name: unit(rng, len(vector)) for name, vector in query.items()} for _ in range(20)]
    columns = {name: np.array([product[name] @ query[name] for product in products]) for name in weights}

    def concatenated(vectors):
        joined = np.concatenate([np.sqrt(weights[name]) * vectors[name] for name in weights])
        return joined / np.linalg.norm(joined)

    expected = [concatenated(product) @ concatenated(query) for product in products]
    assert total(weighted(columns, weights), 20) == pytest.approx(expected)


def test_reciprocal_ranks_by_hand():
    shares = reciprocal_ranks({"lexical": np.array([0.2, 0.9, nan])}, {"lexical": 2.0})
    assert shares["lexical"] == pytest.approx([61 / 62, 1.0, 0.0])


def test_the_first_of_every_part_has_the_score_one_by_ranks():
    columns = {"lexical": np.array([0.9, 0.1]), "text:image": np.array([0.3, 0.2])}
    shares = reciprocal_ranks(columns, {"lexical": 1.0, "text:image": 0.5})
    assert total(shares, 2) == pytest.approx([1.0, 61 / 62])


def test_a_stand_in_does_not_make_the_whole_larger():
    columns = {"image:image": np.array([0.8, nan]), "image:text": np.array([nan, 0.8])}
    shares = weighted(columns, {"image:image": 1.0, "image:text": 0.3})
    assert total(shares, 2) == pytest.approx([0.8, 0.24])
