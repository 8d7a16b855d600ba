"""What marks an object, what does not, and how the workers hear of it."""

import uuid

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction

import xsearch
from shop.models import Brand, Category, Product, ProductPhoto
from tests.showcase.garments import Garment, Line
from tests.showcase.models import (
    Bargain,
    Chair,
    Country,
    Furniture,
    Instrument,
    InstrumentPhoto,
    Maker,
    Placement,
    Shelf,
    Tag,
)
from tests.support.indexing import add, add_and_fail, marked, picture_file, record, records, settled, statuses
from xsearch.index.registry import get_index
from xsearch.indexing import dispatch, marking, sweep
from xsearch.models import IndexRecord

pytestmark = pytest.mark.django_db

INSTRUMENTS = {
    "text": {"A": ["name"], "B": ["maker__name", "maker__country__name", "tags__name", "shelves", "matching__name"]},
    "image": ["picture", "instrumentphoto__file"],
    "store": "vectors",
}


@pytest.fixture(autouse=True)
def _encoder(use_encoder):
    use_encoder()


@pytest.fixture
def sent(monkeypatch):
    """Collect the models of the tasks that are sent."""
    labels = []
    monkeypatch.setattr(dispatch, "_send_in_time", lambda label: labels.append(label))
    monkeypatch.setattr(dispatch._broker, "down_until", 0.0)
    return labels


class TestDispatch:
    pytestmark = pytest.mark.django_db(transaction=True)

    def test_a_transaction_sends_one_task_when_it_commits(self, sent):
        with transaction.atomic():
            for number in range(5):
                add(f"A{number}")
            with transaction.atomic():
                add("B")
            assert sent == []
        assert sent == ["shop.Product"]

    def test_a_save_without_a_transaction_sends_one_task(self, sent):
        brand = Brand.objects.create(name="Acme")
        product = add("A", brand=brand)
        assert sent == ["shop.Product"]
        brand.save()
        assert sent == ["shop.Product"] * 2
        assert record(product).status == "pending"

    def test_nothing_is_sent_for_what_is_rolled_back(self, sent):
        with transaction.atomic():
            with pytest.raises(RuntimeError), transaction.atomic():
                add_and_fail()
            assert not records().exists()
        assert sent == []

    def test_what_a_rolled_back_part_sent_is_sent_by_the_part_that_stays(self, sent):
        with transaction.atomic():
            with pytest.raises(RuntimeError), transaction.atomic():
                add_and_fail()
            add("B")
        assert sent == ["shop.Product"]

    def test_pausing_marks_at_once_and_sends_one_task_at_the_end(self, sent):
        with xsearch.pause_indexing():
            add("A")
            with xsearch.pause_indexing():
                add("B")
            assert records().count() == 2
            assert sent == []
        assert sent == ["shop.Product"]

    def test_a_failure_inside_a_pause_still_sends(self, sent):
        with pytest.raises(RuntimeError), xsearch.pause_indexing():
            add_and_fail()
        assert sent == ["shop.Product"]

    def test_a_pause_in_a_transaction_sends_when_that_commits(self, sent):
        with transaction.atomic():
            with xsearch.pause_indexing():
                add("A")
            assert sent == []
        assert sent == ["shop.Product"]


