"""What Whisper models make up is told from what was said; the shop's words fit into their prompt."""

import math

import numpy as np
import pytest

from xsearch.speech import hallucinations
from xsearch.speech.whisper import beam_search
from xsearch.speech.whisper_prompt import WhisperPrompt, shop_prompt


@pytest.mark.parametrize(
    "text",
    [
        *("", "...", "You", "Thank you.", "Thanks for watching!", "[Music]", "(silence)"),
        *("Subtitles by the Amara.org community", "字幕由Amara.org社区提供", "谢谢观看。", "请不吝点赞 订阅 转发"),
        *("red red red red red", "no, no, no, no, no,", "红色红色红色红色", "la la la la"),
    ],
)
def test_what_models_say_to_silence_is_made_up(text):
    assert hallucinations.is_hallucination(text)


@pytest.mark.parametrize(
    "text",
    [
        *("red dress", "thank you card", "music box", "a mug for you", "under 10000 yuan", "1111 lamp"),
        *("红色连衣裙", "谢谢卡片", "音乐盒", "一双红色的鞋", "a red red rose", "bye bye blackbird poster"),
    ],
)
def test_what_customers_say_is_not(text):
    assert not hallucinations.is_hallucination(text)


def test_long_loops_are_repetitive_even_if_no_piece_follows_itself_four_times():
    words = "red dress and blue shoes with a green hat for my mother "
    assert hallucinations.is_repetitive(words * 3 + words.replace("red", "tan") * 3)
    assert not hallucinations.is_repetitive(words)


@pytest.mark.parametrize(
    ("no_speech", "log_probability", "silent"),
    [
        (0.0, -0.3, False),
        (0.6, -1.5, False),  # at the threshold nothing is doubted yet but gibberish
        (0.61, -0.9, False),
        (0.61, -1.1, True),
        (0.9, -0.1, False),
        (0.9, -0.4, True),
        (0.97, 0.0, True),
        (0.0, -2.1, True),
    ],
)
def test_the_surer_a_model_is_of_silence_the_surer_it_must_be_of_its_words(no_speech, log_probability, silent):
    assert hallucinations.is_silence(no_speech, log_probability, 0.6) is silent


def test_confidence_is_the_mean_probability_of_a_token():
    assert hallucinations.confidence(math.log(0.25)) == pytest.approx(0.25)
    assert hallucinations.confidence(0.1) == 1.0


PHRASES = ["Red", "Red", "Red", "Norvale", "Norvale", "Jackets", "红色", "红色", "夹克", "x" * 41, " ", "Blue"]


def test_the_prompt_has_the_most_frequent_phrases_of_the_language_the_best_last():
    assert shop_prompt(PHRASES, "en", 3).text == "Blue, Norvale, Red."
    assert shop_prompt(PHRASES, "zh", 5).text == "以下是简体中文的普通话。夹克、红色。"
    assert shop_prompt(PHRASES, "en", 0).text == ""


@pytest.mark.parametrize("budget", [0, 3, 11, 12, 30, 500])
def test_the_prompt_is_cut_to_its_budget_with_as_much_as_fits(budget):
    whole = shop_prompt([f"colour {number}" for number in range(40)], "en", 40)
    cut = whole.within(budget, len)
    assert len(cut.text) <= budget
    assert cut.phrases == whole.phrases[len(whole.phrases) - len(cut.phrases) :]
    more = WhisperPrompt("en", whole.phrases[len(whole.phrases) - len(cut.phrases) - 1 :])
    assert cut == whole or len(more.text) > budget


def test_only_a_longer_piece_of_the_prompt_is_an_echo():
    prompt = WhisperPrompt("en", ("Norvale", "jackets", "blue", "red", "mugs"))
    assert prompt.is_echoed_by("Norvale, jackets, blue, red.")
    assert prompt.is_echoed_by("jackets blue red mugs")
    assert not prompt.is_echoed_by("blue red mugs")
    assert not prompt.is_echoed_by("Norvale jackets")
    assert not prompt.is_echoed_by("red")
    assert not prompt.is_echoed_by("")
    chinese = WhisperPrompt("zh", ("夹克", "红色"))
    assert chinese.is_echoed_by("以下是简体中文的普通话")
    assert chinese.is_echoed_by("简体中文")
    assert not chinese.is_echoed_by("红色夹克")


def chain(*rows):
    """Return the step function of a model of four tokens (the last one ends) that knows only the last token."""
    with np.errstate(divide="ignore"):
        table = np.log(np.array(rows, np.float32))
    return table[0], lambda _rows, tokens: table[[token + 1 for token in tokens]]


def test_beam_search_finds_what_greedy_search_misses():
    first, step = chain([0.6, 0.4, 0, 0], [0.3, 0.3, 0.1, 0.3], [0, 0, 1, 0], [0, 0, 0, 1])
    greedy = beam_search(first, step, beams=1, end_token=3, max_tokens=4)
    best, *others = beam_search(first, step, beams=2, end_token=3, max_tokens=4)
    assert greedy[0].tokens[0] == 0
    assert best.tokens == (1, 2)  # 0.4 · 1 · 1
    assert best.log_probability == pytest.approx(math.log(0.4) / 3)
    assert [best, *others] == sorted([best, *others], key=lambda found: -found.log_probability)


def test_beam_search_stops_at_the_limit_and_at_what_is_impossible():
    first, step = chain([1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0])
    (found,) = beam_search(first, step, beams=3, end_token=3, max_tokens=5)
    assert found.tokens == (0,) * 5
    assert found.log_probability == pytest.approx(0)
    nothing = np.full(4, -np.inf, np.float32)
    assert beam_search(nothing, step, beams=2, end_token=3, max_tokens=5) == []
