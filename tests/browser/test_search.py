"""The search bar in a real browser: type, show a photo, filter, go back; with keyboard, phone and without script."""

import re

import pytest
from playwright.sync_api import expect

from tests.support import widget_shop
from tests.support.browser import chip, choose_photo, expect_first, field, look, opened, search, titles
from xsearch.models import Event

pytest_plugins = ["tests.support.fixtures.browser"]
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.support.widget_shop"),
]


# Words


def test_typing_suggests_and_finds_without_a_reload(page, shop):
    page.goto(f"{shop}/search/")
    page.evaluate("window.same = true")
    look(page, "start")
    field(page).press_sequentially("red", delay=20)
    options = page.get_by_role("group", name="Searches").get_by_role("option")
    expect(options).to_have_count(3)
    look(page, "suggestions")
    field(page).press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    chosen = options.first.inner_text()
    assert field(page).get_attribute("aria-activedescendant") == options.first.get_attribute("id")
    field(page).press("Enter")
    expect_first(page, chosen)
    assert f"q={chosen.replace(' ', '+')}" in page.url
    expect(page.locator("[data-xs-live]")).to_have_text(re.compile(r"\d+ results?"))
    assert page.evaluate("window.same") is True
    look(page, "results")


def test_escape_brings_back_what_was_typed(page, shop):
    page.goto(f"{shop}/search/")
    field(page).press_sequentially("blue", delay=20)
    page.get_by_role("option").first.wait_for()
    field(page).press("ArrowDown")
    assert field(page).input_value() != "blue"
    field(page).press("Escape")
    assert field(page).input_value() == "blue"
    expect(page.get_by_role("listbox")).to_be_hidden()


def test_nothing_found_says_what_to_do(page, shop):
    page.goto(f"{shop}/search/?q=%F0%9F%A6%84")
    expect(page.locator(".xs-nothing")).to_contain_text("Try fewer or other words")
    look(page, "nothing")


def test_what_nobody_knows_gets_the_nearest_and_is_told_so(page, shop):
    page.goto(f"{shop}/search/?q=mugggle")
    expect(page.locator(".xs-summary")).to_have_text("Nothing close was found. The nearest that there is:")
    expect_first(page, "mug$")
    look(page, "nearest")


def test_filters_prices_and_more_results(page, shop):
    page.goto(f"{shop}/search/?q=mug+jacket+lamp")
    assert len(titles(page)) == 8
    page.get_by_role("link", name="Show more").click()
    expect(page.locator(".xs-hit")).to_have_count(12)
    assert len(set(titles(page))) == 12
    page.locator(".xs-option", has_text="Mugs").click()
    expect(page.locator(".xs-hit")).to_have_count(4)
    page.locator("input[name=price_min]").fill("36")
    page.locator("input[name=price_max]").fill("41")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".xs-hit")).to_have_count(1)
    look(page, "filters")
    assert titles(page) == ["Blue mug"]
    assert "price_min=36" in page.url
    page.get_by_role("link", name="Remove all filters").click()
    expect(page.locator(".xs-hit")).to_have_count(8)


def test_back_and_forward(page, shop):
    page.goto(f"{shop}/search/")
    search(page, "red")
    search(page, "lamp")
    choose_photo(page, widget_shop.photo("blue"))
    expect(chip(page)).to_be_visible()
    expect_first(page, "^Blue lamp")
    page.go_back()
    expect(page.locator(".xs-summary")).to_have_text(re.compile("lamp”$"))
    expect(chip(page)).to_have_count(0)
    page.go_back()
    expect(field(page)).to_have_value("red")
    expect(page.locator(".xs-summary")).to_contain_text("red")
    page.go_forward()
    page.go_forward()
    expect(chip(page)).to_be_visible()
    page.reload()
    expect(chip(page)).to_be_visible()
    expect(page.locator(".xs-summary")).to_contain_text("with your photo")


def test_a_result_is_opened_counted_and_left_again(page, shop):
    page.goto(f"{shop}/search/")
    search(page, "green lamp")
    page.locator(".xs-hit-link").first.click()
    page.wait_for_url("**/product/*/")
    expect(page.locator(".xs-similar .xs-hit").first).to_be_visible()
    look(page, "similar")
    page.go_back()
    expect(page.locator(".xs-hit-title").first).to_have_text("Green lamp")
    kept = Event.objects.latest("created_at")
    assert (kept.kind, kept.position) == ("click", 1)


