"""Words of customers find what they mean in the demonstration catalogue, in English, Chinese and both."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import xsearch
from shop.models import Product
from xsearch.errors import BadQuery
from xsearch.text.spelling import Entry, Speller

pytest_plugins = ["tests.support.fixtures.searching_words"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("words_only")]
ANYTHING = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def find(text, **options):
    return xsearch.search(Product.objects.all(), text=text, facets=None, **options).hits


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("red jacket", "jacket"), ("jackets", "jacket"), ("a JACKET please", "jacket"), ("show me blue jeans", "jeans"),
        ("back pack", "backpack"), ("back-pack", "backpack"), ("hand bag", "handbag"), ("t shirt", "T-shirt"),
        ("tshirts", "T-shirt"), ("t-shirts", "T-shirt"), ("woolen scarf", "scarf"), ("wool scarves", "scarf"),
        ("wooden trains", "train"), ("sun glasses", "sunglasses"), ("grey sofa", "sofa"), ("gray sofa", "sofa"),
        ("umbrell", "umbrella"), ("xylo", "xylophone"), ("demo-mug-1", "mug"), ("demo mug 1", "mug"),
        ("DEMO-MUG-1", "mug"), ("teddy bears", "teddy bear"), ("leather belts for men", "belt"),
        ("连衣裙", "dress"), ("红色连衣裙", "dress"), ("红裙子", "dress|skirt"), ("裙", "dress|skirt"), ("鞋", "sneakers|boots|sandals"),
        ("运动鞋", "sneakers"), ("红色的马克杯", "mug"), ("我想买一个背包", "backpack"), ("太阳镜", "sunglasses"),
        ("手表", "watch"), ("木质小火车", "train"), ("蓝色 jacket", "jacket"), ("red 背包", "backpack"), ("Blue 雨伞", "umbrella"),
        ("lian yi qun", "dress"), ("RÉD jäcket", "jacket"),
    ],
)  # fmt: skip
def test_the_first_hit_is_of_this_kind(demo, query, expected):
    title = find(query)[0].object.title.lower()
    assert any(kind.lower() in title for kind in expected.split("|")), title


@ANYTHING
@given(text=st.one_of(st.text(max_size=80), st.text(alphabet="红色连衣裙 jakcet-1000'&!:*\\\x00😀", max_size=40)))
def test_any_text_is_searched_without_an_error(demo, text):
    if text.strip() and "".join(text.split()).strip("\x00"):
        try:
            found = xsearch.search(Product.objects.all(), text=text, facets=None)
        except BadQuery:
            return
        assert all(0 <= hit.score <= 1 for hit in found.hits)


VOCABULARY = ["red", "jacket", "dress", "backpack", "umbrella", "candle", "green", "sun", "glasses", "back", "pack"]
CHINESE = {"连衣裙": "lian yi qun", "红色": "hong se", "鞋": "xie", "背包": "bei bao", "裙": "qun"}
SPELLER = Speller(
    [Entry(word, word, number + 1) for number, word in enumerate(VOCABULARY)]
    + [Entry(word, word, 3, sound) for word, sound in CHINESE.items()]
)


@ANYTHING
@given(text=st.one_of(st.text(max_size=40), st.text(alphabet="jackterdso gnumblp-'红色连衣群裙", max_size=30)))
def test_a_corrected_text_needs_no_correction(text):
    corrected = SPELLER.correct(text)
    assert corrected is None or SPELLER.correct(corrected) is None


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("jakkezz", "jacket"),
        ("the jakkezz", "jacket"),
        ("zebra", "umbrella"),
        ("glands", "glasses"),
        ("红衣连", "红色"),
    ],
)
def test_what_the_catalogue_lacks_has_nearest_words(text, nearest):
    found = SPELLER.nearest(text)
    assert max(found, key=found.get) == nearest
    assert all(0 < nearness < 1 for nearness in found.values())


@pytest.mark.parametrize("text", ["", "red jacket", "!?", "🦄"])
def test_what_is_known_or_shares_no_letter_has_none(text):
    assert SPELLER.nearest(text) == {}


@ANYTHING
@given(words=st.lists(st.sampled_from([*VOCABULARY, *CHINESE, "for", "the", "WH-1000", "500ml"]), max_size=8))
def test_known_words_and_numbers_are_never_corrected(words):
    assert SPELLER.correct(" ".join(words)) is None
