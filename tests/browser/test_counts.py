"""In a catalogue too large to score at once: the first results at once, the numbers of all a little later."""

import re

import pytest
from playwright.sync_api import expect

from shop.models import Product
from tests.support import widget_shop
from tests.support.browser import choose_photo, look, search, titles
from xsearch.models import QueryLog
from xsearch.search.retrieval import retrieve
from xsearch.search.retrieval.candidates import Candidates

pytest_plugins = ["tests.support.fixtures.browser"]
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.support.widget_shop"),
]
WORDS = "mug jacket lamp"


@pytest.fixture(autouse=True)
def large(shop, settings):
    """Take twelve products for too many to score."""
    settings.XSEARCH = {**widget_shop.XSEARCH, "EXACT_ROWS": 0, "CANDIDATES": 8, "MATCHES": 8}


@pytest.fixture
def asked(page):
    """Requests that count, each held back until it is let go."""
    held = []

    def hold(route):
        is_count = 'name="again"' in (route.request.post_data or "")
        held.append(route) if is_count else route.continue_()

    page.route("**/search/**", hold)
    return held


def summary(page):
    return page.locator(".xs-summary")


def kinds(page):
    return [int(text) for text in page.get_by_role("group", name="Category").locator(".xs-count").all_inner_texts()]


def test_the_numbers_of_all_follow_the_first_results(page, shop, asked):
    page.goto(f"{shop}/search/?q={WORDS.replace(' ', '+')}")
    expect(summary(page)).to_have_text(re.compile(r"^\d+\+ results"))
    before, counts = titles(page), kinds(page)
    assert sum(counts) < 12
    page.get_by_role("button", name="Apply").scroll_into_view_if_needed()
    [count] = asked
    count.continue_()
    expect(summary(page)).to_have_text(re.compile("^12 results"))
    assert kinds(page) == [4, 4, 4]
    expect(page.locator("[data-xs-live]")).to_have_text("12 results")
    expect(page.locator("[data-xs-content]")).to_have_attribute("data-total", "12")
    assert titles(page) == before
    look(page, "counted")
    assert [log.total < 12 for log in QueryLog.objects.all()] == [True], "what is only counted is not a new search"
    page.get_by_role("link", name="Show more").click()
    expect(page.locator(".xs-hit")).to_have_count(12)
    assert len(set(titles(page))) == 12


def test_what_the_first_look_missed_is_shown_as_well(page, shop, asked, monkeypatch):
    found = Candidates([Product.objects.get(title="Red mug").pk], {}, is_approximate=True)
    monkeypatch.setattr(retrieve, "find_candidates", lambda *_: found)
    page.goto(f"{shop}/search/?q=mug")
    expect(summary(page)).to_have_text("1+ result for “mug”")
    page.locator(".xs-hit-link", has_text="Red mug").focus()
    [count] = asked
    count.continue_()
    expect(summary(page)).to_have_text("4 results for “mug”")
    expect(page.locator(".xs-hit")).to_have_count(4)
    assert titles(page)[0] == "Red mug"
    expect(page.locator(".xs-hit-link", has_text="Red mug")).to_be_focused()


def test_a_newer_search_is_not_overtaken_by_numbers_of_the_one_before(page, shop, asked):
    page.goto(f"{shop}/search/?q={WORDS.replace(' ', '+')}")
    expect(summary(page)).to_contain_text("+ results")
    search(page, "red")
    found = summary(page).inner_text()
    assert found.endswith("for “red”")
    asked[0].continue_()
    page.wait_for_timeout(500)
    assert summary(page).inner_text() == found


def test_a_photo_is_counted_too(page, shop, asked):
    page.goto(f"{shop}/search/?q={WORDS.replace(' ', '+')}")
    choose_photo(page, widget_shop.photo("red"))
    expect(summary(page)).to_have_text(re.compile(r"^\d+\+ results .* with your photo"))
    asked[-1].continue_()
    expect(summary(page)).to_have_text(re.compile(r"^\d+ results .* with your photo"))


def test_what_a_customer_is_typing_stays(page, shop, asked):
    page.goto(f"{shop}/search/?q={WORDS.replace(' ', '+')}")
    page.locator("input[name=price_min]").fill("36")
    [count] = asked
    count.continue_()
    expect(summary(page)).to_have_text(re.compile("^12 results"))
    assert page.locator("input[name=price_min]").input_value() == "36"


def test_the_focus_stays_on_a_filter(page, shop, asked):
    page.goto(f"{shop}/search/?q={WORDS.replace(' ', '+')}")
    page.locator(".xs-option", has_text="Mugs").focus()
    [count] = asked
    count.continue_()
    expect(summary(page)).to_have_text(re.compile("^12 results"))
    expect(page.locator(".xs-option", has_text="Mugs")).to_be_focused()


def test_a_shop_may_do_without(page, shop, asked, settings):
    settings.XSEARCH = {**settings.XSEARCH, "COUNT_ALL": False}
    page.goto(f"{shop}/search/?q={WORDS.replace(' ', '+')}")
    expect(summary(page)).to_contain_text("+ results")
    search(page, "mug lamp")
    assert asked == []