def test_a_typing_error_is_corrected_and_the_correction_undone(page, shop):
    page.goto(f"{shop}/search/")
    field(page).fill("red jakcet")
    field(page).press("Enter")
    said = page.locator("[data-xs-corrected]")
    expect(said).to_contain_text("Showing results for red jacket.")
    expect_first(page, "^Red jacket")
    expect(field(page)).to_have_value("red jakcet")
    expect(page.locator("[data-xs-live]")).to_contain_text("Showing results for red jacket.")
    look(page, "corrected")
    page.get_by_role("link", name="Search instead for red jakcet").click()
    expect(said).to_have_count(0)
    assert "literal=1" in page.url
    page.reload()
    expect(said).to_have_count(0)
    page.go_back()
    expect(said).to_be_visible()
    field(page).fill("yelow lamp")
    field(page).press("Enter")
    expect(said).to_contain_text("yellow lamp")
    assert "literal" not in page.url


# Other pages, other people


def test_a_query_from_another_page_goes_to_the_results(page, shop):
    page.goto(f"{shop}/")
    field(page).fill("blue lamp")
    field(page).press("Enter")
    page.wait_for_url("**/search/?q=blue+lamp")
    expect_first(page, "^Blue lamp$")
    page.goto(f"{shop}/")
    choose_photo(page, widget_shop.photo("green"))
    page.wait_for_url("**/search/")
    expect(chip(page)).to_be_visible()
    expect_first(page, "^Green")


def test_the_bar_of_a_category_searches_in_it(page, shop):
    page.goto(f"{shop}/mugs/")
    field(page).fill("red jacket")
    field(page).press("Enter")
    page.wait_for_url("**/search/?q=red+jacket&category=Mugs")
    assert all(title.endswith("mug") for title in titles(page))


def test_keyboard_alone(page, shop):
    page.goto(f"{shop}/search/")
    expect(field(page)).to_be_focused()
    page.keyboard.type("jacket")
    page.keyboard.press("Enter")
    titles(page)
    names = []
    while not page.evaluate("document.activeElement.matches('.xs-option')"):
        page.keyboard.press("Tab")
        names.append(
            page.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText")
        )
    assert names[:4] == ["Search with a photo", "Take a photo", "Search by voice", "Search"]
    page.keyboard.press("Enter")
    expect(page.locator(".xs-option[aria-current]")).to_have_count(1)
    focused = page.evaluate("document.activeElement.getAttribute('aria-current')")
    assert focused == "true"


def test_the_search_is_down(page, shop):
    page.goto(f"{shop}/search/")
    page.route("**/search/", lambda route: route.fulfill(status=503, json={"code": "unavailable", "detail": "Later."}))
    field(page).fill("red")
    field(page).press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Later.")
    page.unroute("**/search/")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".xs-hit").first).to_be_visible()


def test_on_a_phone_nothing_is_wider_than_the_screen(browser, shop):
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    with opened(browser, **phone) as page:
        page.goto(f"{shop}/search/")
        choose_photo(page, widget_shop.photo("blue"))
        expect(chip(page)).to_be_visible()
        search(page, "mug jacket lamp")
        look(page, "phone")
        page.locator("summary").tap()
        expect(page.locator(".xs-option").first).to_be_visible()
        look(page, "phone_filters")
        for width in (360, 320):
            page.set_viewport_size({"width": width, "height": 740})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.goto(f"{shop}/product/M4/")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        with page.expect_file_chooser() as chooser:
            page.goto(f"{shop}/search/")
            page.get_by_role("button", name="Take a photo").tap()
        assert chooser.value.element.get_attribute("capture") == "environment"


def test_without_javascript(browser, shop):
    with opened(browser, java_script_enabled=False) as page:
        page.goto(f"{shop}/search/")
        look(page, "plain")
        field(page).fill("mug jacket lamp")
        page.get_by_role("button", name="Search", exact=True).click()
        expect(page).to_have_url(re.compile("q=mug\\+jacket\\+lamp"))
        page.get_by_role("link", name="Show more").click()
        expect(page).to_have_url(re.compile("page=2"))
        expect(page.locator(".xs-hit")).to_have_count(4)
        page.locator(".xs-option", has_text="Lamps").click()
        expect(page).to_have_url(re.compile("category="))
        expect(page.locator(".xs-hit")).to_have_count(4)
        look(page, "plain_results")
        choose_photo(page, widget_shop.photo("red"))
        page.get_by_role("button", name="Search", exact=True).click()
        expect(page.locator(".xs-hit-title").first).to_have_text("Red lamp")
        choose_photo(page, b"nothing")
        page.get_by_role("button", name="Search", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text("This is not a picture")
