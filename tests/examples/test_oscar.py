"""django-oscar with this search, in a real browser: ``examples/oscar``, with vectors of products and of photos."""

import json
import re
import urllib.parse
import urllib.request

import pytest
from playwright.sync_api import expect

from tests.support import ROOT
from tests.support.browser import choose_photo, launched, look, opened, search
from tests.support.indexing import wait_until
from tests.support.oscar import BEFORE, OscarShop
from tests.support.processes import redis_server

pytest_plugins = ["tests.support.fixtures.browser"]
SAMPLES = ROOT / "shop" / "demo_catalogue"
STAFF = {"username": "owner@example.com", "password": "oscar-owner"}


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server.url


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    return tmp_path_factory.mktemp("oscar")


@pytest.fixture(scope="module")
def before(django_db_setup, django_db_blocker, media):
    """The shop without search, with a few products of each category."""
    with django_db_blocker.unblock():
        shop = OscarShop(BEFORE, media)
        shop.create_database()
        shop.manage("migrate")
        shop.manage("load_samples", "--per-category", "5")
        yield shop
        shop.drop_database()


@pytest.fixture(scope="module", params=["product_search", "photo_search"])
def shop(request, before, broker, media, django_db_blocker):
    """The shop that got its search, served, with a worker."""
    with django_db_blocker.unblock():
        made = OscarShop(request.param, media, broker)
        made.create_database(before.database)
        made.manage("migrate")
        made.manage("xsearch_index")
        with made.running():
            yield made
        made.drop_database()


@pytest.fixture(scope="module")
def browser(playwright):
    with launched(playwright) as started:
        yield started


@pytest.fixture
def page(browser):
    with opened(browser) as made:
        only_this_machine(made)
        yield made


def only_this_machine(page):
    """Let oscar's pages take jQuery from themselves, as they do where its network of copies is out of reach."""
    page.route(re.compile("^https://"), lambda route: route.abort())


def cards(page):
    """Return the titles on oscar's cards."""
    expect(page.locator("[data-xsearch-results]")).not_to_have_attribute("aria-busy", "true")
    links = page.locator("[data-xsearch-results] .product_pod h3 a")
    return [link.get_attribute("title") for link in links.all()]


def answer(shop, endpoint, **query):
    """Return what the API answers."""
    with urllib.request.urlopen(f"{shop.url}/api/xsearch/{endpoint}/?{urllib.parse.urlencode(query)}") as response:
        return response.read().decode()


def hits(shop, **query):
    """Return the titles that the API finds."""
    return [hit["title"] for hit in json.loads(answer(shop, "search", **query))["hits"]]


def sample(title):
    """Return the sample of a title."""
    lines = (SAMPLES / "catalogue.jsonl").read_text().splitlines()
    return next(found for found in map(json.loads, lines) if found["title"] == title)


def log_in(page, shop):
    page.goto(f"{shop.url}/dashboard/login/")
    for name, value in STAFF.items():
        page.locator(f"input[name$={name}]").first.fill(value)
    page.get_by_role("button", name="Login").click()
    page.wait_for_url("**/dashboard/")


def edit(page, shop, title):
    """Open the dashboard's form of a product."""
    page.goto(f"{shop.url}/dashboard/catalogue/?title={urllib.parse.quote(title)}")
    page.get_by_role("link", name=title).first.click()
    page.wait_for_selector("input[name=title]")


def save(page):
    page.locator("button[name=action][value=save]").first.click()
    page.wait_for_url("**/dashboard/catalogue/**")


