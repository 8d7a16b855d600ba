"""Results in the order of a customer's taste: who gets it, how far it goes, and what it says about itself."""

from datetime import timedelta

import numpy as np
import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

import xsearch
from shop.models import Product
from tests.showcase.models import Instrument, Maker, Tag
from tests.support import widget_shop
from tests.support.visitors import Browser, act, make_visitor
from xsearch.index.registry import get_index
from xsearch.indexing import index_pending
from xsearch.models import EncoderSpace, Popularity
from xsearch.search.ranking import personalisation
from xsearch.search.ranking.fusion import Ranking
from xsearch.search.ranking.personalisation import bounded_shifts, moved
from xsearch.search.results import Coverage
from xsearch.visitors.events import count_popularity, popularity_of

pytest_plugins = ["tests.support.fixtures.visitors"]
pytestmark = pytest.mark.django_db


def answer(results):
    return [(hit.object.sku, hit.score, hit.personal) for hit in results.hits]


def colours(results):
    return [hit.object.colour for hit in results.hits]


class TestWhoGetsIt:
    def test_what_was_liked_moves_up_and_says_so(self, products, visitor):
        plain = xsearch.search(products, text="mug")
        act(visitor, *products.filter(colour="yellow"), kind="cart")
        found = xsearch.search(products, text="mug", user=visitor)
        assert colours(plain)[-1] == "yellow" == colours(found)[0]
        assert found.hits[0].personal["moved"] == 3
        assert "colour" in found.hits[0].personal["because"]
        assert found.is_personal
        assert {hit.object.pk for hit in found.hits} == {hit.object.pk for hit in plain.hits}

    def test_what_was_waved_aside_moves_down(self, products, visitor):
        act(visitor, products.get(title="Red lamp"), kind="dismiss")
        found = xsearch.search(products, text="mug", user=visitor)
        assert colours(found)[-1] == "red"
        assert found.hits[-1].personal["moved"] < 0

    def test_a_user_who_agreed_gets_it_too(self, products):
        user = get_user_model().objects.create_user("ann")
        act(make_visitor(user=user, token_hash=None), *products.filter(colour="yellow"), kind="cart")
        assert colours(xsearch.search(products, text="mug", user=user))[0] == "yellow"

    def test_nothing_changes_for_anybody_else(self, products, visitor):
        act(visitor, *products.filter(colour="yellow"), kind="purchase")
        act(None, *products.filter(colour="yellow"), kind="purchase")
        plain = answer(xsearch.search(products, text="mug"))
        paused = make_visitor(is_paused=True)
        act(paused, *products.filter(colour="yellow"), kind="purchase")
        never_asked = get_user_model().objects.create_user("bob")
        for who in (None, AnonymousUser(), never_asked, make_visitor(), paused, object()):
            assert answer(xsearch.search(products, text="mug", user=who)) == plain

    def test_it_can_be_switched_off_for_a_search(self, products):
        browser = Browser()
        browser.choose("agree")
        browser.do("cart", products.get(title="Yellow lamp"))
        assert browser.find(q="mug")["hits"][0]["personal"]["moved"] > 0
        off = browser.find(q="mug", personal=False)
        assert off["personal"] is False
        assert not any("personal" in hit for hit in off["hits"])
        page = browser.get("/search/", {"q": "mug"}).content.decode()
        assert "Moved up for you · " in page
        assert "?q=mug&amp;personal=0" in page
        page = browser.get("/search/", {"q": "mug", "personal": "0"}).content.decode()
        assert "Moved up for you" not in page
        assert "Show in the order of your taste" in page


