"""What was understood, as chips in a real browser: taken back and made strict with mouse, keyboard and no script."""

import pytest
from playwright.sync_api import expect

from tests.support import widget_shop
from tests.support.browser import choose_photo, field, look, opened, search, titles

pytest_plugins = ["tests.support.fixtures.browser"]
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.support.widget_shop"),
]


def wishes(page):
    expect(page.locator("[data-xsearch-results]")).not_to_have_attribute("aria-busy", "true")
    return {
        wish.get_attribute("data-xs-wish"): wish.get_attribute("data-mode") for wish in page.locator(".xs-wish").all()
    }


def test_a_wish_is_made_strict_and_taken_back(page, shop):
    page.goto(f"{shop}/search/?q=red+lamp+under+60")
    assert wishes(page) == {"colour:is:red": "soft", "category:is:lamps": "soft", "price:at_most:60": "strict"}
    assert "Yellow lamp" not in titles(page)
    look(page, "understood")
    page.get_by_role("link", name="Colour: red: show only such results").click()
    expect(page.locator(".xs-hit-title")).to_have_text(["Red lamp", "Red jacket", "Red mug"])
    assert "strict=colour%3Ais%3Ared" in page.url
    page.get_by_role("link", name="Not meant: Price: at most 60").click()
    expect(page.locator('[data-mode="off"]')).to_have_count(1)
    assert "drop=price%3Aat_most%3A60" in page.url
    page.get_by_role("link", name="Understand Price: at most 60 again").click()
    expect(page.locator('[data-mode="off"]')).to_have_count(0)
    page.go_back()
    expect(page.locator('[data-mode="off"]')).to_have_count(1)


def test_chips_work_with_the_keyboard_and_keep_the_focus(page, shop):
    page.goto(f"{shop}/search/")
    search(page, "mug not red")
    assert wishes(page) == {"category:is:mugs": "soft", "colour:is_not:red": "strict"}
    assert "Red mug" not in titles(page)
    toggle = page.get_by_role("link", name="Colour: not red: only such results")
    toggle.focus()
    page.keyboard.press("Enter")
    expect(page.locator('[data-xs-wish="colour:is_not:red"]')).to_have_attribute("data-mode", "soft")
    expect(page.locator(":focus")).to_have_accessible_name("Colour: not red: show only such results")
    assert "Red mug" in titles(page)
    assert titles(page).index("Red mug") > titles(page).index("Blue mug")


def test_a_new_query_forgets_what_was_chosen(page, shop):
    page.goto(f"{shop}/search/?q=red+lamp&drop=colour:is:red")
    assert wishes(page)["colour:is:red"] == "off"
    search(page, "red mug")
    assert wishes(page)["colour:is:red"] == "soft"
    assert "drop" not in page.url


def test_chips_beside_a_photo(page, shop):
    page.goto(f"{shop}/search/?q=but+red")
    choose_photo(page, widget_shop.photo("blue"))
    expect(page.locator(".xs-summary")).to_contain_text("with your photo")
    page.get_by_role("link", name="Colour: red: show only such results").click()
    expect(page.locator(".xs-hit-title").first).to_have_text("Red jacket")
    assert all(title.startswith("Red") for title in titles(page))
    expect(page.locator(".xs-summary")).to_contain_text("with your photo")


def test_a_limit_that_nothing_fulfils_is_said(page, shop):
    page.goto(f"{shop}/search/?q=lamp+under+2")
    expect(page.locator("[data-xs-relaxed]")).to_contain_text("Nothing fulfils “Price: at most 2”")
    assert titles(page)
    page.goto(f"{shop}/search/?q=under+2")
    expect(page.locator(".xs-nothing")).to_contain_text("search without “Price: at most 2”")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_on_a_phone_without_script(browser, shop, language):
    phone = {"viewport": {"width": 360, "height": 740}, "locale": language, "java_script_enabled": False}
    with opened(browser, **phone) as page:
        page.goto(f"{shop}/search/?q=red+lamp+under+60+without+sleeves")
        assert len(wishes(page)) == 4
        look(page, f"understood-{language}")
        page.locator('[data-xs-wish="colour:is:red"] .xs-wish-only').click()
        expect(page.locator('[data-xs-wish="colour:is:red"]')).to_have_attribute("data-mode", "strict")
        assert all(
            title in ("Red lamp", "Red mug", "Red jacket", "红色台灯", "红色马克杯", "红色夹克")
            for title in titles(page)
        )
        assert field(page).input_value() == "red lamp under 60 without sleeves"
