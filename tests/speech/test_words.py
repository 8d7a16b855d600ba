"""What is said for what is written, how it sounds, and which words follow which."""

import math
import subprocess
import sys

import pytest

from tests.support import ROOT
from xsearch.speech.ngrams import END, START, NgramCounts
from xsearch.speech.pronunciation import (
    PronunciationDictionary,
    british,
    dictionary_lines,
    letters_to_sounds,
    spell_out,
)
from xsearch.speech.verbalisation import spoken_forms, written_tokens
from xsearch.speech.vocabulary import build_vocabulary

TINY = PronunciationDictionary(
    {
        "red": ["R EH D"],
        "jacket": ["JH AE K AH T"],
        "head": ["HH EH D"],
        "lamp": ["L AE M P"],
        "dress": ["D R EH S"],
        "twenty": ["T W EH N T IY"],
        "inches": ["IH N CH IH Z"],
        "four": ["F AO R"],
        "t-shirt": ["T IY SH ER T"],
        "either": ["IY DH ER", "AY DH ER"],
    }
)


def tokens(text):
    return written_tokens(text, TINY.__contains__)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Alpine Red Rain Jacket, waterproof", ["alpine", "red", "rain", "jacket", "waterproof"]),
        ("Café Crème", ["cafe", "creme"]),
        ("T-Shirt", ["t-shirt"]),
        ("Hand-Made 24-inch USB-C", ["hand", "made", "24", "inch", "usb-c"]),
        ("Salt & Pepper", ["salt", "and", "pepper"]),
        ("Men’s boots", ["men's", "boots"]),
        ("Laptop PUV-00028 4680U 1234567", ["laptop", "puv", "4680u"]),
        ("红色夹克 red", ["red"]),
        ("', DROP TABLE; <s> </s> (2) \\data\\", ["drop", "table", "s", "s", "2", "data"]),
        ("", []),
    ],
)
def test_text_is_split_into_words_as_the_shop_writes_them(text, expected):
    assert tokens(text) == expected


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("jacket", ["jacket"]),
        ("0", ["zero"]),
        ("15", ["fifteen"]),
        ("42", ["forty two"]),
        ("100", ["one hundred", "a hundred"]),
        ("450", ["four hundred fifty", "four hundred and fifty"]),
        ("1000", ["one thousand"]),
        ("1200", ["one thousand two hundred", "twelve hundred"]),
        ("2024", ["two thousand twenty four", "twenty twenty four"]),
        ("1.5", ["one point five"]),
        ("20oz", ["twenty ounces"]),
        ("4k", ["four k"]),
        ("20th", ["twentieth"]),
        ("3rd", ["third"]),
        ("12th", ["twelfth"]),
    ],
)
def test_numbers_and_units_are_spoken_as_people_say_them(token, expected):
    assert spoken_forms(token)[: len(expected)] == expected


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("beanie", "B IY N IY"),
        ("trekker", "T R EH K ER"),
        ("shine", "SH AY N"),
        ("boots", "B UW T S"),
        ("phone", "F OW N"),
        ("night", "N AY T"),
        ("quester", "K W EH S T ER"),
        ("knitting", "N IH T IH NG"),
        ("solstix", "S AA L S T IH K S"),
    ],
)
def test_unknown_words_are_read_by_the_rules_of_english_spelling(word, phones):
    assert letters_to_sounds(word) == phones


def test_rules_never_leave_a_word_without_sounds():
    assert spell_out("usb") == "Y UW EH S B IY"
    for word in ("x", "zzz", "hmm", "rhythm", "qqqq", "aeiou", "e", "strengths"):
        assert letters_to_sounds(word)


def test_known_words_plurals_compounds_and_abbreviations_are_pronounced():
    assert TINY.pronunciations("red")[0] == "R EH D"
    assert TINY.pronunciations("either")[:2] == ["IY DH ER", "AY DH ER"]
    assert TINY.pronunciations("lamps")[0] == "L AE M P S"
    assert TINY.pronunciations("heads")[0] == "HH EH D Z"
    assert TINY.pronunciations("headlamp")[0] == "HH EH D L AE M P"
    assert TINY.pronunciations("hdmi")[:2] == [letters_to_sounds("hdmi"), spell_out("hdmi")]
    assert TINY.pronunciations("bcdfghk") == []
    assert TINY.pronunciations("24in")[0] == "T W EH N T IY F AO R IH N CH IH Z"


def test_british_speech_has_a_variant():
    assert british("JH AE K AH T") == "JH AA K AH T"
    assert british("K AA R") == "K AA"
    assert british("P AA T") == "P AO T"
    assert TINY.pronunciations("jacket") == ["JH AE K AH T", "JH AA K AH T"]


def test_dictionary_lines_number_variants():
    assert dictionary_lines(TINY, ["red", "jacket", "bcdfghk"]) == [
        "red R EH D",
        "jacket JH AE K AH T",
        "jacket(2) JH AA K AH T",
    ]


def model():
    counts = NgramCounts()
    counts.add_sentence(["red", "jacket"])
    counts.add_sentence(["red", "dress"])
    return counts.smoothed()


