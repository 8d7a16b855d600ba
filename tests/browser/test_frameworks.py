"""The widgets keep their looks on pages with Bootstrap 4 and 5, Tailwind, and the style sheets of shops."""

import pytest
from playwright.sync_api import expect

from tests.support import framework_styles, widget_shop
from tests.support.browser import choose_photo, field, look, opened

pytest_plugins = ["tests.support.fixtures.browser"]
pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.support.widget_shop")]

SHEETS = framework_styles.style_sheets()
QUERY = "q=red+mug+under+50&colour=red&like=PK"


def open_results(page, shop):
    from shop.models import Product

    key = Product.objects.get(title="Red lamp").pk
    page.goto(f"{shop}/search/?{QUERY.replace('PK', str(key))}")
    page.locator(".xs-hit").first.wait_for()


def open_suggestions(page, shop):
    page.goto(f"{shop}/search/?q=mug+lamp+jacket")
    field(page).fill("")
    field(page).press_sequentially("re", delay=20)
    page.get_by_role("option").first.wait_for()


def open_photo(page, shop):
    page.goto(f"{shop}/search/?q=mug")
    choose_photo(page, widget_shop.photo("blue"))
    expect(page.locator(".xs-hit-title").first).to_contain_text("Blue")
    expect(page.locator("[data-xsearch-results]")).to_have_attribute("aria-busy", "false")


def open_camera(page, shop):
    page.goto(f"{shop}/search/?q=")
    page.evaluate("document.querySelector('.xs-listening').hidden = false")
    page.evaluate("document.querySelector('[data-xs-dialog]').showModal()")


def open_product(page, shop):
    page.goto(f"{shop}/product/M4/")
    page.locator(".xs-similar .xs-hit").first.wait_for()


#: What a shop may put into its template of a result.
CARD = """<a class="btn btn-primary card-link" href="#">Buy</a><p class="card-text">Text</p><h3>Title</h3>
<form><label>Number <input type="number"></label><button class="btn" type="button">Basket</button></form><img src="/none.jpg" alt="">"""

PAGES = [open_results, open_suggestions, open_photo, open_camera, open_product]


def looks(page, css, first=True):
    page.evaluate(framework_styles.WEAR, [css, first])
    return page.evaluate(framework_styles.LOOKS, framework_styles.PROPERTIES)


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("visit", PAGES)
def test_the_looks_stay(browser, shop, visit, width):
    different = {}
    with opened(browser, bypass_csp=True, viewport={"width": width, "height": 900}) as page:
        visit(page, shop)
        plain = looks(page, "")
        for sheet, css in SHEETS.items():
            for first in (True, False):
                styled = looks(page, css, first)
                look(page, f"{visit.__name__}-{width}-{sheet}-{'before' if first else 'behind'}")
                different[sheet, first] = framework_styles.differences(plain, styled)
                if page.evaluate("document.documentElement.scrollWidth") > width:
                    different[sheet, first]["page"] = "scrolls sideways"
    assert not any(different.values()), framework_styles.report(different)


@pytest.mark.parametrize("sheet", SHEETS)
def test_the_template_of_a_result_is_the_shops_own(browser, shop, sheet):
    """The same card looks the same in the results and anywhere else."""
    with opened(browser, bypass_csp=True) as page:
        open_results(page, shop)
        page.evaluate(framework_styles.WEAR, [SHEETS[sheet], True])
        looks = [name for name in framework_styles.PROPERTIES if name != "listStyleType"]  # the results are a list
        inside, outside = page.evaluate(framework_styles.CARDS, [CARD, looks])
        assert len(inside) == 8
        assert framework_styles.differences(outside, inside) == {}


@pytest.mark.parametrize("width", [390, 1280])
def test_a_photo_stands_above_the_words_on_a_phone(browser, shop, width):
    with opened(browser, viewport={"width": width, "height": 900}) as page:
        open_photo(page, shop)
        tops = [page.locator(name).first.bounding_box()["y"] for name in (".xs-chips", ".xs-input", ".xs-submit")]
        assert tops[1] == tops[2]
        assert (tops[0] < tops[1] - 30) is (width == 390)
