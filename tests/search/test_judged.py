"""Queries of shoppers over three real catalogues: what the search must at least reach, and that none makes it fail.

``make test ARGS="-s tests/search/test_judged.py"`` prints the figures.
"""

import csv

import pytest

from shop.models import Product
from tests.judgements import build
from tests.search.test_real_catalogues import shops  # noqa: F401
from xsearch.benchmark.figures import timed
from xsearch.conf import DEFAULTS
from xsearch.evaluation import Configuration, compare, parse_configuration, read_judgements
from xsearch.evaluation.table import as_comparison, as_table
from xsearch.index.registry import get_index
from xsearch.search import search

pytestmark = pytest.mark.django_db

# Well below what is measured (docs/howto/relevance.md): to notice what breaks, not to tune to.
AT_LEAST = {
    "brand": 0.9,
    "category": 0.8,
    "colour": 0.8,
    "mixed": 0.55,
    "paraphrase": 0.25,
    "photo": 0.65,
    "photo+text": 0.2,
    "price": 0.75,
    "sku": 0.9,
    "text-en": 0.8,
    "text-zh": 0.15,
    "typo": 0.15,
}


# What the search is compared with. An alternative that this version does not have is left out.
ALTERNATIVES = [
    'full text={"WEIGHTS": {"text:text": 0, "text:image": 0, "image:image": 0, "image:text": 0}}',
    'vectors={"WEIGHTS": {"lexical": 0}}',
    *(['rrf={"FUSION": "rrf"}'] if "FUSION" in DEFAULTS else []),
]


@pytest.fixture(scope="module")
def compared(shops, data_dir, tmp_path_factory):  # noqa: F811
    """The present search and its alternatives, by name."""
    folder = tmp_path_factory.mktemp("queries")
    with build(data_dir, folder).open("rb") as lines:
        judgements = list(read_judgements(lines, folder))
    configurations = [Configuration("present"), *map(parse_configuration, ALTERNATIVES)]
    found = compare(get_index(Product), judgements, configurations, key="sku")
    print("", as_table(found[0].evaluation), as_comparison(found), sep="\n\n")
    return {comparison.configuration.name: comparison for comparison in found}


def test_every_kind_of_query_finds_what_was_judged_relevant(compared):
    found = compared["present"].evaluation
    assert (found.skipped, found.unknown_keys, found.degraded) == ([], [], {})
    assert found.overall["ndcg@10"] >= 0.78
    reached = {kind: metrics["ndcg@10"] for kind, metrics in found.by_kind.items()}
    assert set(reached) == set(AT_LEAST)
    assert {kind: ndcg for kind, ndcg in reached.items() if ndcg < AT_LEAST[kind]} == {}
    assert found.nothing_relevant["found_nothing"] >= 0.7


@pytest.mark.parametrize("part", ["full text", "vectors"])
def test_words_and_vectors_together_are_better_than_either_beyond_chance(compared, part):
    alone = compared[part].overall["ndcg@10"]
    assert alone.mean < 0
    assert alone.p_value < 0.05


def test_480_real_queries_of_a_furniture_shop_are_all_answered_in_full(shops, data_dir):  # noqa: F811
    with (data_dir / "queries" / "wands_queries.tsv").open(encoding="utf-8", newline="") as file:
        texts = [row["query"] for row in csv.DictReader(file, delimiter="\t")]
    index, answers = get_index(Product), []

    def ask(text):
        answers.append(search(index.get_queryset(), text=text))

    times = timed([lambda text=text: ask(text) for text in texts])
    with_hits = sum(answer.total > 0 for answer in answers[-len(texts) :])  # the first was asked twice, to warm up
    print(f"{len(texts)} queries, {with_hits} with hits, p50 {times['p50_ms']} ms, p95 {times['p95_ms']} ms")
    assert len(texts) == 480
    assert [answer.degraded for answer in answers if answer.degraded] == []
    assert all(answer.total >= len(answer.hits) for answer in answers)