def test_probabilities_are_those_of_witten_and_bell():
    # Unigrams: red 2, jacket 1, dress 1, end 2 of 6, plus one for each of 4 types.
    assert model().probability("jacket") == pytest.approx(2 / 10)
    # After "red": two words, once each, two types: (1 + 2 * 0.2) / (2 + 2).
    assert model().probability("jacket", ["red"]) == pytest.approx(1.4 / 4)
    # After start and "red": (1 + 2 * 0.35) / (2 + 2).
    assert model().probability("jacket", [START, "red"]) == pytest.approx(1.7 / 4)
    # Never seen: back off with 2 / (2 + 2).
    assert model().probability("red", ["red"]) == pytest.approx(0.5 * 3 / 10)


@pytest.mark.parametrize("history", [[], ["red"], [START, "red"], ["jacket"], ["dress", "red"], ["dress"]])
def test_probabilities_after_any_history_sum_to_one(history):
    words = ["red", "jacket", "dress", END]
    counts = NgramCounts()
    for sentence in (["red", "jacket"], ["red", "dress"]):
        counts.add_sentence(sentence, 0.7)
    counts.add_pair("dress", "red", 0.2)
    counts.add_opening(["red"], 0.5)
    smoothed = counts.smoothed()
    assert sum(smoothed.probability(word, history) for word in words) == pytest.approx(1)


def test_the_arpa_file_says_what_the_model_means():
    lines = model().arpa().splitlines()
    assert lines[:4] == ["\\data\\", "ngram 1=5", "ngram 2=5", "ngram 3=4"]
    assert lines[-1] == "\\end\\"
    logarithm, _, _ = next(line for line in lines if " red jacket " in line).partition(" ")
    assert float(logarithm) == pytest.approx(math.log10(1.4 / 4), abs=1e-4)
    assert f"{-99.0:.4f} <s> {math.log10(1 / 3):.4f}" in lines


def test_pocketsphinx_reads_the_model_as_we_mean_it(tmp_path):
    pocketsphinx = pytest.importorskip("pocketsphinx")
    path = tmp_path / "model.arpa"
    path.write_text(model().arpa())
    read = pocketsphinx.NGramModel(
        pocketsphinx.Config(lw=1.0, wip=1.0, loglevel="FATAL"), pocketsphinx.LogMath(), str(path)
    )
    logmath = pocketsphinx.LogMath()
    for words in (["jacket", "red"], ["jacket", "red", START], ["red", "red"]):  # the newest word first
        expected = model().probability(words[0], words[:0:-1])
        assert logmath.exp(read.prob(words)) == pytest.approx(expected, rel=0.01)


def arpa_pairs(vocabulary):
    section = vocabulary.arpa.split("\\2-grams:")[1].split("\\3-grams:")[0]
    return {tuple(line.split()[1:3]): float(line.split()[0]) for line in section.strip().splitlines()}


def test_parts_of_titles_can_be_said_in_other_orders():
    pairs = arpa_pairs(build_vocabulary(["Alpine Red Rain Jacket, waterproof"], TINY))
    for pair in (("red", "rain"), ("red", "jacket"), ("waterproof", "jacket"), (START, "red"), ("jacket", END)):
        assert pair in pairs, pair
    assert pairs["red", "rain"] > pairs["red", "jacket"] > pairs["jacket", "red"]


def test_requests_colours_and_limits_are_known_without_being_in_the_catalogue():
    vocabulary = build_vocabulary(["jacket"], TINY)
    pairs = arpa_pairs(vocabulary)
    for pair in (("show", "me"), ("under", "50"), ("blue", "jacket"), ("in", "green")):
        assert pair in pairs, pair
    assert "jacket JH AE K AH T" in vocabulary.dictionary.splitlines()


def test_an_empty_catalogue_has_a_vocabulary():
    assert ("show", "me") in arpa_pairs(build_vocabulary([], TINY))


def test_of_huge_catalogues_the_most_frequent_words_are_kept():
    phrases = ["red jacket"] * 3 + [f"dress {name}" for name in ("lamp", "head", "inches")]
    vocabulary = build_vocabulary(phrases, TINY, max_words=3)
    words = {line.split()[0] for line in vocabulary.dictionary.splitlines()}
    assert {"red", "jacket", "dress"} <= words
    assert not {"lamp", "head"} & words


def test_of_huge_catalogues_an_even_sample_makes_the_model():
    phrases = [f"red {first}{second}a" for first in "bcdfg" for second in "aeiou"]
    sampled = arpa_pairs(build_vocabulary(phrases, TINY, max_phrases=5))
    assert len([pair for pair in sampled if pair[0] == "red" and pair[1].endswith("a")]) == 5


def test_importing_speech_imports_no_recogniser():
    code = "import sys, xsearch.speech, xsearch.speech.sphinx; print({'pocketsphinx', 'av', 'webrtc_noise_gain'} & set(sys.modules))"
    root = ROOT
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert run.stdout.strip() == "set()"
