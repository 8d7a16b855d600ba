"""Personal results tried with made-up shoppers whose taste is known: ``python -m tests.shoppers [--products N]``.

Draws and indexes the demonstration catalogue in a database of its own, lets shoppers search, look and buy
as their taste says, and then compares what they get for queries they never made with what everybody gets.
"""

import argparse
import math
import os
import random
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

DEPTH = 24  # results that a shopper scrolls through
TRIPS = 6  # searches before they are tried
CLICK_CHANCE = (0.0, 0.1, 0.3, 0.6, 0.9)  # of a result that is looked at, by grade


@dataclass(frozen=True)
class Shopper:
    """What somebody likes: of each field some values, and a price."""

    liked: dict[str, frozenset]
    price: float

    def grade(self, product, wanted):
        """Return 0 for what was not asked for, else 1, and one more for each of colour, brand and price they like."""
        if product.category_id != wanted:
            return 0
        fits = [getattr(product, name) in values for name, values in self.liked.items()]
        if product.price:
            fits.append(abs(math.log(float(product.price) / self.price)) < 0.4)
        return 1 + sum(fits)


@dataclass
class Outcome:
    """nDCG@10 of each trial, without and with taste, and what must not happen."""

    without: list = field(default_factory=list)
    with_taste: list = field(default_factory=list)
    #: Of shoppers who did not agree, how many lists were tried, and how many were not as everybody's.
    unconsented: int = 0
    changed: int = 0
    #: The largest change of any score, and how many results moved.
    largest_shift: float = 0.0
    moved: int = 0


def make_shopper(rng, products):
    """Return somebody with two favourite colours, two favourite brands and a price they like to pay."""
    colours = sorted({product.colour for product in products if product.colour})
    brands = sorted({product.brand_id for product in products if product.brand_id})
    liked = {"colour": frozenset(rng.sample(colours, 2)), "brand_id": frozenset(rng.sample(brands, 2))}
    return Shopper(liked, float(rng.choice([product.price for product in products if product.price])))


def simulate(queries, shoppers, seed=0, quiet=True):
    """Let ``shoppers`` many people shop by ``queries``, {category id: words}, and try their taste on others."""
    from shop.models import Product

    rng = random.Random(seed)
    products = list(Product.objects.select_related(None))
    outcome = Outcome()
    for number in range(shoppers):
        asked = rng.sample(sorted(queries), len(queries))
        shopper = make_shopper(rng, products)
        known, trials = asked[: len(asked) // 2], asked[len(asked) // 2 :]
        for agrees in (True, False):
            visitor = _go_shopping(rng, shopper, {key: queries[key] for key in known}, agrees=agrees)
            for key in trials[:3]:
                _try(outcome, shopper, products, key, queries[key], visitor)
        if not quiet and number % 10 == 9:
            print(f"  {number + 1} shoppers", file=sys.stderr)
    return outcome


def _go_shopping(rng, shopper, queries, *, agrees):
    """Search, look at results from the top, open and buy as taste says; returns who the events are known of."""
    import xsearch
    from shop.models import Product
    from tests.support.visitors import act, make_visitor

    visitor = make_visitor() if agrees else None
    for _trip in range(TRIPS):
        wanted, words = rng.choice(list(queries.items()))
        results = xsearch.search(Product.objects.all(), text=words, user=visitor, facets=None, page_size=DEPTH)
        for rank, hit in enumerate(results.hits, start=1):
            grade = shopper.grade(hit.object, wanted)
            if rng.random() < 1 / rank and rng.random() < CLICK_CHANCE[grade]:
                act(visitor, hit.object, kind="click", position=rank, query_id=results.query_id)
                if grade >= 3 and rng.random() < 0.5:
                    act(visitor, hit.object, kind="purchase", position=rank, query_id=results.query_id)
    return visitor


def _try(outcome, shopper, products, wanted, words, visitor):
    import xsearch
    from shop.models import Product
    from xsearch.evaluation.metrics import measure

    plain, own = (
        xsearch.search(Product.objects.all(), text=words, user=user, facets=None, page_size=100)
        for user in (None, visitor)
    )
    if visitor is None:
        outcome.unconsented += 1
        outcome.changed += [(h.object.pk, h.score) for h in plain] != [(h.object.pk, h.score) for h in own]
        return
    grades = {str(product.pk): shopper.grade(product, wanted) for product in products}
    rankings = {"plain": [str(hit.object.pk) for hit in plain], "own": [str(hit.object.pk) for hit in own]}
    found = measure(dict.fromkeys(rankings, grades), rankings)
    outcome.without.append(found["plain"]["ndcg@10"])
    outcome.with_taste.append(found["own"]["ndcg@10"])
    scores = {hit.object.pk: hit.score for hit in plain}
    shifts = [abs(hit.score - scores[hit.object.pk]) for hit in own if hit.object.pk in scores]
    outcome.largest_shift = max([outcome.largest_shift, *shifts])
    outcome.moved += sum(hit.personal is not None for hit in own)


def report(outcome):
    from xsearch.conf import settings
    from xsearch.evaluation.metrics import paired_difference

    difference = paired_difference(outcome.without, outcome.with_taste)
    trials = len(outcome.without)
    print(f"nDCG@10 of {trials} queries that the shoppers had not made before")
    print(f"  as everybody gets it   {sum(outcome.without) / trials:.3f}")
    print(f"  in the order of taste  {sum(outcome.with_taste) / trials:.3f}")
    low, high = difference.interval
    print(
        f"  difference             {difference.mean:+.3f}  95 % interval [{low:+.3f}, {high:+.3f}], p {difference.p_value:.4f}"
    )
    worse = sum(after < before - 1e-9 for before, after in zip(outcome.without, outcome.with_taste, strict=True))
    print(f"  worse than before      {worse} of {trials}")
    print(f"largest change of a score {outcome.largest_shift:.4f}, allowed {settings.PERSONAL_BOUND}")
    print(
        f"lists of shoppers who did not agree that differ from everybody's: {outcome.changed} of {outcome.unconsented}"
    )


def stock(count):
    """Load and index the demonstration catalogue."""
    from django.conf import settings

    from shop.loading import load_catalogue
    from shop.models import Product
    from xsearch.index.registry import get_index
    from xsearch.indexing import index_pending, statistics

    load_catalogue(settings.CATALOGUE_DIR / "catalogue.jsonl", products=count)
    index_pending(get_index(Product))
    statistics.refresh(get_index(Product))


def category_queries(least=8):
    """Return the names of the categories with at least so many products, by key."""
    from django.db.models import Count

    from shop.models import Category

    large = Category.objects.annotate(size=Count("products")).filter(size__gte=least)
    return dict(large.order_by("pk").values_list("pk", "name"))


def main():
    import django
    from django.test import override_settings

    django.setup()
    from django.db import connection
    from django.test.utils import setup_databases, teardown_databases

    parser = argparse.ArgumentParser(description="Personal results tried with made-up shoppers.")
    parser.add_argument("--products", type=int, default=600, help="of the demonstration catalogue; default: 600")
    parser.add_argument("--shoppers", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    connection.settings_dict["TEST"]["NAME"] = "shoppers"  # beside that of the tests
    old = setup_databases(verbosity=0, interactive=False)
    try:
        with tempfile.TemporaryDirectory() as folder, override_settings(MEDIA_ROOT=Path(folder) / "media"):
            stock(asked.products)
            report(simulate(category_queries(), asked.shoppers, asked.seed, quiet=False))
    finally:
        teardown_databases(old, verbosity=0)


if __name__ == "__main__":
    main()
