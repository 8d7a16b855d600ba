"""tools.search_statements: it counts the statements of a search, warm and after a pause."""

from argparse import Namespace

import pytest

from tests.support.indexing import add, run
from tools.search_statements import SkippableClock, as_table, measure, searches, statements

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _indexed(use_encoder):
    use_encoder()
    for number in range(3):
        add(f"A{number}", title=f"red mug {number}", photo=number)
    run()


def test_every_kind_of_search_is_counted():
    options = Namespace(model="shop.Product", text="red mug", photo=None, recording=None)
    clock = SkippableClock()
    found = measure(searches(options), clock, 400)
    assert set(found) == {"text", "photo", "photo + text", "filters + facets", "like", "search_all", "suggest"}
    assert all(counts[when]["statements"] > 0 for counts in found.values() for when in ("warm", "after_pause"))
    assert found["suggest"]["warm"]["of_spaces"] == 0
    assert clock.skipped_s == 400 * len(found)
    assert [line.partition("  ")[0] for line in as_table(found).splitlines()[1:]] == list(found)


def test_statements_of_the_table_of_spaces_are_told_apart():
    from xsearch.models import EncoderSpace, IndexRecord

    assert statements(lambda: (list(EncoderSpace.objects.all()), IndexRecord.objects.count())) == {
        "statements": 2, "of_spaces": 1,
    }  # fmt: skip
