"""The menu of orders and category pages in a real browser, with and without script."""

import re

import pytest
from playwright.sync_api import expect

from tests.support import widget_shop
from tests.support.browser import choose_photo, expect_first, look, opened, titles

pytest_plugins = ["tests.support.fixtures.browser"]
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.support.widget_shop"),
]


def menu(page):
    return page.get_by_label("Sort by")


def test_the_order_changes_with_the_choice_and_the_menu_keeps_the_focus(page, shop):
    page.goto(f"{shop}/search/?q=jacket")
    page.evaluate("window.same = true")
    menu(page).focus()
    menu(page).select_option("price_desc")
    expect_first(page, "Yellow jacket")
    assert titles(page) == ["Yellow jacket", "Blue jacket", "Green jacket", "Red jacket"]
    expect(menu(page)).to_have_value("price_desc")
    expect(menu(page)).to_be_focused()
    assert "sort=price_desc" in page.url
    assert page.evaluate("window.same") is True
    look(page, "sorted")
    page.locator(".xs-option", has_text=re.compile("^red", re.IGNORECASE)).click()
    expect(page.locator(".xs-hit")).to_have_count(1)
    page.go_back()
    expect(menu(page)).to_have_value("price_desc")
    page.go_back()
    expect(menu(page)).to_have_value("relevance")


def test_a_category_is_sorted_and_paged(page, shop):
    page.goto(f"{shop}/search/?colour=red&colour=blue&colour=green")
    expect(menu(page)).to_have_value("newest")
    expect_first(page, "Blue lamp")
    menu(page).select_option("price_asc")
    expect_first(page, "Red jacket")
    page.get_by_role("link", name="Show more").click()
    expect(page.locator(".xs-hit")).to_have_count(9)
    assert titles(page)[-1] == "Blue lamp"
    page.reload()
    expect_first(page, "Red jacket")
    look(page, "category")


def test_a_photo_is_sorted_too(page, shop):
    page.goto(f"{shop}/search/")
    choose_photo(page, widget_shop.photo("red"))
    expect_first(page, "Red")
    menu(page).select_option("price_desc")
    expect(menu(page)).to_have_value("price_desc")
    found = [title for title in titles(page) if title.startswith("Red")]
    assert found == ["Red lamp", "Red mug", "Red jacket"]


def test_without_script_a_button_sends_the_order(browser, shop):
    with opened(browser, java_script_enabled=False) as page:
        page.goto(f"{shop}/search/?q=jacket&colour=red&colour=blue")
        menu(page).select_option("price_desc")
        page.locator("[data-xs-sort]").get_by_role("button", name="Apply").click()
        assert page.locator(".xs-hit-title").all_inner_texts() == ["Blue jacket", "Red jacket"]
        expect(menu(page)).to_have_value("price_desc")
        look(page, "sorted_without_script")