class TestTaste:
    def test_newer_acts_count_more(self, products, visitor):
        old = timezone.now() - timedelta(days=120)
        act(visitor, *products.filter(colour="green"), kind="cart", created_at=old)
        act(visitor, *products.filter(colour="blue"), kind="cart")
        assert colours(xsearch.search(products, text="mug", user=visitor))[0] == "blue"

    def test_prices_like_those_of_what_was_liked(self, products, visitor, settings):
        act(visitor, *products.filter(price__gte=50, title__contains="lamp"), kind="cart")
        found = xsearch.search(products, text="mug", user=visitor)
        assert any("price" in hit.personal["because"] for hit in found.hits if hit.personal)

    def test_products_that_are_gone_do_no_harm(self, products, visitor):
        lost = Product.objects.create(sku="lost", title="Lost")
        act(visitor, lost, kind="cart")
        Product.objects.filter(pk=lost.pk).delete()
        plain = xsearch.search(products, text="mug")
        assert answer(xsearch.search(products, text="mug", user=visitor)) == answer(plain)

    def test_vectors_are_those_of_now(self, products, visitor):
        """After a swap to other vectors, taste follows them, with nothing to be made anew."""
        yellow = products.get(title="Yellow lamp")
        act(visitor, yellow, kind="cart")
        Product.objects.update(colour="", category=None, brand=None)
        assert xsearch.search(products, text="mug", user=visitor).hits[0].object.title == "Yellow mug"
        swapped = {p.pk: (p.image_embedding, p.text_embedding) for p in products}
        pairs = {"Yellow lamp": "Red lamp"}
        for mine, other in pairs.items():
            image, text = swapped[products.get(title=other).pk]
            Product.objects.filter(title=mine).update(image_embedding=image, text_embedding=text)
        EncoderSpace.objects.update(fingerprint="another")
        found = xsearch.search(products, text="mug", user=visitor)
        assert found.hits[0].object.title == "Red mug"

    def test_it_costs_two_statements_and_none_without_consent(self, products, visitor):
        def statements(user):
            xsearch.search(products, text="mug", user=user)
            with CaptureQueriesContext(connection) as captured:
                xsearch.search(products, text="mug", user=user)
            return len(captured)

        plain = statements(None)
        assert statements(AnonymousUser()) == plain
        act(visitor, *products.filter(colour="yellow"), kind="cart")
        assert statements(visitor) == plain + 2

    def test_companions_other_keys_and_fields_of_many_values(self, use_encoder, register, visitor):
        use_encoder()
        register(Instrument, text={"A": ["name"]}, store="vectors", filters=["maker", "tags"], facets=["maker", "tags"])
        makers = [Maker.objects.create(name=name) for name in ("Amati", "Ruggieri")]
        loud, soft = (Tag.objects.create(name=name) for name in ("loud", "soft"))
        for number in range(6):
            instrument = Instrument.objects.create(name=f"violin {number}", maker=makers[number % 2])
            instrument.tags.set([loud, soft] if number % 3 == 0 else [soft])
        index_pending(get_index(Instrument))
        liked = Instrument.objects.get(name="violin 3")
        act(visitor, liked, kind="cart")
        found = xsearch.search(Instrument.objects.exclude(pk=liked.pk), text="violin", user=visitor)
        assert len(found.hits) == 5
        assert found.hits[0].object.maker == liked.maker
        reasons = {reason for hit in found.hits if hit.personal for reason in hit.personal["because"]}
        assert {"maker", "tags"} & reasons
        assert xsearch.search(Instrument.objects.all(), text="violin", user=visitor).degraded == []

    def test_a_failure_leaves_the_results_as_they_are(self, products, visitor, monkeypatch):
        class Elsewhere:
            in_atomic_block = False

        def fail(*args):
            raise DatabaseError

        act(visitor, *products.filter(colour="yellow"), kind="cart")
        monkeypatch.setattr(personalisation, "affinities", fail)
        monkeypatch.setattr(personalisation, "connections", {"default": Elsewhere()})
        found = xsearch.search(products, text="mug", user=visitor)
        assert found.degraded == ["personal"]
        assert answer(found) == answer(xsearch.search(products, text="mug"))

    def test_variants_of_a_group_move_together(self, products, visitor, monkeypatch):
        monkeypatch.setattr(get_index(Product), "group_by", "category")
        act(visitor, *products.filter(colour="yellow"), kind="cart")
        found = xsearch.search(products, text="mug lamp jacket", user=visitor)
        assert len(found.hits) == 3
        assert set(colours(found)) == {"yellow"}


def ranking_of(scores):
    nothing = {name: {} for name in ("weights", "similarities", "calibrated", "contributions")}
    return Ranking(is_close=True, coverage=Coverage.COMPLETE, keys=list(range(len(scores))), scores=scores, **nothing)


SCORES = st.lists(st.floats(0, 1), min_size=2, max_size=30)


@given(SCORES, st.data())
def test_taste_never_moves_a_score_by_more_than_the_bound(scores, data):
    count = len(scores)
    part = st.lists(st.floats(-1, 1), min_size=count, max_size=count).map(np.array)
    parts = data.draw(st.dictionaries(st.sampled_from(["look", "brand", "price"]), part, max_size=3))
    shifts = sum(bounded_shifts(parts, data.draw(st.floats(0, 1000))).values(), np.zeros(count))
    bound = 0.05
    assert (np.abs(shifts) <= bound + 1e-9).all()
    scores = np.sort(np.array(scores))[::-1]
    after = moved(ranking_of(scores), shifts)
    places = {key: place for place, key in enumerate(after.keys)}
    for better in range(count):
        for worse in range(better + 1, count):
            if scores[better] - scores[worse] > 2 * bound + 1e-6:
                assert places[better] < places[worse]
    assert (np.abs(after.scores - scores[after.keys]) <= bound + 1e-9).all()


class TestPopularity:
    def test_people_count_not_clicks(self, products):
        mug, lamp = products.get(title="Red mug"), products.get(title="Red lamp")
        eager = make_visitor()
        for _ in range(20):
            act(eager, lamp)
        for _ in range(3):
            act(make_visitor(), mug)
        assert count_popularity() == 2
        scores = popularity_of(get_index(Product), [mug.pk, lamp.pk])
        assert scores[str(mug.pk)] == pytest.approx(3 / (3 + 2), abs=1e-3)
        assert scores[str(lamp.pk)] == pytest.approx(1 / (1 + 2), abs=1e-3)

    def test_it_fades_and_what_is_waved_aside_has_none(self, products):
        mug, lamp, jacket = (products.get(title=f"Red {kind}") for kind in ("mug", "lamp", "jacket"))
        act(make_visitor(), mug)
        act(make_visitor(), lamp, created_at=timezone.now() - timedelta(days=90))
        act(make_visitor(), jacket, kind="dismiss")
        count_popularity()
        scores = popularity_of(get_index(Product), [mug.pk, lamp.pk, jacket.pk])
        usual = (1 + 1 / 8 + 0) / 3  # 90 days are three half-lives
        expected = {str(mug.pk): 1 / (1 + usual), str(lamp.pk): (1 / 8) / (1 / 8 + usual)}
        assert scores == pytest.approx(expected, abs=1e-3)

    def test_it_raises_results_only_where_it_is_switched_on(self, products, settings):
        for _ in range(3):
            act(make_visitor(), products.get(title="Blue mug"), kind="purchase")
        plain = answer(xsearch.search(products, text="mug"))
        count_popularity()
        assert Popularity.objects.count() == 1
        assert answer(xsearch.search(products, text="mug")) == plain
        settings.XSEARCH = {**widget_shop.XSEARCH, "POPULARITY_WEIGHT": 0.02}
        found = xsearch.search(products, text="mug")
        assert found.hits[0].object.title == "Blue mug"
        assert not found.is_personal
