"""The trial of an adapter: the ranks at which queries find products that training has not seen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xsearch.encoders.base import Vectors
from xsearch.evaluation.metrics import SIGNIFICANT, Difference, Interval, confidence_interval, paired_difference
from xsearch.training.material import Material, Numbers

CUTS = (1, 5, 10)
_AT_ONCE = 512  # queries
#: Kind of query → for each product the ranks at which its queries found it, from 1.
Ranks = dict[str, dict[int, list[int]]]


def rank(material: Material, products: Numbers) -> Ranks:
    """Return the ranks of ``products`` among all of the catalogue, by kind of query.

    "photo": a spoilt photo finds its product; "other photo": one photo finds the product by its other photos;
    "title": a title finds a photo of the product; "name": a photo finds the name of its category or brand among all.
    """
    owners = material.photos.owners
    chosen = np.isin(owners, products)
    spoilt = material.photos.queries[chosen]
    several = np.flatnonzero(chosen & (np.bincount(owners)[owners] > 1))  # photos of products with others
    ranks = {
        "photo": _ranks(material, spoilt.reshape(-1, spoilt.shape[2]), np.repeat(owners[chosen], spoilt.shape[1])),
        "other photo": _ranks(material, material.photos.clean[several], owners[several], without=several),
    }
    if len(material.captions):
        ranks["title"] = _by_title(material, products)
        ranks["name"] = _names(material, chosen)
    return {kind: found for kind, found in ranks.items() if found}


def _by_title(material: Material, products: Numbers) -> dict[int, list[int]]:
    pairs = [(int(product), int(title)) for product in products for title in material.titles[product]]
    owners, titles = np.array(pairs, np.int64).reshape(-1, 2).T
    named: dict[int, list[int]] = defaultdict(list)
    for product, found in enumerate(material.titles):
        for title in found.tolist():
            named[title].append(product)
    return _ranks(material, material.captions[titles], owners, twins=[named[title] for title in titles.tolist()])


def _ranks(
    material: Material,
    queries: Vectors,
    owners: Numbers,
    *,
    without: Numbers | None = None,
    twins: Sequence[Sequence[int]] | None = None,
) -> dict[int, list[int]]:
    """Rank the products by their best photo, without the photo ``without`` of each query.

    Products that look the same as the right one, or are its ``twins``, do not push it down.
    """
    ranks: dict[int, list[int]] = {}
    starts = np.flatnonzero(np.diff(material.photos.owners, prepend=-1))
    there = material.photos.owners[starts]
    for start in range(0, len(queries), _AT_ONCE):
        scores = queries[start : start + _AT_ONCE] @ material.photos.clean.T
        if without is not None:
            scores[np.arange(len(scores)), without[start : start + _AT_ONCE]] = -2
        best = np.maximum.reduceat(scores, starts, axis=1)
        for row, owner in enumerate(owners[start : start + _AT_ONCE]):
            same = material.looks[there] == material.looks[owner]
            if twins is not None:
                same |= np.isin(there, twins[start + row])
            own = best[row, there == owner]
            ranks.setdefault(int(owner), []).append(1 + int(((best[row] > own) & ~same).sum()))
    return ranks


def _names(material: Material, chosen: NDArray[np.bool_]) -> dict[int, list[int]]:
    ranks: dict[int, list[int]] = {}
    for name, captions in material.names.items():
        labels = material.named[name][material.photos.owners]
        photos = np.flatnonzero(chosen & (labels >= 0))
        scores = material.photos.clean[photos] @ material.captions[captions].T
        own = scores[np.arange(len(photos)), labels[photos]]
        for photo, place in zip(photos, 1 + (scores > own[:, None]).sum(axis=1), strict=True):
            ranks.setdefault(int(material.photos.owners[photo]), []).append(int(place))
    return ranks


def score(ranks: Ranks) -> dict[str, float]:
    """Return the MRR of each kind of query, and their mean as "score"."""
    found = {kind: float(_reciprocal(places).mean()) for kind, places in ranks.items()}
    return {"score": float(np.mean(list(found.values()))), **found}


def _reciprocal(places: Mapping[int, list[int]]) -> NDArray[np.float64]:
    """Return the mean reciprocal rank of each product."""
    return np.array([np.mean([1 / place for place in found]) for found in places.values()])


@dataclass(frozen=True)
class RankComparison:
    """Ranks of one kind of query with and without the adapter, on the same products."""

    products: int
    before: dict[str, float]
    after: dict[str, float]
    before_interval: Interval
    after_interval: Interval
    difference: Difference

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as JSON; intervals are 95 % bootstrap intervals of the MRR, over products."""
        return {
            "products": self.products,
            "before": {**self.before, "interval": list(self.before_interval)},
            "after": {**self.after, "interval": list(self.after_interval)},
            "difference": self.difference.mean,
            "difference_interval": list(self.difference.interval),
            "p_value": self.difference.p_value,
        }


@dataclass(frozen=True)
class Verdict:
    """The comparison by kind of query and overall. Better means: beyond chance overall, and worse at no kind."""

    kinds: dict[str, RankComparison]
    overall: Difference

    @property
    def reasons(self) -> list[str]:
        """Reasons why the adapter is not better; empty if it is."""
        found = []
        if not (self.overall.mean > 0 and self.overall.p_value < SIGNIFICANT):
            low, high = self.overall.interval
            found.append(
                f"over all kinds of queries the MRR changes by {self.overall.mean:+.3f} [{low:+.3f}, {high:+.3f}], "
                f"p = {self.overall.p_value:.3f}, which is no improvement beyond chance"
            )
        for kind, comparison in self.kinds.items():
            low, high = comparison.difference.interval
            if high < 0:
                mean = comparison.difference.mean
                found.append(f"“{kind}” gets worse: MRR {mean:+.3f} [{low:+.3f}, {high:+.3f}]")
        return found


def compare(before: Ranks, after: Ranks) -> Verdict:
    """Compare the ranks of the same queries with and without an adapter."""
    kinds = {kind: _compared(before[kind], after[kind]) for kind in before}
    products = sorted(before["photo"])
    overall = paired_difference(_by_product(before, products), _by_product(after, products))
    return Verdict(kinds, overall)


def _by_product(ranks: Ranks, products: Sequence[int]) -> list[float]:
    """Return the mean over the kinds of queries, by product."""
    found = {kind: dict(zip(places, _reciprocal(places), strict=True)) for kind, places in ranks.items()}
    return [float(np.mean([one[product] for one in found.values() if product in one])) for product in products]


def _compared(before: dict[int, list[int]], after: dict[int, list[int]]) -> RankComparison:
    after = {product: after[product] for product in before}
    one, other = _reciprocal(before).tolist(), _reciprocal(after).tolist()
    intervals = confidence_interval(one), confidence_interval(other)
    return RankComparison(len(before), _figures(before), _figures(after), *intervals, paired_difference(one, other))


def _figures(places: Mapping[int, list[int]]) -> dict[str, float]:
    hits = {cut: [np.mean(np.less_equal(found, cut)) for found in places.values()] for cut in CUTS}
    recalls = {f"recall@{cut}": float(np.mean(found)) for cut, found in hits.items()}
    return {**recalls, "mrr": float(_reciprocal(places).mean())}
