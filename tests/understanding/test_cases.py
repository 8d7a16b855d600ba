"""Written cases of query understanding; ``python -m tests.understanding_cases`` prints precision and recall."""

import pytest

from tests.understanding_cases import TABLES, held_out, written
from tests.understanding_cases.score import expected, figures, understood
from tests.understanding_cases.shop import lexicon
from xsearch.understanding import Value, ValueLexicon, understand
from xsearch.understanding.negation import negation_before


@pytest.fixture(scope="module")
def shop():
    return lexicon()


@pytest.mark.parametrize(("text", "conditions", "rest"), written.CASES)
def test_a_written_case_is_understood(shop, text, conditions, rest):
    found, interpretation = understood(text, shop)
    assert found == expected(conditions)
    assert interpretation.text == rest


def test_there_are_enough_cases_and_none_twice():
    assert len(written.CASES) >= 150
    assert len(held_out.CASES) >= 40
    texts = [text for cases in TABLES.values() for text, *_ in cases]
    assert len(texts) == len(set(texts))


def test_held_out_cases_are_mostly_understood(shop):
    found = figures(held_out.CASES, shop)["all"]
    assert found.precision >= 0.9
    assert found.recall >= 0.85


def test_phrases_stand_where_they_are_said_to(shop):
    for text, *_ in written.CASES:
        for condition in understand(text, shop).conditions:
            assert condition.phrase
            assert condition.phrase in text[condition.start : condition.end]


def test_ids_are_stable_and_distinct(shop):
    for text, *_ in written.CASES:
        ids = [condition.id for condition in understand(text, shop).conditions]
        assert len(ids) == len(set(ids))
        assert ids == [condition.id for condition in understand(text, shop).conditions]


@pytest.mark.parametrize(
    ("text", "dropped", "rest"),
    [
        ("red dress under 50", "price:at_most:50", "red dress under 50"),
        ("两百块以内的背包", "price:at_most:200", "两百块以内的背包"),
        ("shoes without laces", "words:is_not:laces", "shoes without laces"),
        ("shoes except nike and adidas", "brand:is_not:nike", "shoes nike"),
        ("red dress", "colour:is:red", "red dress"),
    ],
)
def test_what_is_switched_off_is_searched_for_as_words(shop, text, dropped, rest):
    assert dropped in {condition.id for condition in understand(text, shop).conditions}
    interpretation = understand(text, shop, {dropped: "off"})
    assert interpretation.text == rest
    assert [condition.id for condition in interpretation.conditions if condition.mode == "off"] == [dropped]


def test_without_a_price_field_sums_are_words():
    assert understand("tent under 50", ValueLexicon()).conditions == ()
    assert understand("tent under 50", ValueLexicon()).text == "tent under 50"


def test_a_value_that_two_fields_have_is_the_one_that_is_written_so():
    shop = ValueLexicon(
        [Value("brand", "Orange"), Value("brand", "Zara"), Value("brand", "Nike"), Value("colour", "orange")]
    )
    for text, field in [("a lamp by Orange", "brand"), ("an orange lamp", "colour"), ("Orange lamp", "colour")]:
        assert [condition.field for condition in understand(text, shop).conditions] == [field]


def test_a_colour_is_none_inside_the_name_of_something_else(shop):
    assert [each.field for each in understand("red wine glass", shop).conditions] == []
    assert [each.values for each in understand("wine red dress", shop).conditions][:1] == [("red",)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\x00",
        "不",
        "不要",
        "not",
        "without",
        "under",
        "$",
        "¥",
        "-" * 500,
        "un" * 250,
        "几" * 200,
        "9" * 400,
        "a hundred " * 50,
        "百千万" * 100,
        "not not not no",
        "除了以外",
        "under 50 under 50 " * 20,
    ],
)
def test_nothing_makes_understanding_fail(shop, text):
    assert understand(text, shop).text is not None


def test_hostile_queries_are_done_with(shop):
    """Patterns that backtrack would take hours for these."""
    for text in ("one hundred and " * 32, "under " * 80, "20-" * 160, "不要" * 250, "$1" * 250, "1,000," * 80):
        assert understand(text[:500], shop).text is not None


@pytest.mark.parametrize(
    ("text", "value", "negated_from"),
    [
        ("same but without any stripes", "stripes", 9), ("同款，不要红色", "红色", 3), ("non-striped", "striped", 0),
        ("minus the wool", "wool", 0), ("去掉条纹", "条纹", 0), ("not black, red", "red", None), ("red", "red", None),
    ],
)  # fmt: skip
def test_a_negation_right_before_a_value_is_found(text, value, negated_from):
    assert negation_before(text, text.index(value)) == negated_from
