"""django-filter, and what declared filters need beyond a ``FilterSet``."""

import django_filters
import pytest

from shop.models import Product
from tests.showcase.models import Instrument, Tag
from xsearch.errors import BadQuery
from xsearch.index.filters import condition
from xsearch.index.registry import get_index

pytestmark = pytest.mark.django_db


class ProductFilters(django_filters.FilterSet):
    class Meta:
        model = Product
        fields = {"colour": ["iexact"], "price": ["lte"]}


class InstrumentFilters(django_filters.FilterSet):
    tags = django_filters.BaseInFilter("tags__name")

    class Meta:
        model = Instrument
        fields = ["tags"]


@pytest.fixture(autouse=True)
def _catalogue(use_encoder, register):
    use_encoder()
    register(Instrument, text={"A": ["name"]}, store="vectors", filters=["tags"])
    Product.objects.create(sku="A", title="a", price="12.50", colour="Red")
    Product.objects.create(sku="B", title="b", price="80", colour="blue")


def test_a_filterset_has_no_condition_to_negate_or_to_weigh():
    """Soft preferences and "not red" need a ``Q``; from a queryset it is a subquery."""
    ours = Product.objects.exclude(condition(get_index(), "colour", "red"))
    theirs = Product.objects.exclude(pk__in=ProductFilters({"colour__iexact": "red"}, Product.objects.all()).qs)
    assert list(ours) == list(theirs) == [Product.objects.get(sku="B")]
    assert str(ours.query).count("SELECT") == 1
    assert str(theirs.query).count("SELECT") == 2


def test_a_filterset_repeats_the_rows_of_a_to_many_relation():
    drum = Instrument.objects.create(name="Drum")
    drum.tags.add(Tag.objects.create(name="loud"), Tag.objects.create(name="red"))
    theirs = InstrumentFilters({"tags": "loud,red"}, Instrument.objects.all()).qs
    ours = get_index(Instrument).filter_queryset(Instrument.objects.all(), {"tags": ["loud", "red"]})
    assert list(theirs) == [drum, drum]
    assert list(ours) == [drum]
    assert not ours.query.distinct  # it could not be ordered by similarity


def test_a_filterset_ignores_a_name_that_it_does_not_know():
    params = {"size": "XL"}
    assert ProductFilters(params, Product.objects.all()).qs.count() == 2
    with pytest.raises(BadQuery, match="Unknown filter 'size'"):
        get_index().filter_queryset(Product.objects.all(), params)


def test_a_filterset_does_not_read_a_decimal_comma():
    assert not ProductFilters({"price__lte": "12,50"}, Product.objects.all()).is_valid()
    assert get_index().filter_queryset(Product.objects.all(), {"price_max": "12,50"}).get().sku == "A"
