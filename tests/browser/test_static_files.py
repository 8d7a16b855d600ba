"""The widgets where static files have hashed names only, another origin, a prefix, and a strict content policy."""

import re

import django
import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.template import engines
from django.test import override_settings
from django.utils.functional import SimpleLazyObject
from playwright.sync_api import expect

from tests.support import widget_shop
from tests.support.browser import choose_photo, expect_first, field, opened, search
from tests.support.serving import below, collect, origin_of, served

pytest_plugins = ["tests.support.fixtures.browser"]
pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.support.widget_shop")]

DJANGO = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
WHITENOISE = "whitenoise.storage.CompressedManifestStaticFilesStorage"


def try_all(page, shop):
    """Use the widgets: words, suggestions, a photo, filters, more results, similar products, from page to page."""
    missing = []
    page.on("response", lambda answer: missing.append(answer.url) if answer.status >= 400 else None)
    page.goto(f"{shop}/")
    expect(page.locator(".xs-bar")).to_have_class(re.compile("xs-on"))
    field(page).press_sequentially("red", delay=20)
    page.get_by_role("option").first.wait_for()
    field(page).press("Enter")
    page.wait_for_url("**/search/?q=red")
    expect_first(page, "^Red")
    page.evaluate("window.same = true")
    search(page, "mug jacket lamp")
    page.get_by_role("link", name="Show more").click()
    expect(page.locator(".xs-hit")).to_have_count(12)
    choose_photo(page, widget_shop.photo("blue"))
    expect_first(page, "^Blue")
    assert page.evaluate("window.same") is True
    page.locator(".xs-hit-link").first.click()
    page.locator(".xs-similar .xs-hit").first.wait_for()
    assert page.locator(".xs-bar, .xs-similar").first.evaluate("(e) => getComputedStyle(e).boxSizing") == "border-box"
    assert missing == []


@pytest.fixture
def static(settings, tmp_path, shop):
    """Return a function that collects the static files with a storage and keeps only hashed names."""

    def use(storage):
        folder = tmp_path / "static"
        folder.mkdir()
        collect(settings, folder, storage)
        assert not (folder / "xsearch" / "xsearch.js").exists()
        return folder

    return use


@pytest.mark.parametrize("storage", [DJANGO, WHITENOISE])
def test_files_with_hashed_names_only(browser, settings, static, storage):
    static(storage)
    assert "whitenoise.middleware.WhiteNoiseMiddleware" in settings.MIDDLEWARE
    with served() as shop, opened(browser) as page:
        try_all(page, shop)
        assert re.search(r"/xsearch\.[0-9a-f]{12}\.js", page.content())


def test_files_of_another_origin(browser, settings, static, monkeypatch):
    """As on a content delivery network, without leave for other origins to read them."""
    with origin_of(static(WHITENOISE)) as elsewhere:
        settings.STATIC_URL = f"{elsewhere}/"
        monkeypatch.setattr(widget_shop, "SOURCES", f"'self' {elsewhere}")
        with served() as shop, opened(browser) as page:
            try_all(page, shop)
            assert f'src="{elsewhere}/xsearch/xsearch.' in page.content()


def test_below_a_prefix(browser, static):
    prefix = "/our/shop"
    urls = {"STATIC_URL": f"{prefix}/static/", "MEDIA_URL": f"{prefix}/media/"}
    with override_settings(FORCE_SCRIPT_NAME=prefix, **urls):
        static(WHITENOISE)
        with served(below(prefix)) as shop, opened(browser) as page:
            try_all(page, f"{shop}{prefix}")
            assert f"{prefix}/product/" in page.url


# Content security policy


def test_a_policy_with_a_nonce(browser, settings, shop, monkeypatch):
    """Scripts need a nonce and so do style sheets, wherever they come from."""
    monkeypatch.setattr(widget_shop, "with_policy", lambda response: response)
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.support.serving.nonce_policy"]
    _add_context_processor(settings, "tests.support.serving.nonce")
    with served(StaticFilesHandler) as address, opened(browser) as page:
        try_all(page, address)
        scripts = page.locator("script[src], link[rel=stylesheet]").evaluate_all("(all) => all.map((e) => e.nonce)")
        assert len(scripts) == 4
        assert len(set(scripts)) == 1
        assert len(scripts[0]) > 10


@pytest.mark.skipif(django.VERSION < (6, 0), reason="Django has a content security policy since 6.0")
def test_the_policy_of_django(browser, settings, shop, monkeypatch):
    from django.utils.csp import CSP

    monkeypatch.setattr(widget_shop, "with_policy", lambda response: response)
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.middleware.csp.ContentSecurityPolicyMiddleware"]
    sources = [CSP.NONCE, CSP.STRICT_DYNAMIC]
    settings.SECURE_CSP = {
        "default-src": [CSP.NONE],
        "script-src": sources,
        "style-src": [CSP.NONCE],
        **{name: [CSP.SELF] for name in ("img-src", "connect-src", "form-action")},
    }
    _add_context_processor(settings, "django.template.context_processors.csp")
    with served(StaticFilesHandler) as address, opened(browser) as page:
        try_all(page, address)


def test_the_nonce_may_be_given(rf, settings):
    """As of django-csp, whose nonce is an attribute of the request."""
    widget_shop.use(settings)
    template = engines["django"].from_string("{% load xsearch %}{% xsearch_assets nonce=request.csp_nonce %}")
    request = rf.get("/")
    request.csp_nonce = SimpleLazyObject(lambda: "abc123")
    assert template.render({}, request).count('nonce="abc123"') == 4
    template = engines["django"].from_string("{% load xsearch %}{% xsearch_assets %}")
    for without in ({}, {"csp_nonce": None}):
        assert "nonce" not in template.render(without, request)


def _add_context_processor(settings, name):
    [engine] = settings.TEMPLATES
    names = [*engine["OPTIONS"]["context_processors"], name]
    settings.TEMPLATES = [{**engine, "OPTIONS": {**engine["OPTIONS"], "context_processors": names}}]


# Languages


@pytest.mark.urls("tests.support.widget_shop_i18n")
@pytest.mark.parametrize(
    ("language", "mug", "found"), [("zh-hans", "红色马克杯", "结果"), ("en", "red mug", "results")]
)
def test_pages_with_a_prefix_for_the_language(browser, shop, language, mug, found):
    """All that the script fetches is in the language of the page, whatever the browser prefers."""
    other = "en-US" if language != "en" else "zh-CN"
    with opened(browser, locale=other) as page:
        page.goto(f"{shop}/{language}/")
        field(page).fill(mug)
        field(page).press("Enter")
        page.wait_for_url(f"**/{language}/search/?q=*")
        expect(page.locator(".xs-summary")).to_contain_text(found)
        page.evaluate("window.same = true")
        page.locator(".xs-option", has_text="red" if language == "en" else "红").first.click()
        expect(page.locator(".xs-chosen li").first).to_be_visible()
        expect(page.locator(".xs-summary")).to_contain_text(found)
        assert page.evaluate("window.same") is True
        assert f"/{language}/search/?" in page.url
        page.locator(".xs-hit-link").first.click()
        page.wait_for_url(f"**/{language}/product/**")
        title = "Similar products" if language == "en" else "相似商品"
        expect(page.locator(".xs-similar-title")).to_have_text(title)
