"""Judged queries of shoppers over three real catalogues: what the search must at least reach, by kind of query.

``make test ARGS="-s tests/test_search_judged.py"`` prints the table.
"""

import pytest

from shop.models import Product
from tests.judgements import build
from tests.test_search_real import shops  # noqa: F401
from xsearch.evaluation import evaluate, read_judgements
from xsearch.evaluation.table import as_table
from xsearch.registry import get_index

pytestmark = pytest.mark.django_db

# Well below what is measured (docs/relevance.md): to notice what breaks, not to tune to.
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


def test_every_kind_of_query_finds_what_was_judged_relevant(shops, data_dir, tmp_path):  # noqa: F811
    path = build(data_dir, tmp_path)
    with path.open("rb") as lines:
        found = evaluate(get_index(Product), read_judgements(lines, tmp_path), key="sku")
    print(as_table(found))
    assert (found.skipped, found.unknown_keys, found.degraded) == ([], [], {})
    assert found.overall["ndcg@10"] >= 0.55
    reached = {kind: metrics["ndcg@10"] for kind, metrics in found.by_kind.items()}
    assert set(reached) == set(AT_LEAST)
    assert {kind: ndcg for kind, ndcg in reached.items() if ndcg < AT_LEAST[kind]} == {}
    assert found.nothing_relevant["found_nothing"] >= 0.5
