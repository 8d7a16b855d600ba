"""What saves cost: the statements that xsearch adds to them, however many paths lead to the saved row."""

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shop.models import Brand, Category, ProductPhoto
from tests.showcase.models import Instrument, Maker
from tests.support.indexing import add, picture, run, statuses

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]


@pytest.fixture(autouse=True)
def _encoder(use_encoder):
    use_encoder()


def cost_of_saving(row):
    """Return the number of statements that xsearch adds to a save."""
    with CaptureQueriesContext(connection) as captured:
        row.save()
    own = [each for each in captured.captured_queries if "xsearch_" not in each["sql"]]
    assert len(own) == 1
    return len(captured) - len(own)


def test_a_product_costs_one_statement_and_two_for_the_posts_that_show_it():
    assert cost_of_saving(add("A")) == 3


@pytest.mark.parametrize("make", [
    lambda _: Brand.objects.create(name="Maker"),
    lambda _: Category.objects.create(name="Mugs", slug="mugs"),
    lambda product: ProductPhoto.objects.create(product=product, image=ContentFile(picture(1), "a.png")),
], ids=["brand", "category", "photo"])  # fmt: skip
def test_a_row_beside_the_product_costs_a_statement_before_and_one_after(make):
    assert cost_of_saving(make(add("A"))) == 2


def test_several_paths_to_one_table_cost_no_more(register):
    """The saved row is an object, and the neighbour of other objects by two relations."""
    register(Instrument, store="vectors", text={"A": ["name"], "B": ["matching__name", "maker__instrument__name"]})
    maker = Maker.objects.create(name="Maker")
    names = ("saved", "of the same maker", "matching", "other")
    saved, by_maker, matching, _other = (Instrument.objects.create(name=name) for name in names)
    Instrument.objects.filter(pk__in=[saved.pk, by_maker.pk]).update(maker=maker)
    saved.matching.add(matching)
    saved.refresh_from_db()
    run(Instrument)
    assert set(statuses(Instrument).values()) == {"indexed"}
    assert cost_of_saving(saved) == 2
    waiting = {key for key, status in statuses(Instrument).items() if status == "pending"}
    assert waiting == {str(each.pk) for each in (saved, by_maker, matching)}
