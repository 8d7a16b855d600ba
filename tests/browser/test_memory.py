"""A memory with consent, in a real browser: asked, agreed, used, shown, erased."""

import re

import pytest
from django.urls import include, path
from playwright.sync_api import expect

from tests.support import widget_shop
from tests.support.browser import field, look, opened, search, titles
from xsearch.models import Event, QueryLog, Visitor

pytest_plugins = ["tests.support.fixtures.browser"]
pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.browser.test_memory")]

ASKING = '{% xsearch_bar action="/search/" %}{% xsearch_results %}{% xsearch_consent %}'
VIEWED = "<h1>{{ product }}</h1>{% xsearch_viewed product %}"


class Search(widget_shop.Page):
    """The search page, with the question at its end."""

    template_name = "memory/search.html"


product_page = path("product/<str:sku>/", widget_shop.page(VIEWED, product=widget_shop.find_product), name="product")
urlpatterns = [
    path("", widget_shop.page(ASKING)),
    path("", include(([product_page], "shop"))),
    path("search/", Search.as_view(), name="search"),
    path("api/xsearch/", include("xsearch.api.urls")),
    path("memory/", include("xsearch.urls")),
    path("media/<path:path>", widget_shop.urlpatterns[-1].callback),
]


@pytest.fixture(autouse=True)
def _nobody_was_here(shop):
    """Forget what the browser of another test left, which no transaction took back."""
    for model in widget_shop.BEHAVIOUR:
        model.objects.all().delete()


@pytest.fixture(autouse=True)
def _template(shop, settings):
    page = widget_shop.PAGE.replace("BODY", ASKING)
    loader = ("django.template.loaders.locmem.Loader", {"memory/search.html": page})
    options = {**settings.TEMPLATES[0]["OPTIONS"]}
    options["loaders"] = [loader, "django.template.loaders.app_directories.Loader"]
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "APP_DIRS": False, "OPTIONS": options}]


def ours(page):
    return {cookie["name"]: cookie for cookie in page.context.cookies() if cookie["name"].startswith("xsearch")}


def open_first(page, name):
    """Open a result, as its product page, and come back."""
    page.locator(".xs-hit", has_text=name).locator("a").first.click()
    expect(page.locator("h1")).to_have_text(name)
    page.wait_for_load_state("networkidle")


def test_agree_click_see_what_moved_and_why_and_erase_it(page, shop):
    page.goto(f"{shop}/search/?q=mug")
    assert titles(page)[-1] == "Yellow mug"
    assert ours(page) == {}
    look(page, "memory-asked")
    page.get_by_role("button", name="Yes, remember").click()
    expect(page.locator("[data-xs-consent]")).to_have_count(0)
    assert ours(page)["xsearch_visitor"]["httpOnly"] is True

    open_first(page, "Yellow mug")
    assert set(Event.objects.values_list("kind", "visitor")) == {
        (kind, Visitor.objects.get().pk) for kind in ("click", "view")
    }
    page.goto(f"{shop}/search/?q=lamp")
    assert titles(page)[0] == "Yellow lamp"
    moved = page.locator(".xs-personal")
    expect(moved.first).to_contain_text(re.compile("Moved up for you · .*(Looks|Colour)"))
    look(page, "memory-moved")
    page.get_by_role("link", name="Show without it").click()
    expect(moved).to_have_count(0)
    assert titles(page)[0] == "Red lamp"
    assert "personal=0" in page.url
    page.get_by_role("link", name="Show in the order of your taste").click()
    expect(moved.first).to_be_visible()

    page.get_by_role("link", name="What is known about you").click()
    expect(page.locator(".xs-known")).to_contain_text("Yellow mug")
    expect(page.locator(".xs-known")).to_contain_text("lamp")
    look(page, "memory-known")
    page.get_by_role("button", name="Erase everything").click()
    expect(page.get_by_role("status")).to_contain_text("Everything has been erased")
    look(page, "memory-erased")
    assert (Visitor.objects.count(), Event.objects.count()) == (0, 0)
    assert not QueryLog.objects.exclude(visitor=None).exists()
    assert "xsearch_visitor" not in ours(page)
    page.goto(f"{shop}/search/?q=lamp")
    assert titles(page)[0] == "Red lamp"
    expect(page.locator("[data-xs-consent]")).to_have_count(0)


def test_declining_takes_one_click_and_leaves_no_token(page, shop):
    page.goto(f"{shop}/search/?q=mug")
    page.get_by_role("button", name="No, thank you").click()
    expect(page.locator("[data-xs-consent]")).to_have_count(0)
    open_first(page, "Yellow mug")
    assert set(ours(page)) == {"xsearch_memory"}
    assert Event.objects.exclude(visitor=None).count() == Visitor.objects.count() == 0


def test_it_works_without_script_and_on_a_phone(browser, shop):
    with opened(browser, java_script_enabled=False, viewport={"width": 360, "height": 740}, locale="zh-CN") as phone:
        phone.goto(f"{shop}/search/?q=mug")
        look(phone, "memory-asked-phone")
        box, screen = phone.locator(".xs-consent").bounding_box(), phone.viewport_size
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= screen["width"]
        phone.locator(".xs-consent form").last.locator("button").click()
        expect(phone.locator(".xs-consent")).to_have_count(0)
        expect(phone).to_have_url(f"{shop}/search/?q=mug")
        assert Visitor.objects.count() == 1
        phone.goto(f"{shop}/memory/")
        look(phone, "memory-known-phone")
        phone.locator("[data-xs-erase]").click()
        expect(phone.get_by_role("status")).to_be_visible()
        assert Visitor.objects.count() == 0


def test_words_that_were_only_spoken_are_not_kept(page, shop):
    """The page marks the words of a transcript that nobody touched, and stops when they are changed."""
    page.goto(f"{shop}/search/?q=mug&spoken=1")
    assert QueryLog.objects.get().text == ""
    field(page).press("Enter")
    expect(page.locator("[data-xs-live]")).to_have_text(re.compile("result"))
    assert set(QueryLog.objects.values_list("text", flat=True)) == {""}
    search(page, "mugs")
    assert "mugs" in QueryLog.objects.values_list("text", flat=True)
    assert "spoken" not in page.url