class TestMarkedByHand:
    def test_bulk_writes_are_marked_on_request_only(self):
        Product.objects.bulk_create([Product(sku=f"A{n}", title="x") for n in range(3)])
        assert not records().exists()
        assert xsearch.mark(Product.objects.filter(title="x")) == 3
        settled()
        assert set(statuses().values()) == {"indexed"}
        assert Product.objects.filter(title="x").update(title="y") == 3
        assert set(statuses().values()) == {"indexed"}
        assert xsearch.mark(Product.objects.all()) == 3
        assert set(statuses().values()) == {"pending"}

    def test_raw_sql_can_be_announced(self):
        product = add("A")
        settled()
        with connection.cursor() as cursor:
            cursor.execute("UPDATE shop_product SET title = 'new'")
        assert marked(product, lambda: xsearch.mark(product))

    def test_any_queryset_of_the_model_can_be_marked(self):
        brand = Brand.objects.create(name="Acme")
        for number in range(4):
            product = add(f"A{number}", brand=brand)
            ProductPhoto.objects.create(product=product, image=picture_file(1))
            ProductPhoto.objects.create(product=product, image=picture_file(2))
        products = Product.objects.all()
        assert xsearch.mark(products.none()) == 0
        assert xsearch.mark(products.filter(pk__in=[])) == 0
        assert xsearch.mark(products.filter(photos__position=0)) == 4  # each is there twice
        assert xsearch.mark(products.order_by("title")[1:3]) == 2
        assert xsearch.mark(products.filter(sku="A1").union(products.filter(sku="A2"))) == 2
        assert xsearch.mark(products.select_related("brand").distinct()) == 4
        assert xsearch.mark(list(products[:3])) == 3
        assert xsearch.mark([]) == 0

    def test_a_model_that_is_not_registered_is_refused(self):
        with pytest.raises(LookupError, match=r"shop.Brand is not registered.*shop.Product"):
            xsearch.mark(Brand(pk=1))

    def test_a_forced_mark_encodes_the_same_content_anew(self):
        from tests.support.encoders import HashEncoder

        product = add("A", photo=1)
        settled()
        xsearch.mark(product, forced=True)
        settled_calls = HashEncoder.calls
        assert settled_calls == []
        from tests.support.indexing import run

        run()
        assert sorted(HashEncoder.calls) == [("image", 1), ("text", 1)]
        assert not record(product).forced


class TestSweep:
    def test_rows_that_no_signal_announced_are_found(self, sent):
        Product.objects.bulk_create([Product(sku="A", title="x"), Product(sku="B", title="y")])
        assert sweep() == {"shop.Product": 2, "shop.StylePost": 0}
        assert sent == ["shop.Product"]
        settled()
        assert sweep() == {"shop.Product": 0, "shop.StylePost": 0}
        assert sent == ["shop.Product"]

    def test_records_of_rows_deleted_by_raw_sql_are_dropped(self):
        kept, gone = add("A"), add("B")
        settled()
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM shop_product WHERE id = %s", [gone.pk])
        sweep()
        assert statuses() == {str(kept.pk): "indexed"}

    def test_hidden_objects_are_not_found_and_are_forgotten_when_they_hide(self, register):
        from tests.support.indexing import run

        class Visible(xsearch.Index):
            text = {"A": ["name"]}
            store = "vectors"

            def get_queryset(self):
                return Instrument.objects.filter(is_visible=True)

        xsearch.register(Instrument)(Visible)
        try:
            shown = Instrument.objects.create(name="Flute")
            Instrument.objects.bulk_create([Instrument(name="Secret", is_visible=False)])
            assert sweep()["showcase.Instrument"] == 1
            run(Instrument)
            assert shown.vectors.search_document
            shown.is_visible = False
            shown.save()
            assert run(Instrument).forgotten == 1
            shown.vectors.refresh_from_db()
            assert (shown.vectors.search_document, shown.vectors.text_embedding) == (None, None)
            assert not records(Instrument).exists()
        finally:
            from xsearch.index.registry import unregister

            unregister(Instrument)


class TestDeleting:
    def test_every_way_of_deleting_drops_the_record(self):
        category = Category.objects.create(name="Bags", slug="bags")
        one, two, three = add("A"), add("B", category=category), add("C")
        settled()
        one.delete()
        assert statuses().keys() == {str(two.pk), str(three.pk)}
        Product.objects.filter(pk=two.pk).delete()
        assert statuses().keys() == {str(three.pk)}
        Product.objects.all().delete()
        assert statuses() == {}

    def test_a_cascade_drops_the_records_of_what_it_takes_along(self, register):
        register(ProductPhoto, image="image", text={})
        product = add("A")
        photo = ProductPhoto.objects.create(product=product, image=picture_file(1))
        assert record(photo).status == "pending"
        product.delete()
        assert not records(ProductPhoto).exists()
        assert not IndexRecord.objects.exists()


