"""More like this, not this, and a second photo, in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.support import widget_shop
from tests.support.browser import chip, choose_photo, expect_first, look, opened, search, titles

pytest_plugins = ["tests.support.fixtures.browser"]
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.support.widget_shop"),
]


def examples(page):
    return page.locator(".xs-example-title")


def test_more_like_this_and_not_this_by_keyboard_and_undone(page, shop):
    page.goto(f"{shop}/search/")
    search(page, "mug")
    more = page.get_by_role("link", name="More like Green mug")
    more.focus()
    page.keyboard.press("Enter")
    expect(examples(page)).to_have_text(["Green mug"])
    assert "Green mug" not in titles(page)
    expect(page.locator("[data-xs-live]")).to_contain_text("More like Green mug.")
    assert page.evaluate("document.querySelector('[data-xs-place]').contains(document.activeElement)")
    page.get_by_role("link", name="Not Red mug").click()
    expect(examples(page)).to_have_text(["Green mug", "Red mug"])
    assert "like=" in page.url
    look(page, "examples")
    page.reload()
    expect(examples(page)).to_have_text(["Green mug", "Red mug"])
    page.get_by_role("link", name="Remove the example Green mug").click()
    expect(examples(page)).to_have_text(["Red mug"])
    page.go_back()
    expect(examples(page)).to_have_text(["Green mug", "Red mug"])


def test_a_photo_goes_together_with_an_example(page, shop):
    page.goto(f"{shop}/search/")
    choose_photo(page, widget_shop.photo("blue"))
    expect_first(page, "^Blue")
    page.get_by_role("link", name="Not Blue mug").click()
    expect(examples(page)).to_have_text(["Blue mug"])
    expect(chip(page)).to_have_count(1)


def test_a_second_photo_is_added_and_either_removed(page, shop):
    page.goto(f"{shop}/search/")
    choose_photo(page, widget_shop.photo("red"))
    expect_first(page, "^Red")
    choose_photo(page, widget_shop.photo("blue"))
    expect(chip(page)).to_have_count(2)
    expect(page.locator(".xs-summary")).to_contain_text("with your 2 photos")
    look(page, "two-photos")
    page.reload()
    expect(chip(page)).to_have_count(2)
    page.get_by_role("button", name="Remove the photo 1").click()
    expect(chip(page)).to_have_count(1)
    expect_first(page, "^Blue")
    page.go_back()
    expect(chip(page)).to_have_count(2)


def test_several_files_at_once_up_to_the_limit(page, shop):
    page.goto(f"{shop}/search/")
    files = [{"name": f"{n}.jpg", "mimeType": "image/jpeg", "buffer": widget_shop.photo("red")} for n in range(6)]
    page.locator("input[name=image]").set_input_files(files)
    expect(chip(page)).to_have_count(5)
    expect(page.locator("[data-xs-message]")).to_contain_text("At most 5 photos")


def test_photos_and_examples_fit_a_phone(browser, shop):
    with opened(browser, viewport={"width": 360, "height": 740}) as page:
        page.goto(f"{shop}/search/?q=mug")
        page.get_by_role("link", name="More like Red mug").click()
        expect(examples(page)).to_have_text(["Red mug"])
        for colour in ("red", "blue", "green"):
            choose_photo(page, widget_shop.photo(colour))
        expect(chip(page)).to_have_count(3)
        expect(page.get_by_role("button", name="Take a photo")).to_be_visible()
        titles(page)
        look(page, "phone")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
