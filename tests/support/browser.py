"""Headless Chromium for the browser tests, and what they all need around it."""

import base64
import os
import re
import shutil
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--use-fake-device-for-media-stream"]
PUT_FILE = """([selector, kind, name, type, base64]) => {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, {type}));
  const event = kind === "paste"
    ? new ClipboardEvent("paste", {clipboardData: transfer, bubbles: true, cancelable: true})
    : new DragEvent(kind, {dataTransfer: transfer, bubbles: true, cancelable: true});
  document.querySelector(selector).dispatchEvent(event);
}"""
ALLOW_MEDIA = "--use-fake-ui-for-media-stream"


def executable():
    """Return where Chromium is, or skip."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        pytest.skip("no Chromium: install it (apt-get install chromium) or set CHROMIUM to its path")
    return found


@contextmanager
def launched(playwright, *arguments):
    """Run a browser."""
    browser = playwright.chromium.launch(executable_path=executable(), args=[*ARGUMENTS, *arguments])
    try:
        yield browser
    finally:
        browser.close()


@contextmanager
def opened(browser, **options):
    """Open a page in a window of its own; errors of scripts and of the content policy fail the test."""
    context = browser.new_context(**{"viewport": {"width": 1200, "height": 850}, "locale": "en-US"} | options)
    page = context.new_page()
    page.set_default_timeout(10_000)
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if "Content Security" in message.text else None)
    try:
        yield page
        assert errors == []
    finally:
        context.close()


def titles(page):
    """Return the titles of the results, once none are on their way."""
    expect(page.locator("[data-xsearch-results]")).not_to_have_attribute("aria-busy", "true")
    return page.locator(".xs-hit-title").all_inner_texts()


def look(page, name):
    """Keep a picture for human eyes where SCREENSHOTS names a folder."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{name}.png")


def expect_first(page, pattern):
    """Wait until the first result is called like ``pattern``."""
    expect(page.locator(".xs-hit-title").first).to_have_text(re.compile(pattern))


def field(page):
    return page.locator(".xs-input")


def search(page, text):
    field(page).fill(text)
    field(page).press("Enter")
    expect(page.locator(".xs-summary")).to_contain_text(text)


def choose_photo(page, content, name="photo.jpg", mime="image/jpeg"):
    page.locator("input[name=image]").set_input_files({"name": name, "mimeType": mime, "buffer": content})


def put_file(page, selector, kind, content, name="photo.jpg", mime="image/jpeg"):
    page.evaluate(PUT_FILE, [selector, kind, name, mime, base64.b64encode(content).decode()])


def chip(page):
    return page.locator(".xs-chips .xs-chip")