class TestRelatedRows:
    @pytest.fixture
    def product(self):
        product = add(
            "A",
            brand=Brand.objects.create(name="Acme"),
            category=Category.objects.create(name="Bags", slug="bags"),
        )
        self.other = add("B")
        settled()
        return product

    def test_renaming_what_a_path_reads_marks_the_products_that_read_it(self, product):
        product.brand.name = "Apex"
        assert marked(product, product.brand.save)
        product.category.name = "Sacks"
        assert marked(product, product.category.save)
        assert record(self.other).status == "indexed"

    def test_deleting_what_a_path_reads_marks_the_products_that_read_it(self, product):
        assert marked(product, product.brand.delete)
        product.refresh_from_db()
        assert product.brand is None
        assert marked(product, Category.objects.all().delete)

    def test_photos_that_come_change_move_and_go_mark_their_products(self, product):
        photo = ProductPhoto(product=product, image=picture_file(1))
        assert marked(product, photo.save)
        photo.image = picture_file(2)
        assert marked(product, photo.save)
        before = record(self.other).revision
        photo.product = self.other
        assert marked(product, photo.save)
        assert record(self.other).revision > before
        assert marked(self.other, photo.delete)

    def test_relations_two_steps_away_mark_too(self, register):
        register(Instrument, **INSTRUMENTS)
        country = Country.objects.create(name="Peru")
        instrument = Instrument.objects.create(name="Flute", maker=Maker.objects.create(name="M", country=country))
        assert marked(instrument, country.save)
        assert marked(instrument, country.delete)

    def test_a_row_that_is_referred_to_by_another_field_marks_what_refers_to_it(self, register):
        register(Garment, text={"A": ["title", "line__name"]})
        silk = Line.objects.create(code="silk", name="Silk")
        other = Line.objects.create(code=str(silk.pk), name="Other")
        shirt, coat = (Garment.objects.create(title=line.name, line=line) for line in (silk, other))
        settled(shirt)
        assert marked(shirt, silk.save)
        settled(shirt)
        assert not marked(coat, silk.save)

    def test_reverse_relations_without_a_name_of_their_own_mark_too(self, register):
        register(Instrument, **INSTRUMENTS)
        instrument = Instrument.objects.create(name="Flute")
        photo = InstrumentPhoto(instrument=instrument, file=picture_file(1))
        assert marked(instrument, photo.save)
        assert marked(instrument, photo.delete)

    def test_saves_of_unrelated_models_cost_no_query(self, product, django_assert_num_queries):
        user = get_user_model()(username="u")
        with django_assert_num_queries(1):
            user.save()
        with django_assert_num_queries(1):
            get_user_model().objects.update(first_name="x")

    def test_the_save_of_an_object_costs_one_query_more_and_two_where_others_show_it(
        self, product, django_assert_num_queries
    ):
        product.price = 3
        with django_assert_num_queries(4) as queries:
            product.save()
        assert sum("shop_stylepost" in query["sql"] for query in queries) == 2


