"""Consent, as browsers see it: nothing before it, everything erased after it, one memory for all devices of a user."""

import json

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connection
from django.urls import reverse

from shop.models import Product
from tests.support import widget_shop
from tests.support.visitors import API, Browser, act, make_visitor
from xsearch.models import Event, PopularQuery, QueryLog, Visitor
from xsearch.visitors.identity import CHOICE_COOKIE, TOKEN_COOKIE, hash_of

pytest_plugins = ["tests.support.fixtures.visitors"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def mug(products):
    return products.get(title="Yellow mug")


@pytest.fixture
def browser(mug):
    return Browser()


@pytest.fixture
def user():
    return get_user_model().objects.create_superuser("ann", password="open sesame")


def log_in(browser):
    answer = browser.post(reverse("admin:login"), {"username": "ann", "password": "open sesame", "next": "/"})
    assert answer.status_code == 302


class TestBeforeConsent:
    def test_nothing_tells_who_it_was(self, browser, mug):
        browser.do("click", mug, browser.find(q="mug"), 2)
        browser.get(reverse("xsearch_visitor:known"))
        assert TOKEN_COOKIE not in browser.cookies
        assert Visitor.objects.count() == 0
        assert Event.objects.get().visitor is QueryLog.objects.get().visitor is None

    def test_a_user_who_never_agreed_is_not_remembered_either(self, browser, mug, user):
        log_in(browser)
        browser.do("click", mug)
        assert Event.objects.get().visitor is None

    def test_declining_stores_a_no_and_no_token(self, browser, mug):
        browser.choose("decline")
        assert (browser.cookie(CHOICE_COOKIE), TOKEN_COOKIE in browser.cookies) == ("no", False)
        browser.do("click", mug)
        assert Visitor.objects.count() == 0
        assert "data-xs-consent" not in browser.get("/").content.decode()

    def test_every_page_asks_and_both_answers_are_buttons(self, browser):
        page = browser.get("/").content.decode()
        assert page.count('<button class="xs-button">') == 2
        assert "Cookie" in browser.get("/")["Vary"]


class TestAgreeing:
    def test_a_token_is_set_and_only_its_hash_is_stored(self, browser, mug):
        browser.choose("agree")
        token = browser.cookies[TOKEN_COOKIE]
        assert (token["httponly"], token["samesite"], token["secure"]) == (True, "Lax", "")
        assert len(token.value) >= 40
        visitor = Visitor.objects.get()
        assert visitor.token_hash == hash_of(token.value) != token.value
        browser.do("cart", mug, browser.find(q="mug"), 3)
        assert Event.objects.get().visitor == QueryLog.objects.get().visitor == visitor
        assert "data-xs-consent" not in browser.get("/").content.decode()

    def test_the_cookie_is_secure_on_a_secure_page(self, browser):
        browser.post(reverse("xsearch_visitor:agree"), secure=True)
        assert browser.cookies[TOKEN_COOKIE]["secure"] is True

    def test_it_leads_back_but_only_within_the_shop(self, browser):
        assert browser.choose("agree", next="/search/?q=mug")["Location"] == "/search/?q=mug"
        known = reverse("xsearch_visitor:known")
        assert browser.choose("agree", next="https://elsewhere.example/")["Location"] == known
        assert browser.get(reverse("xsearch_visitor:agree")).status_code == 405

    def test_another_site_cannot_agree_for_anybody(self, mug):
        strict = Browser(enforce_csrf_checks=True)
        assert strict.choose("agree").status_code == 403
        assert Visitor.objects.count() == 0

    def test_a_guessed_token_is_nobody(self, browser, mug):
        for guess in ("x", "x" * 5000, "\x00", hash_of("a")):
            browser.cookies[TOKEN_COOKIE] = guess
            browser.do("click", mug)
        assert not Event.objects.exclude(visitor=None).exists()


class TestPausing:
    def test_nothing_is_recorded_nor_used_until_it_goes_on(self, browser, mug):
        browser.choose("agree")
        browser.do("cart", mug)
        browser.choose("decline")
        browser.do("cart", mug)
        assert browser.find(q="mug")["personal"] is False
        assert Event.objects.filter(visitor=None).count() == 1
        browser.choose("agree")
        assert browser.find(q="mug")["personal"] is True
        assert Visitor.objects.count() == 1


class TestLogin:
    def test_what_a_browser_did_becomes_the_users_on_every_device(self, mug, user):
        phone, laptop = Browser(), Browser()
        for device in (phone, laptop):
            device.choose("agree")
            device.do("cart", mug, device.find(q="mug"))
        assert Visitor.objects.count() == 2
        for device in (phone, laptop):
            log_in(device)
        visitor = Visitor.objects.get()
        assert (visitor.user, visitor.token_hash) == (user, None)
        assert Event.objects.filter(visitor=visitor).count() == QueryLog.objects.filter(visitor=visitor).count() == 2
        tablet = Browser()
        log_in(tablet)
        assert tablet.find(q="mug")["personal"] is True

    def test_after_logging_out_the_browser_is_nobody(self, browser, mug, user):
        browser.choose("agree")
        browser.do("cart", mug)
        log_in(browser)
        browser.post(reverse("admin:logout"))
        assert browser.find(q="mug")["personal"] is False
        browser.do("cart", mug)
        assert Event.objects.filter(visitor=None).count() == 1

    def test_a_pause_counts_more_than_going_on(self, browser, mug, user):
        make_visitor(user=user, token_hash=None)
        browser.choose("agree")
        browser.choose("decline")
        log_in(browser)
        assert Visitor.objects.get().is_paused

    def test_a_login_without_a_request_merges_nothing(self, user):
        from django.contrib.auth.signals import user_logged_in

        user_logged_in.send(sender=type(user), request=None, user=user)
        assert Visitor.objects.count() == 0

    def test_deleting_the_user_deletes_what_they_did(self, mug, user):
        act(make_visitor(user=user, token_hash=None), mug)
        user.delete()
        assert (Visitor.objects.count(), Event.objects.count()) == (0, 0)


def everything_stored():
    """Return every row of every table of xsearch as text."""
    found = {}
    for model in apps.get_app_config("xsearch").get_models(include_auto_created=True):
        if not model._meta.managed:  # the benchmark's model, if a test has imported it, has a table only while it runs
            continue
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT to_jsonb(t)::text FROM "{model._meta.db_table}" t')
            found[model._meta.db_table] = [row[0] for row in cursor.fetchall()]
    return found


def traces(visitor, *words):
    """Return the rows of any table that refer to a visitor or their user, or hold any of the words."""
    hits = []
    for table, rows in everything_stored().items():
        for text in rows:
            row = json.loads(text)
            refers = visitor.pk in (row.get("visitor_id"), row["id"] if table == "xsearch_visitor" else None)
            is_users = visitor.user_id is not None and row.get("user_id") == visitor.user_id
            if refers or is_users or any(word in text for word in words):
                hits.append((table, row))
    return hits


class TestErasing:
    def test_no_row_is_left_in_any_table_of_a_browser(self, browser, mug):
        browser.choose("agree")
        token, visitor = browser.cookie(TOKEN_COOKIE), Visitor.objects.get()
        answer = browser.find(q="my yellow mug")
        browser.do("click", mug, answer, 1)
        PopularQuery.objects.create(
            text="my yellow mug", askers=3, searches=3, content_type=QueryLog.objects.get().content_type
        )
        others = make_visitor()
        act(others, mug)
        marks = (token, hash_of(token), answer["query_id"], "my yellow mug")
        assert {table for table, _ in traces(visitor, *marks)} == {
            "xsearch_visitor", "xsearch_event", "xsearch_querylog", "xsearch_popularquery",
        }  # fmt: skip
        assert browser.choose("erase").status_code == 303
        assert traces(visitor, *marks) == []
        assert Event.objects.get().visitor == others
        assert browser.cookie(TOKEN_COOKIE) == ""

    def test_no_row_is_left_in_any_table_of_a_user(self, browser, mug, user):
        log_in(browser)
        browser.choose("agree")
        visitor = Visitor.objects.get()
        answer = browser.find(q="my yellow mug")
        browser.do("purchase", mug, answer, 1)
        assert len(traces(visitor, answer["query_id"])) == 3
        browser.choose("erase")
        assert traces(visitor, answer["query_id"], "my yellow mug") == []

    def test_nothing_is_remembered_from_then_on(self, browser, mug):
        browser.choose("agree")
        browser.choose("erase")
        browser.do("cart", mug)
        assert Visitor.objects.count() == 0
        assert Event.objects.get().visitor is None

    def test_an_event_that_meets_the_erasing_is_nobodys(self, browser, mug, monkeypatch):
        ghost = Visitor(pk=987654, token_hash="0" * 64)
        for module in ("events", "queries"):
            monkeypatch.setattr(f"xsearch.visitors.{module}.remembered_visitor", lambda _request: ghost)
        with connection.cursor() as cursor:  # as outside of a test, where each statement commits
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        browser.do("cart", mug)
        assert Event.objects.get().visitor is None
        assert browser.find(q="mug")["total"] > 0


class TestTheVisitorsPage:
    def test_it_says_in_plain_words_what_is_known(self, browser, mug):
        browser.choose("agree")
        browser.do("cart", mug, browser.find(q="a mug, please"))
        red = Product.objects.get(title="Red mug")
        browser.do("dismiss", red)
        page = browser.get(reverse("xsearch_visitor:known")).content.decode()
        for words in ("Your memory is on", "Yellow mug", "a mug, please", "Mugs", "rather not", "Erase everything"):
            assert words in page, words
        assert browser.get(reverse("xsearch_visitor:known"))["Cache-Control"].startswith("max-age=0")

    def test_it_can_be_downloaded(self, browser, mug):
        browser.choose("agree")
        browser.do("cart", mug, browser.find(q="mug"))
        answer = browser.get(reverse("xsearch_visitor:download"))
        known = answer.json()
        assert [act["title"] for act in known["acts"]] == ["Yellow mug"]
        assert [search["text"] for search in known["searches"]] == ["mug"]
        assert "attachment" in answer["Content-Disposition"]

    def test_it_survives_that_a_product_is_gone(self, browser, mug):
        browser.choose("agree")
        visitor = Visitor.objects.get()
        lost = Product.objects.create(sku="lost", title="Lost")
        act(visitor, lost)
        Product.objects.filter(pk=lost.pk).delete()
        assert "no longer here" in browser.get(reverse("xsearch_visitor:known")).content.decode()

    def test_nobody_else_sees_it(self, browser, mug):
        browser.choose("agree")
        browser.do("cart", mug)
        assert "Yellow mug" not in Browser().get(reverse("xsearch_visitor:known")).content.decode()


class TestWhatIsWrittenDownOfASearch:
    def test_typed_words_and_what_was_found(self, browser):
        answer = browser.find(q="Yellow  MUG")
        log = QueryLog.objects.get()
        assert str(log.query_id) == answer["query_id"]
        assert (log.text, log.language, log.total, log.is_close) == ("yellow mug", "en", answer["total"], True)

    @pytest.mark.parametrize("more", [{"spoken": True}, {"q": "write to jane@example.org"}])
    def test_no_transcript_and_nothing_personal(self, browser, more):
        browser.find(**{"q": "yellow mug", **more})
        assert QueryLog.objects.get().text == ""

    def test_nothing_of_a_photo(self, browser):
        from io import BytesIO

        photo = BytesIO(widget_shop.photo("yellow"))
        photo.name = "p.jpg"
        assert browser.post(f"{API}search/", {"q": "mug", "image": photo}).status_code == 200
        assert QueryLog.objects.get().text == ""
        assert not any("p.jpg" in text for rows in everything_stored().values() for text in rows)

    def test_no_address_of_anybody(self, browser, mug):
        browser.choose("agree")
        answer = browser.find(q="mug")
        browser.do("click", mug, answer)
        rows = [text for rows in everything_stored().values() for text in rows]
        assert not any("127.0.0.1" in text for text in rows)

    def test_it_can_be_switched_off(self, browser, settings):
        settings.XSEARCH = {**widget_shop.XSEARCH, "LOG_QUERIES": False}
        browser.find(q="mug")
        assert QueryLog.objects.count() == 0

    def test_a_search_is_answered_where_it_cannot_be_written_down(self, browser, monkeypatch):
        from django.db import DatabaseError

        def fail(*args):
            raise DatabaseError

        monkeypatch.setattr("xsearch.visitors.queries._record_search", fail)
        assert browser.find(q="mug")["total"] > 0

    def test_the_page_writes_it_down_too(self, browser):
        browser.get("/search/", {"q": "mug", "colour": "yellow"})
        log = QueryLog.objects.get()
        assert (log.text, log.is_filtered) == ("mug", True)