class TestCustomers:
    def test_the_bar_is_on_every_page_and_finds_products_on_oscars_own_cards(self, page, shop):
        page.goto(f"{shop.url}/basket/")
        expect(page.locator(".xs-input")).to_be_visible()
        search(page, "mug")
        look(page, f"{shop.name}_results")
        found = cards(page)
        assert found
        assert all("mug" in title for title in found)
        card = page.locator("[data-xsearch-results] .product_pod").first
        expect(card.locator(".price_color")).to_contain_text("€")
        expect(card.locator(".star-rating")).to_be_visible()

    def test_the_button_of_a_card_puts_the_product_into_the_basket(self, page, shop):
        page.goto(f"{shop.url}/search/?q=vase")
        [bought, *_others] = cards(page)
        page.locator("[data-xsearch-results]").get_by_role("button", name="Add to basket").first.click()
        expect(page.locator("#messages")).to_contain_text(bought)
        page.goto(f"{shop.url}/basket/")
        expect(page.locator(".basket-items")).to_contain_text(bought)

    def test_what_the_script_brings_has_cards_that_sell_too(self, page, shop):
        page.goto(f"{shop.url}/search/?q=mug")
        search(page, "guitar")
        [bought, *_others] = cards(page)
        page.locator("[data-xsearch-results]").get_by_role("button", name="Add to basket").first.click()
        expect(page.locator("#messages")).to_contain_text(bought)

    def test_a_photo_finds_its_product(self, page, shop):
        product = sample("Yellow colour-block plastic toy car")
        page.goto(f"{shop.url}/basket/")
        choose_photo(page, (SAMPLES / product["images"][0]).read_bytes(), "photo.webp", "image/webp")
        best = page.locator("[data-xsearch-results] .product_pod h3 a").first
        expect(best).to_have_attribute("title", product["title"])

    def test_each_photo_of_a_product_has_a_vector_where_the_vectors_are_beside_the_photos(self, shop):
        photos, vectors = shop.measure("oscar_counts.py", "vectors")
        per_product = 65
        assert photos > per_product
        assert vectors == {"product_search": per_product, "photo_search": photos}[shop.name]

    def test_a_word_of_a_variant_finds_its_product_once(self, shop):
        title = "River cotton T-shirt in pink"
        assert hits(shop, q=f"{title} size XL")[0] == title
        assert [title for title in hits(shop, q="T-shirt") if title.startswith("Size")] == []

    def test_the_page_of_a_product_shows_similar_ones(self, page, shop):
        page.goto(f"{shop.url}/search/?q=guitar")
        [opened_title, *_others] = cards(page)
        page.locator("[data-xsearch-results] .product_pod h3 a").first.click()
        similar = page.locator(".xs-similar .product_pod h3 a")
        expect(similar).to_have_count(4)
        look(page, f"{shop.name}_product")
        titles = [link.get_attribute("title") for link in similar.all()]
        assert opened_title not in titles
        assert sum("guitar" in title for title in titles) >= 2

    def test_the_page_of_a_category_has_the_products_below_it(self, page, shop):
        page.goto(f"{shop.url}/catalogue/")
        page.get_by_role("button", name="Browse store").click()
        page.get_by_role("link", name="Clothing", exact=True).click()
        expect(page.locator("h1")).to_have_text("Clothing")
        expect(page.locator(".xs-summary")).to_contain_text("35")
        assert not [title for title in cards(page) if re.search("mug|guitar|teapot", title)]

    def test_a_category_above_finds_the_products_below_and_its_facet_is_a_tree(self, page, shop):
        page.goto(f"{shop.url}/search/?q=checked")
        everything = cards(page)
        page.locator(".xs-facets").get_by_role("link", name=re.compile("^Home")).first.click()
        page.wait_for_url("**categories=**")
        chosen = cards(page)
        assert 0 < len(chosen) < len(everything)
        assert {title.split()[-1] for title in chosen} <= {"vase", "mug", "red", "lamp"}

    def test_prices_of_stock_records_and_of_variants_limit_the_results(self, shop):
        prices = {title: float(sample(title)["price"]) for title in hits(shop, q="striped", price_max=30)}
        assert prices
        assert max(prices.values()) <= 30
        assert len(hits(shop, q="striped")) > len(prices)

    def test_what_is_out_of_stock_is_told_apart(self, shop):
        sold_out = hits(shop, q="toy car", in_stock="false")
        assert "Yellow colour-block plastic toy car" in sold_out
        assert not set(sold_out) & set(hits(shop, q="toy car", in_stock="true"))

    def test_nothing_is_wider_than_a_phone(self, browser, shop):
        with opened(browser, viewport={"width": 390, "height": 844}) as phone:
            only_this_machine(phone)
            for path in ("/catalogue/", "/search/?q=striped"):
                phone.goto(f"{shop.url}{path}")
                expect(phone.locator(".xs-input")).to_be_visible()
                assert phone.evaluate("document.documentElement.scrollWidth") == 390
            look(phone, f"{shop.name}_phone")


class TestOwners:
    @pytest.fixture
    def staff(self, page, shop):
        log_in(page, shop)
        return page

    def test_an_edit_in_the_dashboard_is_indexed(self, staff, shop):
        edit(staff, shop, "Comet zigzag metal table lamp in red")
        staff.locator("input[name=title]").fill("Zanzibar couch")
        save(staff)
        wait_until(lambda: hits(shop, q="zanzibar couch")[:1] == ["Zanzibar couch"])

    def test_a_product_that_is_hidden_is_found_no_more(self, staff, shop):
        title = "Pebble green striped satin table lamp"
        assert title in hits(shop, q=title)
        assert title in answer(shop, "suggest", q="pebble green")
        edit(staff, shop, title)
        staff.locator("input[name=is_public]").uncheck()
        save(staff)
        assert title not in hits(shop, q=title)
        assert title not in answer(shop, "suggest", q="pebble green")
        staff.goto(f"{shop.url}/search/?q=lamp")
        assert title not in cards(staff)

    def test_a_price_that_is_changed_in_the_dashboard_is_indexed(self, staff, shop):
        title = "White floral ceramic mug"
        assert title not in hits(shop, q="mug", price_min=900)
        edit(staff, shop, title)
        staff.locator("a[href='#product_stock']").click()
        staff.locator("input[name=stockrecords-0-price]").fill("987.00")
        save(staff)
        wait_until(lambda: title in hits(shop, q="mug", price_min=900))


class TestStatements:
    @pytest.mark.parametrize("path", ["/search/?q=striped", "/catalogue/"])
    def test_a_page_of_results_takes_at_most_35_of_which_12_are_ours(self, shop, path):
        found = shop.measure("oscar_counts.py", "page", path)
        assert found["cards"] >= 5
        assert found["all"] <= 35, found
        assert found["ours"] <= 12, found

    def test_a_save_costs_at_most_three(self, shop):
        found = shop.measure("oscar_counts.py", "saves")
        assert set(found) == {"product", "variant", "stock record", "photo", "category"}
        assert {name: counts["ours"] for name, counts in found.items() if counts["ours"] > 3} == {}
