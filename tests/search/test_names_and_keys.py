"""Names and keys of related rows: words mean names, filters and addresses take keys, labels are what the shop says."""

import pytest
from django.utils import translation

from shop.models import Category, Product
from tests.showcase.garments import Garment, House, Season
from tests.support.indexing import add
from tests.support.searching import index_all
from xsearch.index.registry import get_index
from xsearch.indexing import index_pending, statistics
from xsearch.search import search
from xsearch.search.vectors.calibration import forget_samples
from xsearch.widgets.facets import chosen, facets
from xsearch.widgets.query import PageQuery

pytestmark = pytest.mark.django_db


def facet_label(self, name, value):
    return f"{name} {value}" if name == "season" else value


@pytest.fixture
def garments(use_encoder, register):
    use_encoder()
    register(
        Garment, text={"A": ["title"]}, filters=["house", "season"], facets=["house", "season"],
        facet_label=facet_label,
    )  # fmt: skip
    houses = [House.objects.create(name="Acme") for _ in range(2)]
    # The name of each is the key of the other.
    seasons = [Season.objects.create(slug="spring", name="Autumn"), Season.objects.create(slug="autumn", name="Spring")]
    for number in range(4):
        Garment.objects.create(title=f"shirt {number}", house=houses[number % 2], season=seasons[number // 2])
    index_pending(get_index(Garment))
    statistics.refresh(get_index(Garment))
    forget_samples()
    return houses, seasons


def titles(results):
    return {hit.object.title for hit in results.hits}


def strictly(text, condition):
    return search(Garment.objects.all(), text=text, modes={condition: "strict"}, facets=None)


def test_words_mean_all_rows_of_a_name(garments):
    found = strictly("acme shirt", "house:is:acme")
    assert [each.id for each in found.interpretation.conditions] == ["house:is:acme"]
    assert titles(found) == {"shirt 0", "shirt 1", "shirt 2", "shirt 3"}


def test_words_mean_names_where_they_are_keys_of_other_rows_too(garments):
    assert titles(strictly("spring shirt", "season:is:spring")) == {"shirt 2", "shirt 3"}
    found = search(Garment.objects.all(), text="shirt without spring", facets=None)
    assert [(each.field, each.op) for each in found.interpretation.conditions] == [("season", "is_not")]
    assert titles(found) == {"shirt 0", "shirt 1"}


def test_a_filter_takes_the_key_first(garments):
    found = search(Garment.objects.all(), text="shirt", filters={"season": "spring"})
    assert titles(found) == {"shirt 0", "shirt 1"}


def test_the_label_of_a_related_row_is_what_the_shop_says(garments):
    found = search(Garment.objects.all(), text="shirt").facets["season"]
    assert [(value.value, value.label) for value in found] == [("spring", "season Autumn"), ("autumn", "season Spring")]


def test_what_is_chosen_on_a_page_has_its_name(garments):
    houses, _seasons = garments
    key = str(houses[0].pk)
    query = PageQuery(get_index(Garment), {"q": "shirt", "house": key, "season": "spring"})
    results = search(Garment.objects.all(), text="shirt", filters=query.filters)
    assert [option.label for option in chosen(query, results)] == ["Acme", "season Autumn"]
    shown = {facet.name: facet.options for facet in facets(query, results)}["house"]
    assert [(option.label, option.chosen) for option in shown] == [("Acme", option.chosen) for option in shown]
    assert [option.chosen for option in shown].count(True) == 1
    other = next(option for option in shown if not option.chosen)
    assert f"house={key}&house={houses[1].pk}" in other.url


def test_what_is_chosen_has_its_name_even_if_nothing_has_it(garments):
    empty = House.objects.create(name="Empty")
    query = PageQuery(get_index(Garment), {"q": "shirt", "house": str(empty.pk)})
    results = search(Garment.objects.all(), text="shirt", filters=query.filters)
    assert [option.label for option in chosen(query, results)] == ["Empty"]


def test_the_demonstration_shop_names_categories_in_the_language_of_the_page(use_encoder):
    use_encoder()
    lamps = Category.objects.create(name="Lamps", name_zh="灯具", slug="lamps")
    add("A", "red lamp", category=lamps)
    index_all()
    for language, label in (("en", "Lamps"), ("zh-hans", "灯具")):
        with translation.override(language):
            [value] = search(Product.objects.all(), text="lamp").facets["category"]
            assert (value.value, value.label, value.count) == (lamps.pk, label, 1)
