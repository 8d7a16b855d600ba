"""Two models in one search, in a real browser: by text and by photo, in one scope or the other, or in both."""

import re

import pytest
from playwright.sync_api import expect

import xsearch
from shop.models import StylePost
from tests.support import styling, widget_shop
from tests.support.browser import chip, choose_photo, launched, look, opened, search, titles
from xsearch.models import Event
from xsearch.search.vectors.calibration import forget_samples

pytest_plugins = ["tests.support.fixtures.browser"]
pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def browser(playwright):
    with launched(playwright) as started:
        yield started


@pytest.fixture
def shop(live_server, settings, tmp_path):
    settings.CATALOGUE_DIR = tmp_path
    settings.XSEARCH = widget_shop.XSEARCH
    forget_samples()
    styling.fill()
    xsearch.search_all(text="red jacket")  # what is made once for a vocabulary is made
    return live_server.url


@pytest.fixture
def page(browser, shop):
    with opened(browser) as made:
        yield made


def tab(page, name):
    return page.get_by_role("navigation", name="What to search in").get_by_role("link", name=re.compile(f"^{name}"))


def posts(page):
    """Return the titles of the posts among the results."""
    titles(page)
    return page.locator(".post-card .xs-hit-title").all_inner_texts()


def products(page):
    return page.locator(".xs-hit-link:not(.post-card) .xs-hit-title").all_inner_texts()


def test_words_find_products_posts_or_both(page, shop):
    page.goto(f"{shop}/search/")
    search(page, "red jacket")
    expect(tab(page, "Products")).to_have_attribute("aria-current", "true")
    assert posts(page) == []
    look(page, "posts_products")
    tab(page, "Style posts").click()
    expect(page.locator(".post-card .xs-hit-title")).to_have_text(["Evening on the pier"])
    assert products(page) == []
    assert "model=shop.StylePost" in page.url
    tab(page, "All").click()
    expect(page.locator(".xs-kind").first).to_be_visible()
    assert products(page)[0] == "Red jacket"
    assert posts(page) == ["Evening on the pier"]
    count = int(tab(page, "All").locator(".xs-count").inner_text())
    expect(page.locator(".xs-summary strong")).to_have_text(str(count))
    look(page, "posts_all")
    page.locator(".xs-option", has_text="Jackets").click()  # limits the products, which declare it
    expect(page.locator(".xs-hit-link:not(.post-card) .xs-hit-title")).to_have_text([re.compile("jacket")] * 4)
    assert posts(page) == ["Evening on the pier"]
    page.go_back()
    page.go_back()
    expect(tab(page, "Style posts")).to_have_attribute("aria-current", "true")
    assert posts(page) == ["Evening on the pier"]
    search(page, "blue")  # a new search stays where the last one was
    assert set(posts(page)) == {"Sunday breakfast", "Blue hour"}
    page.locator(".post-card").first.click()
    page.wait_for_url("**/styles/*/")
    expect(page.locator("h1")).to_have_text(re.compile("Sunday breakfast|Blue hour"))
    look(page, "posts_post")
    assert Event.objects.latest("created_at").content_type.model_class() is StylePost


def test_a_photo_finds_both_and_stays_when_the_scope_changes(page, shop):
    page.goto(f"{shop}/search/")
    choose_photo(page, widget_shop.photo("yellow"))
    expect(chip(page)).to_be_visible()
    expect(page.locator(".xs-summary")).to_contain_text("with your photo")
    assert posts(page) == []
    tab(page, "Style posts").click()
    expect(page.locator(".post-card .xs-hit-title").first).to_have_text("Reading at night")
    expect(chip(page)).to_be_visible()
    tab(page, "All").click()
    expect(page.locator(".xs-kind").first).to_be_visible()
    assert "Reading at night" in posts(page)
    assert all(title.startswith("Yellow") for title in products(page)[:3])
    page.reload()
    expect(chip(page)).to_be_visible()
    assert "Reading at night" in posts(page)


def test_the_scope_is_changed_by_keyboard(page, shop):
    page.goto(f"{shop}/search/?q=red+jacket")
    tab(page, "Products").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".post-card")).to_have_count(1)
    expect(tab(page, "Style posts")).to_be_focused()


def test_everything_works_without_javascript_and_on_a_phone(browser, shop):
    phone = {"viewport": {"width": 360, "height": 740}, "java_script_enabled": False}
    with opened(browser, **phone) as page:
        page.goto(f"{shop}/search/?q=red+jacket")
        tab(page, "All").click()
        expect(page.locator(".post-card .xs-hit-title")).to_contain_text(["Evening on the pier"])
        page.get_by_role("searchbox").fill("blue")
        page.get_by_role("button", name="Search", exact=True).click()
        expect(page).to_have_url(re.compile("q=blue&model=all"))
        tab(page, "Style posts").click()
        expect(tab(page, "Style posts")).to_have_attribute("aria-current", "true")
        choose_photo(page, widget_shop.photo("yellow"))
        page.get_by_role("searchbox").fill("")
        page.get_by_role("button", name="Search", exact=True).click()
        expect(page.locator(".post-card .xs-hit-title").first).to_have_text("Reading at night")
        page.goto(f"{shop}/styles/")
        page.get_by_role("link", name="Share yours").click()
        page.get_by_label("Title").fill("At the lake")
        page.get_by_label("Tell us about it").fill("Nothing but blue.")
        page.get_by_label("Your name").fill("Theo")
        page.get_by_label("Photo").last.set_input_files(
            {"name": "lake.jpg", "mimeType": "image/jpeg", "buffer": widget_shop.photo("blue")}
        )
        page.get_by_role("button", name="Share").click()
        expect(page.locator("h1")).to_have_text("Thank you!")
        for address in ("", "search/?q=red&model=all", "styles/", "styles/share/", "product/J0/"):
            page.goto(f"{shop}/{address}")
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, address
