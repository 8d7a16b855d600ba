"""A photo with words beside it: what the words change, what they leave, and that the right variant comes first."""

import io

import numpy as np
import pytest

from shop.models import Product
from tests.composition.pairs import as_jpeg as jpeg
from tests.support import widget_shop
from tests.support.searching import index_all, wipe
from tools.rendering import render_customer_photo, render_product
from tools.rendering.look import Look, recoloured
from xsearch.encoders.builtin import BuiltinEncoder
from xsearch.index.registry import get_index
from xsearch.search import BadQuery, search
from xsearch.search.vectors.attribute_changes import NamedAttribute, attributes_of, forget_attributes, read_change

pytestmark = pytest.mark.django_db

LOOKS = [
    Look("backpack", "blue", "grey", "plain", "canvas", 7),
    Look("mug", "white", "black", "plain", "ceramic", 8),
    Look("dress", "red", "white", "plain", "cotton", 9),
]
COLOURS = ("red", "blue", "green", "yellow", "black")


@pytest.fixture(scope="module")
def shop(django_db_setup, django_db_blocker, tmp_path_factory):
    """Three products in six colours each, with photos and no words, and the bundled model."""
    from django.test import override_settings

    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media")):
        for look in LOOKS:
            for colour in {look.colour, *COLOURS}:
                product = Product(sku=f"{look.kind}-{colour}")
                picture = jpeg(render_product(recoloured(look, colour), size=160))
                product.photo.save(f"{product.sku}.jpg", io.BytesIO(picture), save=False)
                product.save()
        assert index_all().failed == 0
        yield
        wipe()


@pytest.fixture(autouse=True)
def _fresh():
    forget_attributes()


@pytest.fixture(scope="module")
def photos():
    """Customers' photos by kind."""
    return {look.kind: jpeg(render_customer_photo(look, seed=3, size=200)) for look in LOOKS}


def first(**query):
    return search(Product.objects.all(), **query, page_size=1).hits[0].object.sku


@pytest.mark.parametrize(
    ("kind", "text", "found"),
    [
        ("backpack", "like this, but red", "backpack-red"),
        ("backpack", "the same in yellow please", "backpack-yellow"),
        ("mug", "这个，但是要蓝色的", "mug-blue"),
        ("dress", "同款，换成绿色", "dress-green"),
    ],
)
def test_the_named_colour_takes_the_place_of_the_photos_own(shop, photos, kind, text, found):
    assert first(image=photos[kind]).startswith(kind)
    assert first(image=photos[kind], text=text) == found


def test_the_explanation_says_what_was_exchanged(shop, photos):
    (hit,) = search(Product.objects.all(), image=photos["backpack"], text="but red", explain=True, page_size=1).hits
    (swap,) = hit.explain["image:image"]["composed"]
    assert swap == {"attribute": "colour", "photo": "blue", "wanted": ("red",), "unwanted": ()}


def test_an_unwanted_colour_is_moved_away_from(shop, photos):
    before = {hit.object.sku: hit.score for hit in search(Product.objects.all(), image=photos["dress"]).hits}
    after = {h.object.sku: h.score for h in search(Product.objects.all(), image=photos["dress"], text="not red").hits}
    assert max(before, key=before.get) == "dress-red"
    assert max(after, key=after.get) != "dress-red"
    (hit,) = search(Product.objects.all(), image=photos["dress"], text="not red", explain=True, page_size=1).hits
    assert hit.explain["image:image"]["composed"][0]["unwanted"] == ("red",)


def test_words_that_count_nothing_leave_the_photo_as_it_is(shop, photos):
    query = {"image": photos["backpack"], "text": "but red", "facets": None}
    changed, unchanged = (search(Product.objects.all(), **query, weights=w) for w in (None, {"text": 0}))
    assert changed.hits[0].object.sku == "backpack-red"
    assert unchanged.hits[0].object.sku == "backpack-blue"


def test_words_that_only_name_the_change_count_less_than_others_beside_a_photo(shop, photos):
    def weight(text, **options):
        hit = search(Product.objects.all(), text=text, explain=True, page_size=1, **options).hits[0]
        return hit.explain["text:image"]["weight"]

    alone = weight("red")
    assert weight("red waterproof", image=photos["backpack"]) == pytest.approx(alone * 0.8)
    assert weight("but red", image=photos["backpack"]) == pytest.approx(alone * 0.25)
    assert weight("but red", like=[Product.objects.get(sku="backpack-blue")]) == pytest.approx(alone * 0.25)


