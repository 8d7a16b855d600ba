"""Suggestions in a real browser: by keyboard alone, with an input method, on a phone, in both languages."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.browser import expect_first, field, look, opened

pytest_plugins = ["tests.support.fixtures.browser"]
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.support.widget_shop"),
]

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
COMPOSE = """([selector, ...steps]) => {
  const input = document.querySelector(selector);
  const fire = (type, Kind, more) => input.dispatchEvent(new Kind(type, { bubbles: true, ...more }));
  fire("compositionstart", CompositionEvent);
  for (const text of steps) {
    input.value = text;
    fire("input", InputEvent, { isComposing: true, data: text, inputType: "insertCompositionText" });
  }
}"""
TYPE = """([selector, text]) => {
  const input = document.querySelector(selector);
  for (let end = 1; end <= text.length; end += 1) {
    input.value = text.slice(0, end);
    input.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }
}"""
END_COMPOSITION = """([selector, text]) => {
  const input = document.querySelector(selector);
  input.value = text;
  input.dispatchEvent(new InputEvent("input", { bubbles: true, isComposing: true, data: text }));
  input.dispatchEvent(new CompositionEvent("compositionend", { bubbles: true, data: text }));
}"""


def group(page, name):
    return page.get_by_role("group", name=name)


def open_search(page, shop):
    """Open the search page and go to its field with the keyboard."""
    page.goto(f"{shop}/search/")
    if not field(page).evaluate("input => input === document.activeElement"):
        page.keyboard.press("Tab")
    expect(field(page)).to_be_focused()


def asked(page):
    """Return a list that receives what is asked for suggestions."""
    found = []
    page.on("request", lambda request: found.append(request.url) if "/suggest/" in request.url else None)
    return found


def typed(page, text):
    page.keyboard.type(text, delay=15)
    page.get_by_role("listbox").wait_for()


def active(page):
    """Return the text of the option that assistive technology is told of."""
    name = field(page).get_attribute("aria-activedescendant")
    return page.locator(f"#{name}").inner_text() if name else None


def test_a_text_is_chosen_with_the_keyboard_alone(page, shop):
    open_search(page, shop)
    expect(field(page)).to_have_attribute("aria-expanded", "false")
    typed(page, "jack")
    expect(field(page)).to_have_attribute("aria-expanded", "true")
    expect(group(page, "Searches").get_by_role("option").first).to_have_text("jacket")
    assert group(page, "Categories").get_by_role("option").all_inner_texts() == ["Jackets\nCategory\n4"]
    expect(group(page, "Products").locator("img")).to_have_count(4)
    look(page, "suggestions_groups")
    page.keyboard.press("ArrowDown")
    assert active(page) == field(page).input_value() == "jacket"
    page.keyboard.press("ArrowUp")
    assert active(page) is None
    assert field(page).input_value() == "jack"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect_first(page, "jacket$")
    assert "q=jacket" in page.url


def test_a_category_is_chosen_with_the_keyboard_alone(page, shop):
    open_search(page, shop)
    typed(page, "mugs")
    page.keyboard.press("ArrowDown")
    expect(group(page, "Categories").get_by_role("option", selected=True)).to_have_text(re.compile("Mugs"))
    assert field(page).input_value() == "mugs"  # which is not replaced by what is no text
    page.keyboard.press("Enter")
    expect(page.locator(".xs-chosen")).to_contain_text("Mugs")
    expect(page.locator(".xs-hit")).to_have_count(4)
    assert re.search(r"\?q=Mugs&category=\d+$", page.url)


def test_a_product_is_opened_with_the_keyboard_alone(page, shop):
    page.goto(f"{shop}/")
    field(page).focus()
    typed(page, "yellow la")
    page.keyboard.press("ArrowUp")
    assert active(page).startswith("Yellow lamp")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Yellow lamp")


def test_home_end_escape_and_tab(page, shop):
    open_search(page, shop)
    typed(page, "red")
    page.keyboard.press("Home")  # moves in the text while no option is active
    assert active(page) is None
    page.keyboard.press("ArrowDown")
    first = active(page)
    page.keyboard.press("End")
    assert active(page) == page.get_by_role("option").last.inner_text() != first
    page.keyboard.press("Home")
    assert active(page) == first
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    assert field(page).input_value() == "red"
    page.keyboard.type(" m")
    page.get_by_role("listbox").wait_for()
    page.keyboard.press("Tab")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(field(page)).not_to_be_focused()


def test_typing_errors_are_forgiven_and_that_is_said(page, shop):
    open_search(page, shop)
    typed(page, "jakc")
    expect(page.locator(".xs-suggestions-note")).to_have_text("Suggestions for “jacket”")
    look(page, "suggestions_corrected")
    page.keyboard.press("ArrowDown")
    assert field(page).input_value() == "jacket"


def test_while_an_input_method_composes_nothing_is_asked(browser, shop):
    with opened(browser, locale="zh-CN") as page:
        page.goto(f"{shop}/search/")
        requests = asked(page)
        field(page).focus()
        page.evaluate(COMPOSE, [".xs-input", "m", "ma", "ma k"])
        page.wait_for_timeout(400)
        assert requests == []
        page.evaluate(END_COMPOSITION, [".xs-input", "马克"])
        page.get_by_role("listbox").wait_for()
        assert len(requests) == 1
        expect(group(page, "商品").locator(".xs-suggestion-label").first).to_contain_text("马克杯")
        look(page, "suggestions_chinese")


def test_pinyin_is_understood_on_a_chinese_phone(browser, shop):
    with opened(browser, locale="zh-CN", **PHONE) as page:
        page.goto(f"{shop}/search/")
        field(page).tap()
        typed(page, "mkb")
        expect(group(page, "搜索词").get_by_role("option").first).to_have_text("马克杯")
        look(page, "suggestions_phone_chinese")
        boxes = [option.bounding_box() for option in page.get_by_role("option").all()]
        assert all(box["height"] >= 44 and box["x"] >= 0 and box["x"] + box["width"] <= 360 for box in boxes)
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        group(page, "搜索词").get_by_role("option").first.tap()
        expect_first(page, "马克杯")


def test_only_the_last_of_many_letters_is_asked_for_and_shown(page, shop):
    page.goto(f"{shop}/search/")
    requests = asked(page)
    field(page).focus()
    page.evaluate(TYPE, [".xs-input", "green lamp"])
    expect(group(page, "Products").get_by_role("option")).to_have_text(re.compile("Green lamp"))
    assert len(requests) == 1
    before = len(requests)
    for key in ("Backspace", "p"):
        page.keyboard.press(key)
        page.get_by_role("listbox").wait_for()
        page.wait_for_timeout(200)
    assert len(requests) == before + 1  # "green lamp" is known already
