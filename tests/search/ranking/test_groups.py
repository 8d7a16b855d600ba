"""Variants and their parents as one result: ``group_by`` names the parent, which is of the same model."""

import pytest

import xsearch
from tests.showcase.models import Variant
from tests.support import widget_shop
from xsearch.index.registry import get_index
from xsearch.indexing import index_pending, statistics

pytestmark = pytest.mark.django_db

FAMILIES = {
    "Mug": ["Red mug, small", "Red mug, large", "Blue mug, small"],
    "Red mug without variants": [],
    "Lamp": ["Red lamp", "Yellow lamp"],
}


@pytest.fixture
def families(settings, register):
    settings.XSEARCH = widget_shop.XSEARCH
    register(Variant, text={"A": ["title"]}, filters=["colour"], facets=["colour"], group_by="parent")
    for title, children in FAMILIES.items():
        parent = Variant.objects.create(title=title)
        for child in children:
            colour = child.split()[0].lower()
            Variant.objects.create(title=child, colour=colour, parent=parent)
    index_pending(get_index(Variant))
    statistics.refresh(get_index(Variant))


def groups(results):
    return [hit.object.parent_id or hit.object.pk for hit in results.hits]


def test_a_parent_is_not_shown_beside_its_best_child(families):
    found = xsearch.search(Variant.objects.all(), text="mug", page_size=100)
    mugs = set(Variant.objects.filter(title__contains="ug", parent=None).values_list("pk", flat=True))
    assert sorted(groups(found)) == sorted(set(groups(found)))
    assert set(groups(found)) >= mugs
    [family] = [hit for hit in found.hits if "without" not in hit.object.title and "ug" in hit.object.title]
    assert family.variants == 3


def test_the_best_child_stands_for_its_family(families):
    found = xsearch.search(Variant.objects.all(), text="blue mug small")
    assert found.hits[0].object.title == "Blue mug, small"
    assert found.total == len(groups(found)) == len(set(groups(found)))


def test_a_parent_alone_is_a_group_of_its_own(families):
    found = xsearch.search(Variant.objects.all(), text="mug")
    assert [hit.variants for hit in found.hits if hit.object.title == "Red mug without variants"] == [0]


def test_facets_and_total_count_families(families):
    found = xsearch.search(Variant.objects.all(), text="mug lamp", page_size=100)
    assert found.total == 3
    assert {value.value: value.count for value in found.facets["colour"]} == {"red": 2, "blue": 1, "yellow": 1}
    for value in found.facets["colour"]:
        chosen = xsearch.search(Variant.objects.all(), text="mug lamp", filters={"colour": value.value})
        assert chosen.total == value.count


def test_in_a_large_catalogue_parents_count_as_variants_too(families, settings):
    few = {"EXACT_ROWS": 0, "CANDIDATES": 3, "MATCHES": 3}
    settings.XSEARCH = {**widget_shop.XSEARCH, **few}
    found = xsearch.search(Variant.objects.all(), text="red mug small")
    assert found.hits[0].object.title == "Red mug, small"
    assert found.hits[0].variants == 3


@pytest.mark.parametrize("name", ["parent", "parent_id"])
def test_the_column_may_be_named(families, monkeypatch, name):
    monkeypatch.setattr(get_index(Variant), "group_by", name)
    assert xsearch.search(Variant.objects.all(), text="mug lamp").total == 3
