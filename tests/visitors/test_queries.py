"""What people search for: what of it is stored, what becomes popular, what shop owners see."""

import importlib
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from shop.models import Product
from tests.support.visitors import act, ask, make_visitor
from xsearch.index.registry import get_index
from xsearch.models import Event, QueryLog, Visitor
from xsearch.visitors import popular_queries
from xsearch.visitors.queries import count_popular, searches_of, storable


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  Red   DRESS ", "red dress"),
        ("ＲＥＤ　dress", "red dress"),
        ("红色连衣裙", "红色连衣裙"),
        ("dress under 1299.00", "dress under 1299.00"),
        ("size 38 to 40", "size 38 to 40"),
        ("jane.doe@example.org", ""),
        ("mail jane ＠ example", ""),
        ("call me +44 20 7946 0958", ""),
        ("138-0013-8000", ""),
        ("order 20391188", ""),
        ("020 7946 0958.", ""),
        ("110101199003074518", ""),
        ("https://example.org/x", ""),
        ("www.example.org", ""),
        ("word " * 40, ""),
    ],
)
def test_words_that_look_personal_or_are_many_are_not_stored(typed, stored):
    assert storable(typed) == stored


pytest_db = pytest.mark.django_db


@pytest_db
class TestPopular:
    def people(self, count):
        return [make_visitor() for _ in range(count)]

    def test_only_what_several_people_asked(self):
        people = self.people(3)
        for person in people:
            ask("red dress", person)
        for _ in range(9):  # one person, again and again
            ask("red secret", people[0])
        count_popular()
        assert popular_queries(get_index(Product), "RED", 5) == ["red dress"]

    def test_all_who_did_not_agree_count_as_one(self):
        for _ in range(9):
            ask("lamp")
        for person in self.people(1):
            ask("lamp", person)
        count_popular()
        assert popular_queries(get_index(Product), "lamp", 5) == []
        ask("lamp", make_visitor())
        count_popular()
        assert popular_queries(get_index(Product), "lamp", 5) == ["lamp"]

    @pytest.mark.parametrize("changes", [{"is_close": False}, {"total": 0}, {"is_filtered": True}, {"page": 2}])
    def test_not_what_found_nothing_or_was_no_plain_search(self, changes):
        for person in self.people(3):
            ask("red dress", person, **changes)
        assert count_popular() == 0

    def test_the_most_popular_first_by_their_beginning(self):
        people = self.people(4)
        for text, askers in (("red dress", 3), ("red coat", 4), ("blue coat", 4), ("re_x", 3)):
            for person in people[:askers]:
                ask(text, person)
        count_popular()
        index = get_index(Product)
        assert popular_queries(index, "re", 8) == ["red coat", "re_x", "red dress"]
        assert popular_queries(index, "re", 1) == ["red coat"]
        assert popular_queries(index, "re_", 8) == ["re_x"]
        assert popular_queries(index, "", 8) == popular_queries(index, "zebra", 8) == []


@pytest_db
def test_shop_owners_see_what_was_not_found(admin_client):
    people = [make_visitor() for _ in range(3)]
    for person in people:
        ask("hoverboard", person, is_close=False)
        found = ask("mug", person)
        ask("my own secret", people[0], is_close=False)
    product = Product.objects.create(sku="m", title="Mug")
    act(people[0], product, query_id=found.query_id)
    searches = searches_of(get_index(Product))
    assert (searches.total, searches.found_nothing, searches.clicked) == (9, 6, 1)
    assert [row["text"] for row in searches.unanswered] == ["hoverboard"]
    assert {row["text"]: row["clicked"] for row in searches.frequent} == {"hoverboard": 0, "mug": 1}
    page = admin_client.get("/admin/xsearch/searchoverview/").content.decode()
    assert "hoverboard" in page
    assert "my own secret" not in page


@pytest_db
def test_shop_owners_see_what_unknown_people_did_not_find_on_several_days():
    today = timezone.localdate()
    for days in range(3):
        ask("hammock", is_close=False, day=today - timedelta(days=days))
        ask("asked all day", is_close=False, day=today)
    searches = searches_of(get_index(Product))
    assert [(row["text"], row["found_nothing"]) for row in searches.unanswered] == [("hammock", 3)]
    assert count_popular() == 0


@pytest_db
def test_what_is_too_old_is_deleted(settings):
    settings.XSEARCH = {"EVENTS_KEEP_DAYS": 10, "QUERIES_KEEP_DAYS": 5, "VISITORS_KEEP_DAYS": 20}
    now, today = timezone.now(), timezone.localdate()
    product = Product.objects.create(sku="m", title="Mug")
    gone, here = make_visitor(seen_on=today - timedelta(days=21)), make_visitor(seen_on=today - timedelta(days=19))
    act(gone, product)
    act(here, product, created_at=now - timedelta(days=11))
    act(here, product, created_at=now - timedelta(days=9))
    act(None, product, created_at=now - timedelta(days=11))
    ask("old", day=today - timedelta(days=6))
    ask("young", day=today - timedelta(days=4))
    ask("of one who is gone", gone)
    call_command("xsearch_tidy", verbosity=0)
    assert list(Visitor.objects.all()) == [here]
    assert Event.objects.count() == 1
    assert list(QueryLog.objects.values_list("text", flat=True)) == ["young"]


def test_the_shop_has_its_workers_delete_what_is_too_old(settings):
    from shop.celery import app

    app.loader.import_default_modules()
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert "xsearch.tidy" in scheduled <= set(app.tasks)


def test_the_former_name_of_the_package_still_works():
    with pytest.warns(DeprecationWarning, match="xsearch.visitors"):
        behaviour = importlib.import_module("xsearch.behaviour")
    assert behaviour.popular_queries is popular_queries