class TestManyToMany:
    @pytest.fixture
    def instrument(self, register):
        register(Instrument, **INSTRUMENTS)
        self.other = Instrument.objects.create(name="Drum")
        return Instrument.objects.create(name="Flute")

    def test_links_made_and_cut_at_the_near_end_mark(self, instrument):
        tag = Tag.objects.create(name="loud")
        assert marked(instrument, lambda: instrument.tags.add(tag))
        assert marked(instrument, lambda: instrument.tags.remove(tag))
        assert marked(instrument, lambda: instrument.tags.set([tag]))
        assert marked(instrument, instrument.tags.clear)

    def test_links_made_and_cut_at_the_far_end_mark_only_what_they_touch(self, instrument):
        tag = Tag.objects.create(name="loud")
        self.other.tags.add(tag)
        before = record(self.other).revision
        assert marked(instrument, lambda: tag.instrument_set.add(instrument))
        assert marked(instrument, lambda: tag.instrument_set.remove(instrument))
        assert marked(instrument, lambda: tag.instrument_set.add(instrument))
        assert record(self.other).revision == before
        assert marked(instrument, tag.instrument_set.clear)
        assert record(self.other).revision > before

    def test_a_renamed_or_deleted_tag_marks(self, instrument):
        tag = Tag.objects.create(name="loud")
        instrument.tags.add(tag)
        before = record(self.other).revision
        assert marked(instrument, tag.save)
        assert marked(instrument, tag.delete)
        assert record(self.other).revision == before

    def test_links_with_a_model_of_their_own_mark_however_they_are_made(self, instrument):
        shelf = Shelf.objects.create(name="top")
        assert marked(instrument, lambda: instrument.shelves.add(shelf))
        assert marked(instrument, lambda: shelf.instrument_set.clear())
        link = Placement(instrument=instrument, shelf=shelf)
        assert marked(instrument, link.save)
        before = record(self.other).revision
        link.instrument = self.other
        assert marked(instrument, link.save)
        assert record(self.other).revision > before
        assert marked(self.other, link.delete)

    def test_a_symmetrical_link_marks_both_ends(self, instrument):
        before = record(self.other).revision
        assert marked(instrument, lambda: instrument.matching.add(self.other))
        assert record(self.other).revision > before
        assert marked(self.other, instrument.matching.clear)


class TestInheritance:
    def test_proxies_and_children_mark_what_is_registered_above_them(self, register):
        register(Furniture, text={"A": ["title"]})
        chair, bargain = Chair.objects.create(title="Chair"), Bargain.objects.create(title="Sofa")
        assert statuses(Furniture).keys() == {str(chair.pk), str(bargain.pk)}
        chair.delete()
        assert statuses(Furniture).keys() == {str(bargain.pk)}

    def test_the_parent_marks_what_is_registered_below_it(self, register):
        register(Chair, text={"A": ["title"]})
        chair = Chair.objects.create(title="Chair")
        table = Furniture.objects.create(title="Table")
        assert statuses(Chair).keys() == {str(chair.pk)}
        parent = Furniture.objects.get(pk=chair.pk)
        parent.title = "Stool"
        assert marked(chair, parent.save)
        assert not records(Chair).filter(object_id=str(table.pk)).exists()

    def test_a_parent_that_is_kept_keeps_its_record(self, register):
        register(Furniture, text={"A": ["title"]})
        chair = Chair.objects.create(title="Chair")
        key = chair.pk
        chair.delete(keep_parents=True)
        assert Furniture.objects.filter(pk=key).exists()
        assert statuses(Furniture).keys() == {str(key)}

    def test_a_child_goes_with_its_parent(self, register):
        register(Chair, text={"A": ["title"]})
        for delete in (Furniture.delete, lambda parent: Furniture.objects.filter(pk=parent.pk).delete()):
            delete(Furniture.objects.get(pk=Chair.objects.create(title="Chair").pk))
            assert not records(Chair).exists()

    def test_a_registered_proxy_hears_of_its_model(self, register):
        register(Bargain, text={"A": ["title"]})
        sofa = Furniture.objects.create(title="Sofa")
        assert statuses(Bargain).keys() == {str(sofa.pk)}


def test_a_forgotten_model_is_left_alone(register):
    from xsearch.index.registry import unregister

    register(Furniture, text={"A": ["title"]})
    unregister(Furniture)
    Furniture.objects.create(title="Sofa")
    assert not IndexRecord.objects.exists()


def test_keys_of_any_type_are_found_again(register):
    register(Instrument, **INSTRUMENTS)
    key = uuid.uuid4()
    Instrument.objects.bulk_create([Instrument(id=key, name="Horn")])
    marking.reconcile(get_index(Instrument))
    marking.reconcile(get_index(Instrument))
    assert statuses(Instrument) == {str(key): "pending"}
