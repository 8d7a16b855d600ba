"""The microphone in a real browser: what is spoken is heard, shown, corrected; and every way it can fail."""

import shutil
import subprocess
import wave

import pytest
from playwright.sync_api import expect

from tests.support.browser import ALLOW_MEDIA, expect_first, launched, look, opened

pytest_plugins = ["tests.support.fixtures.browser"]
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.support.widget_shop"),
]

MICROPHONE = "[data-xs-microphone]"
NO_RECORDER = "delete window.MediaRecorder"
NO_MICROPHONE = """navigator.mediaDevices.getUserMedia = async () => {
  throw new DOMException("Requested device not found", "NotFoundError");
}"""


def write_wave(path, samples, rate_hz):
    """Write mono 16-bit samples, with a moment of silence before and a long one after them."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate_hz, 0, "NONE", ""))
        file.writeframes(bytes(rate_hz) + samples + bytes(2 * rate_hz * 12))
    return path


def record(folder, text):
    """Record a voice that says ``text``."""
    if not shutil.which("espeak-ng"):
        pytest.skip("no espeak-ng: install it (apt-get install espeak-ng)")
    subprocess.run(["espeak-ng", "-v", "en-us", "-s", "130", "-w", folder / "raw.wav", text], check=True, timeout=30)
    with wave.open(str(folder / "raw.wav")) as file:
        return write_wave(folder / "spoken.wav", file.readframes(file.getnframes()), file.getframerate())


@pytest.fixture(scope="module")
def spoken(tmp_path_factory):
    """A recording of "yellow lamp"."""
    return record(tmp_path_factory.mktemp("speech"), "yellow lamp")


@pytest.fixture(scope="module")
def silent(tmp_path_factory):
    """A recording of nothing."""
    return write_wave(tmp_path_factory.mktemp("silence") / "silence.wav", b"", 16_000)


@pytest.fixture(scope="module")
def listening(_served, playwright, spoken):
    """A browser whose microphone hears "yellow lamp" each time it is opened."""
    with launched(playwright, ALLOW_MEDIA, f"--use-file-for-fake-audio-capture={spoken}%noloop") as browser:
        yield browser


def test_what_is_spoken_is_found_and_can_be_corrected(listening, shop):
    with opened(listening) as page:
        page.goto(f"{shop}/search/")
        page.locator(MICROPHONE).click()
        expect(page.locator("[data-xs-listening-text]")).to_contain_text("Listening")
        expect(page.locator(MICROPHONE)).to_have_attribute("aria-pressed", "true")
        look(page, "listening")
        expect(page.locator(".xs-heard")).to_contain_text("yellow lamp", timeout=20_000)
        expect(page.locator(".xs-input")).to_have_value("yellow lamp")
        expect(page.locator("[data-xs-listening]")).to_be_hidden()
        expect_first(page, "^Yellow lamp$")
        look(page, "heard")
        assert "q=yellow+lamp" in page.url
        page.locator(".xs-input").fill("red mug")
        expect(page.locator(".xs-heard")).to_have_count(0)
        page.keyboard.press("Enter")
        expect_first(page, "^Red mug$")


def test_what_else_may_have_been_said_is_searched_for_and_offered(shop, playwright, tmp_path):
    doubtful = record(tmp_path, "bread mug")
    with (
        launched(playwright, ALLOW_MEDIA, f"--use-file-for-fake-audio-capture={doubtful}%noloop") as browser,
        opened(browser) as page,
    ):
        page.goto(f"{shop}/search/")
        with page.expect_response("**/transcribe/") as transcribed:
            page.locator(MICROPHONE).click()
        others = [other["text"] for other in transcribed.value.json()["alternatives"]]
        assert others
        buttons = page.get_by_role("group", name="Did you say").get_by_role("button")
        expect(buttons).to_have_text(others[:3])
        look(page, "did_you_say")
        with page.expect_request(lambda request: request.method == "POST" and "/search/" in request.url) as searched:
            page.get_by_role("button", name="Search", exact=True).click()
        assert all(f'"text":"{text}"' in searched.value.post_data for text in others)
        buttons.first.click()
        expect(page.locator(".xs-input")).to_have_value(others[0])
        expect(buttons).to_have_count(0)


def test_the_meter_moves_while_someone_speaks(listening, shop):
    with opened(listening) as page:
        page.goto(f"{shop}/search/")
        page.locator(MICROPHONE).click()
        expect(page.locator(".xs-meter")).not_to_have_css("--level", "0")
        page.wait_for_timeout(700)
        look(page, "meter")
        page.get_by_role("button", name="Cancel").click()
        expect(page.locator("[data-xs-listening]")).to_be_hidden()
        expect(page.locator(".xs-input")).to_have_value("")


def test_chinese_speech_is_not_understood_and_that_is_said(listening, shop):
    with opened(listening, locale="zh-CN") as page:
        page.goto(f"{shop}/search/")
        look(page, "chinese")
        page.locator(MICROPHONE).click()
        expect(page.locator("[data-xs-message]")).to_contain_text("请输入文字", timeout=20_000)
        look(page, "chinese_voice")


def test_hearing_nothing_is_said_and_escape_ends_it(shop, playwright, silent):
    with (
        launched(playwright, ALLOW_MEDIA, f"--use-file-for-fake-audio-capture={silent}") as browser,
        opened(browser) as page,
    ):
        sent = []
        page.on("request", lambda request: sent.append(request.url))
        page.goto(f"{shop}/search/")
        page.locator(MICROPHONE).click()
        expect(page.locator("[data-xs-listening-text]")).to_contain_text("cannot hear anything", timeout=10_000)
        look(page, "hearing_nothing")
        page.keyboard.press("Escape")
        expect(page.locator("[data-xs-listening]")).to_be_hidden()
        assert not [url for url in sent if "transcribe" in url]


def test_a_microphone_that_is_denied(shop, playwright):
    with launched(playwright) as browser, opened(browser) as page:
        page.goto(f"{shop}/search/")
        page.locator(MICROPHONE).click()
        expect(page.locator("[data-xs-message]")).to_contain_text("The microphone is blocked")
        expect(page.locator("[data-xs-listening]")).to_be_hidden()
        look(page, "denied")
        page.locator(".xs-input").fill("yellow lamp")
        page.keyboard.press("Enter")
        expect_first(page, "^Yellow lamp$")


@pytest.mark.parametrize(
    ("script", "words"), [(NO_RECORDER, "cannot record here"), (NO_MICROPHONE, "No microphone was found")]
)
def test_a_browser_without_a_microphone(browser, shop, script, words):
    with opened(browser) as page:
        page.add_init_script(script)
        page.goto(f"{shop}/search/")
        page.locator(MICROPHONE).click()
        expect(page.locator("[data-xs-message]")).to_contain_text(words)
