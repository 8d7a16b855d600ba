"""The shop in a real browser: photos to try, the gallery, languages, phones, and life without JavaScript."""

import io
import json
import re

import pytest
from django.core.files.base import ContentFile
from PIL import Image, ImageDraw
from playwright.sync_api import expect

from shop.models import Category, Product, ProductPhoto
from tests.support.browser import launched, look, opened
from xsearch.index.registry import get_index
from xsearch.indexing import index_pending

pytest_plugins = ["tests.support.fixtures.browser"]
pytestmark = [pytest.mark.django_db(transaction=True)]
COLOURS = {"red": "#c8242a", "green": "#348c4c", "blue": "#3476d4"}


def photo(colour):
    image = Image.new("RGB", (320, 320), "#f2f0ec")
    ImageDraw.Draw(image).rounded_rectangle((60, 40, 260, 290), radius=40, fill=colour)
    stream = io.BytesIO()
    image.save(stream, "JPEG")
    return stream.getvalue()


@pytest.fixture(scope="module")
def browser(playwright):
    with launched(playwright) as started:
        yield started


@pytest.fixture
def shop(live_server, settings, tmp_path):
    """Three jackets, one with two photos, and a customer's photo of the blue one."""
    settings.CATALOGUE_DIR = tmp_path
    settings.XSEARCH = {
        "ENCODERS": {"colours": {"BACKEND": "tests.support.widget_encoder.ColourEncoder"}},
        "EMBEDDINGS": {"text": "colours", "image": "colours", "audio": None},
        "THROTTLE_RATES": {"search": None, "media": None, "suggest": None, "events": None},
    }
    folder = tmp_path / "customer_photos"
    folder.mkdir(parents=True)
    (folder / "snap.jpg").write_bytes(photo(COLOURS["blue"]))
    listing = json.dumps({"id": "1", "image": "customer_photos/snap.jpg", "relevant": {"blue": 1}})
    (tmp_path / "photo_queries.jsonl").write_text(listing)
    jackets = Category.objects.create(name="Jackets", name_zh="夹克", slug="jackets")
    for name, colour in COLOURS.items():
        product = Product(
            sku=name, title=f"{name.title()} jacket", title_zh="夹克", category=jackets, colour=name, price=40
        )
        product.photo.save(f"{name}.jpg", ContentFile(photo(colour)), save=False)
        product.save()
    extra = ProductPhoto(product=Product.objects.get(sku="red"))
    extra.image.save("second.jpg", ContentFile(photo("#7a1014")))
    index_pending(get_index(Product))
    return live_server.url


@pytest.fixture
def page(browser, shop):
    with opened(browser) as made:
        yield made


def first_title(page):
    return page.locator(".xs-hit-title").first


def test_a_customer_photo_is_searched_with_at_a_click(page, shop):
    page.goto(shop)
    page.locator("[data-try-photo]").first.click()
    page.wait_for_url("**/search/**")
    expect(page.locator(".xs-chips .xs-chip")).to_be_visible()
    expect(first_title(page)).to_have_text("Blue jacket")
    look(page, "shop_photo")


def test_a_customer_photo_is_dragged_onto_the_search_bar(page, shop):
    page.goto(f"{shop}/search/")
    page.locator("[data-try-photo]").first.drag_to(page.locator(".xs-input"))
    expect(page.locator(".xs-chips .xs-chip")).to_be_visible()
    expect(first_title(page)).to_have_text("Blue jacket")


def test_the_photo_of_a_product_becomes_a_query_that_words_can_change(page, shop):
    page.goto(f"{shop}/product/red/")
    page.get_by_role("link", name="Search with this photo").click()
    page.wait_for_url("**/search/**")
    expect(first_title(page)).to_have_text("Red jacket")
    page.locator(".xs-input").fill("green")
    page.locator(".xs-input").press("Enter")
    expect(page.locator(".xs-summary")).to_contain_text("green")
    expect(page.locator(".xs-chips .xs-chip")).to_be_visible()
    expect(page.locator(".xs-hit-title").filter(has_text="Green jacket")).to_be_visible()


def test_the_gallery_shows_the_photo_that_is_picked(page, shop):
    page.goto(f"{shop}/product/red/")
    picks = page.locator("[data-gallery-pick]")
    picks.nth(1).click()
    expect(page.locator("[data-gallery-main]")).to_have_attribute("src", re.compile("second"))
    expect(picks.nth(1)).to_have_attribute("aria-current", "true")
    assert picks.nth(0).get_attribute("aria-current") is None


def test_the_language_is_switched_where_one_is(page, shop):
    page.goto(f"{shop}/product/red/")
    page.get_by_role("button", name="简体中文").click()
    expect(page.locator("h1")).to_have_text("夹克")
    assert page.url == f"{shop}/product/red/"
    assert page.locator("html").get_attribute("lang") == "zh-hans"


def test_the_keyboard_skips_to_the_content(page, shop):
    page.goto(shop)
    page.keyboard.press("Tab")
    expect(page.locator(".skip-link")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()


def test_everything_works_without_javascript(browser, shop):
    with opened(browser, java_script_enabled=False) as page:
        page.goto(shop)
        page.locator("[data-try-photo]").first.click()
        expect(first_title(page)).to_have_text("Blue jacket")
        picture = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": photo(COLOURS["green"])}
        page.locator("input[name=image]").set_input_files(picture)
        page.get_by_role("button", name="Search", exact=True).click()
        expect(first_title(page)).to_have_text("Green jacket")


def test_pages_fit_a_phone_and_load_completely(browser, shop):
    with opened(browser, viewport={"width": 390, "height": 844}) as page:
        failed = []
        page.on("response", lambda response: failed.append(response.url) if response.status >= 400 else None)
        for address in ("", "search/?q=red+jacket", "product/red/", "categories/", "category/jackets/", "about/"):
            page.goto(f"{shop}/{address}", wait_until="networkidle")
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, address
            assert page.locator(".languages").evaluate("(e) => e.getBoundingClientRect().right") <= 390 - 16, address
            look(page, f"shop_phone_{address.partition('/')[0] or 'home'}")
        assert failed == []
