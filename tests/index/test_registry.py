"""Declaring, finding and forgetting indexes; paths and their values; what a result shows."""

import pytest
from django.core.exceptions import ImproperlyConfigured

import xsearch
from shop.models import Brand, Category, Product, ProductPhoto, StylePost
from tests.showcase.models import Bargain, Chair, Furniture, Instrument, InstrumentPhoto, Maker, Tag
from tests.support.indexing import picture_file
from xsearch.index.paths import relations, values
from xsearch.index.registry import get_index, on_register, registered, unregister


class TestRegistering:
    def test_the_index_of_the_shop_is_found_by_itself(self):
        index = get_index()
        assert index.model is Product
        assert [index.model for index in registered()] == [Product, StylePost]
        assert index is get_index("shop.product") is get_index("SHOP.Product") is get_index(Product)

    def test_proxies_and_children_are_found_by_their_parent(self, register):
        register(Furniture)
        assert get_index(Bargain) is get_index(Chair) is get_index(Furniture)
        assert get_index("showcase.Furniture").label == "showcase.Furniture"

    def test_without_a_name_the_first_is_meant(self, register):
        register(Furniture)
        assert get_index().model is Product

    def test_an_unknown_model_is_refused_by_name(self):
        with pytest.raises(LookupError, match=r"shop.Car is not registered with xsearch. Registered: shop.Product"):
            get_index("shop.Car")
        with pytest.raises(LookupError, match=r"shop.Brand is not registered"):
            get_index(Brand)

    def test_a_model_is_registered_once(self):
        with pytest.raises(ImproperlyConfigured, match=r"shop.Product is registered with xsearch already"):
            xsearch.register(Product)(xsearch.Index)

    def test_only_indexes_can_be_registered(self):
        with pytest.raises(ImproperlyConfigured, match=r"dict must be a subclass of xsearch.Index"):
            xsearch.register(Furniture)(dict)
        assert len(registered()) == 2

    def test_a_late_listener_hears_of_all(self, register):
        heard = []
        on_register(heard.append)
        register(Furniture)
        assert [index.label for index in heard] == ["shop.Product", "shop.StylePost", "showcase.Furniture"]

    def test_forgetting_what_is_unknown_does_no_harm(self):
        unregister(Furniture)

    def test_nothing_registered_says_what_to_do(self, monkeypatch):
        monkeypatch.setattr("xsearch.index.registry._indexes", {})
        with pytest.raises(LookupError, match=r"declare an index in a search.py of your app"):
            get_index()

    def test_declarations_are_read(self):
        index = get_index()
        assert index.image_paths() == ["photo", "photos__image"]
        assert {"title", "brand__name", "photos__image", "sound"} <= set(index.paths())
        assert [store.key for store in index.stores()] == ["text", "image", "image:photos", "audio"]
        assert index.stores()[2].model is ProductPhoto


class TestPaths:
    def test_relations_are_followed_by_the_names_of_lookups(self):
        steps = relations(Instrument, "instrumentphoto__file")
        assert [(step.lookup, step.attribute, step.before) for step in steps] == [
            ("instrumentphoto", "instrumentphoto_set", "")
        ]
        steps = relations(InstrumentPhoto, "instrument__maker__country__name")
        assert [step.lookup for step in steps] == [
            "instrument",
            "instrument__maker",
            "instrument__maker__country",
        ]
        assert steps[2].before == "instrument__maker"

    @pytest.mark.django_db
    def test_values_of_every_kind_of_path(self):
        instrument = Instrument.objects.create(name="Flute", maker=Maker.objects.create(name="Acme"))
        instrument.tags.add(Tag.objects.create(name="loud"), Tag.objects.create(name="red"))
        InstrumentPhoto.objects.create(instrument=instrument, file=picture_file(1, "flute.png"))
        assert list(values(instrument, "name")) == ["Flute"]
        assert list(values(instrument, "maker__name")) == ["Acme"]
        assert list(values(instrument, "tags__name")) == ["loud", "red"]
        assert [file.name.startswith("instruments/flute") for file in values(instrument, "instrumentphoto__file")] == [
            True
        ]
        assert list(values(instrument, "maker__country__name")) == []
        assert list(values(instrument, "vectors")) == []
        assert list(values(instrument, "get_deferred_fields")) == [set()]


@pytest.mark.django_db
class TestResults:
    def test_a_result_has_title_address_photo_and_plain_facts(self):
        product = Product.objects.create(
            sku="A 1",
            title="Bag",
            price="3.50",
            colour="red",
            photo=picture_file(1, "bag.png"),
            brand=Brand.objects.create(name="Acme"),
        )
        index = get_index()
        assert index.title(product) == "Bag"
        assert index.url(product) == product.get_absolute_url()
        assert index.image_url(product).startswith("/media/products/bag")
        assert index.card(product) == {
            "colour": "red",
            "price": "3.50",
            "in_stock": True,
            "sku": "A 1",
            "price_text": "$3.50",
        }

    def test_without_a_main_photo_another_one_is_shown(self):
        product = Product.objects.create(sku="A", title="Bag")
        assert get_index().image_url(product) is None
        ProductPhoto.objects.create(product=product, image=picture_file(1, "side.png"))
        assert get_index().image_url(product).startswith("/media/products/side")

    def test_a_model_without_pages_has_no_address(self, register):
        register(Furniture)
        assert get_index(Furniture).url(Furniture(title="Sofa")) is None
        assert get_index(Furniture).title(Category(name="Bags")) == "Bags"