def test_an_example_is_composed_with_words_like_a_photo(shop):
    blue = Product.objects.get(sku="backpack-blue")
    assert first(like=[blue], text="but green") == "backpack-green"


def test_a_model_that_fails_leaves_photo_and_words_side_by_side(shop, photos, monkeypatch):
    def fail(self):
        raise RuntimeError

    monkeypatch.setattr(BuiltinEncoder, "sayable", fail)
    answer = search(Product.objects.all(), image=photos["mug"], text="but red")
    assert answer.hits
    assert answer.degraded == ["composition"]


def test_an_encoder_that_knows_nothing_of_its_directions_learns_them_from_the_catalogue(shop, photos, monkeypatch):
    from xsearch.search.vectors import composition

    monkeypatch.setattr(BuiltinEncoder, "sayable", lambda _encoder: None)
    monkeypatch.setattr(composition, "_LEAST_SAMPLE", 10)
    assert first(image=photos["backpack"], text="but red") == "backpack-red"


def test_what_the_bundled_model_can_say_holds_its_texts_and_not_all_of_its_photos():
    encoder = BuiltinEncoder()
    sayable = encoder.sayable()
    texts = encoder.encode_batch("text", ["red striped dress", "木椅"])
    image = encoder.encode_batch("image", [render_product(LOOKS[0], size=112)])
    assert np.allclose(sayable @ sayable.T, np.eye(len(sayable)), atol=1e-4)
    assert np.allclose(texts @ sayable.T @ sayable, texts, atol=1e-3)
    assert np.linalg.norm(image @ sayable.T) < 0.9


@pytest.mark.parametrize(
    ("text", "words", "named", "rest"),
    [
        ("like this, but red", "red", [("colour", "red", True)], ""),
        ("这个，但是要蓝色的", "蓝色", [("colour", "blue", True)], ""),
        ("same but without stripes", "", [("pattern", "striped", False)], ""),
        ("同款，不要红色", "", [("colour", "red", False)], ""),
        (
            "in navy blue and leather",
            "navy blue leather",
            [("colour", "navy", True), ("material", "leather", True)],
            "",
        ),
        ("red wine", "red wine", [], "red wine"),
        ("red lamp", "red lamp", [("colour", "red", True)], "lamp"),
        ("gnome with sunglasses", "gnome with sunglasses", [], "gnome with sunglasses"),
        ("the same", "", [], ""),
        ("红色连衣裙", "红色连衣裙", [("colour", "red", True)], "连衣裙"),
    ],
)
def test_words_beside_a_photo_are_read(text, words, named, rest):
    found = read_change(get_index(Product), text)
    assert (found.words, found.rest) == (words, rest)
    assert found.named == tuple(NamedAttribute(*each) for each in named)


def test_two_databases_or_schemas_share_no_attributes():
    index = get_index(Product)
    assert attributes_of(index, ("default", "one")) is attributes_of(index, ("default", "one"))
    assert attributes_of(index, ("default", "one")) is not attributes_of(index, ("default", "two"))


def test_the_catalogues_own_values_join_the_attribute_of_those_that_are_known():
    for colour in ("red", "navy", "gunmetal"):
        Product.objects.create(sku=colour, colour=colour)
    assert read_change(get_index(Product), "this in gunmetal").named == (NamedAttribute("colour", "gunmetal"),)


def test_several_photos_count_as_one_and_only_the_first_is_cropped(shop, photos):
    other = jpeg(render_customer_photo(LOOKS[0], seed=4, size=200))
    assert first(image=[photos["backpack"], other]) == "backpack-blue"
    assert first(image=[photos["backpack"], other], text="but black") == "backpack-black"
    assert first(image=[photos["mug"], photos["mug"]], crop=(0, 0, 1, 1)).startswith("mug")


def test_too_many_photos_or_examples_are_refused(settings):
    settings.XSEARCH = {"IMAGES_MAX": 2, "EXAMPLES_MAX": 1}
    with pytest.raises(BadQuery, match="1 to 2 photos, not 3"):
        search(Product.objects.all(), image=[widget_shop.photo("red", (64, 64))] * 3)
    with pytest.raises(BadQuery, match="At most 1"):
        search(Product.objects.all(), like=[Product(), Product()])
