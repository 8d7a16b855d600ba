"""Photos in a real browser: chosen, pasted, dropped, taken, combined with words, removed, refused."""

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.support import widget_shop
from tests.support.browser import chip, choose_photo, expect_first, look, put_file, search, titles

pytest_plugins = ["tests.support.fixtures.browser"]
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.support.widget_shop"),
]


def test_a_photo_is_made_small_before_it_is_sent(page, shop):
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    page.goto(f"{shop}/search/")
    choose_photo(page, widget_shop.photo("blue", (3000, 2000), exif=exif))
    expect_first(page, "^Blue")
    assert {title.split()[0] for title in titles(page)[:3]} == {"Blue"}
    look(page, "photo")
    image = Image.open(io.BytesIO(widget_shop.Page.photos[0]))
    assert max(image.size) == 1024
    assert not image.getexif()


def test_photo_and_words_then_the_photo_is_removed(page, shop):
    page.goto(f"{shop}/search/")
    choose_photo(page, widget_shop.photo("green"))
    expect(chip(page)).to_be_visible()
    search(page, "mug")
    expect_first(page, "^Green mug$")
    page.get_by_role("button", name="Remove the photo").click()
    expect(chip(page)).to_have_count(0)
    expect(page.locator(".xs-summary")).to_have_text(re.compile("mug”$"))


@pytest.mark.parametrize("target", ["body", ".xs-input"])
def test_a_photo_is_pasted(page, shop, target):
    page.goto(f"{shop}/search/")
    put_file(page, target, "paste", widget_shop.photo("yellow"))
    expect(chip(page)).to_be_visible()
    expect_first(page, "^Yellow")


def test_a_photo_is_dropped(page, shop):
    page.goto(f"{shop}/search/")
    put_file(page, ".xs-input", "dragover", widget_shop.photo("red"))
    expect(page.locator("[data-xs-drop]")).to_be_visible()
    look(page, "dropping")
    put_file(page, ".xs-input", "drop", widget_shop.photo("red"))
    expect(page.locator("[data-xs-drop]")).to_be_hidden()
    expect(chip(page)).to_be_visible()
    expect_first(page, "^Red")


def test_what_is_not_a_photo_is_refused_in_words(page, shop):
    page.goto(f"{shop}/search/")
    put_file(page, ".xs-input", "drop", b"words", "letter.txt", "text/plain")
    expect(page.locator("[data-xs-message]")).to_contain_text("not a photo")
    choose_photo(page, b"no picture at all")
    expect(page.get_by_role("alert")).to_contain_text("This is not a picture")
    look(page, "refused")
    page.get_by_role("button", name="Remove the photo").click()
    search(page, "red")
    assert titles(page)


def test_the_camera_takes_a_photo(page, shop):
    page.goto(f"{shop}/search/")
    page.get_by_role("button", name="Take a photo").click()
    expect(page.locator("dialog video")).to_have_js_property("paused", False)
    look(page, "camera")
    page.get_by_role("button", name="Take the photo").click()
    expect(chip(page)).to_be_visible()
    expect(page.locator("dialog")).to_be_hidden()
    expect(page.locator(".xs-summary")).to_contain_text("with your photo")


def test_the_camera_is_cancelled(page, shop):
    page.goto(f"{shop}/search/")
    page.get_by_role("button", name="Take a photo").click()
    expect(page.locator("dialog video")).to_have_js_property("paused", False)
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_be_hidden()
    expect(page.locator("dialog video")).to_have_js_property("srcObject", None)
    expect(chip(page)).to_have_count(0)
