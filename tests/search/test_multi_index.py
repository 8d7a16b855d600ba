"""One search over several models: merged rankings, filters of each, and one understanding of the query."""

import io

import pytest

import xsearch
from shop.models import Product, StylePost
from tests.showcase.models import Furniture
from tests.support import styling, widget_shop
from tests.support.styling import everything, merged, of_kind
from tests.support.widget_encoder import ColourEncoder
from xsearch.errors import BadQuery
from xsearch.index.registry import get_index, get_indexes
from xsearch.indexing import index_pending
from xsearch.search import similar, suggest
from xsearch.search.vectors.calibration import forget_samples
from xsearch.speech import Transcriber, Transcript

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def shop(django_db_setup, django_db_blocker, tmp_path_factory):
    with django_db_blocker.unblock(), styling.stocked(tmp_path_factory.mktemp("media")):
        yield


@pytest.fixture(autouse=True)
def _settings(settings, shop):
    settings.XSEARCH = widget_shop.XSEARCH
    forget_samples()


@pytest.fixture
def encoded(monkeypatch):
    """What the encoder is given, query by query."""
    calls = []
    encode = ColourEncoder.encode_batch

    def count(self, modality, items):
        calls.append((modality, len(items)))
        return encode(self, modality, items)

    monkeypatch.setattr(ColourEncoder, "encode_batch", count)
    return calls


def photo(colour):
    return widget_shop.photo(colour)


# What is found


@pytest.mark.parametrize("query", [{"text": "red jacket"}, {"text": "breakfast mug"}, {"image": photo("red")}])
def test_a_search_over_both_is_the_merging_of_both(query):
    query = {**query, "understand": False}  # posts have no colours: alone, they do not know what describes a thing
    both = xsearch.search_all(page_size=100, **query)
    alone = everything(**query)
    alone = [found for found in alone if found.is_close] or alone
    rows = [(hit.score, str(hit.object)) for hit in both.hits]
    assert sorted(rows, key=lambda row: (-row[0], row[1])) == sorted(merged(*alone), key=lambda row: (-row[0], row[1]))
    assert [row[0] for row in rows] == sorted((row[0] for row in rows), reverse=True)
    assert both.total == sum(found.total for found in alone) == len(rows)
    assert {type(hit.object) for hit in both.hits} == {Product, StylePost}


def test_pages_follow_one_another_without_gaps():
    whole = xsearch.search_all(text="red jacket mug", page_size=100)
    paged = [xsearch.search_all(text="red jacket mug", page=page, page_size=3) for page in range(1, 9)]
    assert [hit.object for page in paged for hit in page.hits] == [hit.object for hit in whole.hits]
    assert {page.total for page in paged} == {whole.total}


def test_each_model_has_its_own_total_and_facets():
    found = xsearch.search_all(text="red")
    products, posts = found.models["shop.Product"], found.models["shop.StylePost"]
    assert found.total == products.total + posts.total
    assert {value.value for value in products.facets["colour"]} >= {"red"}
    assert posts.facets == found.facets == {}


def test_hits_can_be_of_one_model_while_the_others_are_counted():
    found = xsearch.search_all(text="red", only=["shop.StylePost"])
    assert of_kind(found, Product) == []
    assert of_kind(found, StylePost) == ["Evening on the pier"]
    assert found.total == 1
    assert found.models["shop.Product"].total >= 3
    assert xsearch.search_all(text="red", only=["shop.Product"]).facets == found.models["shop.Product"].facets


def test_a_filter_limits_the_models_that_declare_it():
    found = xsearch.search_all(text="red", filters={"category": "Mugs"})
    assert of_kind(found, Product) == ["Red mug"]
    assert of_kind(found, StylePost) == ["Evening on the pier"]
    with pytest.raises(BadQuery, match=r"Unknown filters: size\. Declared by these models: category, brand"):
        xsearch.search_all(text="red", filters={"size": "M"})
    with pytest.raises(BadQuery, match=r"Unknown facets: size"):
        xsearch.search_all(text="red", facets=["size"])


def test_querysets_limit_what_is_searched():
    found = xsearch.search_all([Product.objects.filter(price__lt=15), StylePost.objects.none()], text="red")
    assert [str(hit.object) for hit in found.hits] == ["Red jacket"]
    with pytest.raises(ValueError, match=r"shop.Product is given twice"):
        xsearch.search_all([Product.objects.all(), Product.objects.all()], text="red")
    with pytest.raises(ValueError, match=r"nothing to search in"):
        xsearch.search_all([], text="red")


def test_a_search_over_one_model_is_a_plain_search():
    one = xsearch.search_all([Product.objects.all()], text="red jacket", filters={"colour": "red"})
    plain = xsearch.search(Product.objects.all(), text="red jacket", filters={"colour": "red"})
    assert [(hit.object, hit.score) for hit in one.hits] == [(hit.object, hit.score) for hit in plain.hits]
    assert one.models == {}
    assert one.facets == plain.facets


def test_a_model_with_nothing_close_is_left_out_where_another_has_something():
    found = xsearch.search_all(text="marmalade")
    assert [str(hit.object) for hit in found.hits] == ["Sunday breakfast"]
    assert found.is_close
    assert not found.models["shop.Product"].is_close
    assert found.models["shop.Product"].total == 0


def test_where_nothing_is_close_in_any_model_the_nearest_of_all_are_shown():
    found = xsearch.search_all(text="brekfeast", correct=False)
    assert str(found.hits[0].object) == "Sunday breakfast"
    assert not found.is_close
    assert {label for label, part in found.models.items() if part.total} == {"shop.StylePost", "shop.Product"}
    alone = xsearch.search_all(text="brekfeast", correct=False, only=["shop.Product"])
    assert 0 < alone.total == len(alone.hits) <= 12
    assert xsearch.search_all(text="brekfeast", correct=False, nearest=False).total == 0


def test_a_bad_query_is_refused_as_by_one_model():
    for query in (
        {},
        {"text": "red", "page": 0},
        {"text": "red", "page_size": 1000},
        {"text": "a", "weights": {"x": 1}},
    ):
        with pytest.raises(BadQuery):
            xsearch.search_all(**query)


# Hidden things


def test_what_is_hidden_appears_nowhere():
    found = [
        xsearch.search_all(text="red jacket", page_size=100),
        xsearch.search_all(image=photo("red"), page_size=100),
        similar(get_index(StylePost).get_queryset(), Product.objects.get(title="Red jacket"), page_size=100),
    ]
    for results in found:
        assert "Evening on the pier" in of_kind(results, StylePost)
        assert "Waiting for approval" not in of_kind(results, StylePost)
    assert suggest(get_index(StylePost), "waiting") == []
    assert not xsearch.search_all(text="zweckentfremdet").is_close


def test_a_post_is_found_once_it_is_approved_and_no_more_when_it_is_hidden():
    post = StylePost.objects.get(title="Waiting for approval")
    for is_visible in (True, False):
        post.is_visible = is_visible
        post.save()
        index_pending(get_index(StylePost))
        found = xsearch.search_all(text="zweckentfremdet")
        assert found.is_close is is_visible
        assert ("Waiting for approval" in of_kind(found, StylePost)) is is_visible


# One understanding of the query


def test_a_query_is_encoded_once_for_all_models(encoded):
    xsearch.search_all(text="red jacket")
    assert encoded == [("text", 1)]
    encoded.clear()
    xsearch.search_all(text="red", image=io.BytesIO(photo("red")))  # the names of all colours are encoded but once
    encoded.clear()
    xsearch.search_all(text="red jacket", image=io.BytesIO(photo("red")))
    assert sorted(encoded) == [("image", 1), ("text", 1), ("text", 1)]  # the words, and those that name no colour
    encoded.clear()
    xsearch.search(Product.objects.all(), text="red jacket")
    xsearch.search(Product.objects.all(), text="red jacket")
    assert encoded == [("text", 1)] * 2  # searches that are not together share nothing


class OnceHeard(Transcriber):
    """Understands everything as the same words, and counts how often it was asked."""

    languages = frozenset({"en"})
    asked: list[str] = []

    def transcribe(self, waveform, *, language, phrases):
        self.asked.append(phrases.version)
        return Transcript("red jacket", "en", 0.9)


def test_a_recording_is_understood_once_for_all_models(settings):
    settings.XSEARCH = widget_shop.XSEARCH | {"TRANSCRIBERS": [{"BACKEND": f"{__name__}.OnceHeard"}]}
    OnceHeard.asked.clear()
    found = xsearch.search_all(audio=widget_shop.silence(), language="en")
    assert found.transcript == "red jacket"
    assert str(found.hits[0].object) == "Red jacket"
    assert "Evening on the pier" in of_kind(found, StylePost)
    assert len(OnceHeard.asked) == 1


def test_words_are_corrected_with_the_words_of_all_models():
    found = xsearch.search_all(text="red jakcet")
    assert (found.query, found.corrected) == ("red jakcet", "red jacket")
    assert {part.corrected for part in found.models.values()} == {"red jacket"}
    # "breakfast" stands in the title of a post, and in no product.
    assert xsearch.search_all(text="brekfast").corrected == "breakfast"
    assert xsearch.search(Product.objects.all(), text="brekfast").corrected is None
    assert xsearch.search_all(text="red jakcet", correct=False).corrected is None


def test_an_encoder_that_fails_is_named_once_and_the_words_answer(monkeypatch):
    def fail(*args):
        raise RuntimeError("no such model")

    monkeypatch.setattr(ColourEncoder, "encode_batch", fail)
    found = xsearch.search_all(text="red jacket")
    assert sorted(found.degraded) == ["text:image", "text:text"]
    assert str(found.hits[0].object) == "Red jacket"
    assert of_kind(found, StylePost) == ["Evening on the pier"]


# Other kinds of models


@pytest.fixture
def articles(register):
    """A third model, which has words and nothing else."""
    register(Furniture, text={"A": ["title"]})
    Furniture.objects.create(title="How to wash a red jacket")
    Furniture.objects.create(title="How to return a parcel")
    index_pending(get_index(Furniture))


def test_a_model_with_words_only_is_searched_by_what_it_has(articles):
    assert [store.key for store in get_index(Furniture).stores()] == ["text"]
    by_words = xsearch.search_all(text="red jacket")
    assert by_words.models["showcase.Furniture"].total == 1
    assert {type(hit.object) for hit in by_words.hits} == {Product, StylePost, Furniture}
    hit = next(hit for hit in xsearch.search_all(text="red jacket", explain=True) if isinstance(hit.object, Furniture))
    assert set(hit.explain) == {"lexical", "text:text"}
    by_photo = xsearch.search_all(image=photo("red"))  # the encoder knows what its words have to do with a photo
    assert by_photo.degraded == []
    assert by_photo.models.keys() == {"shop.Product", "shop.StylePost", "showcase.Furniture"}


def test_a_model_without_comparable_vectors_finds_nothing_by_a_photo(register, settings):
    register(Furniture, text={"A": ["title"]})
    Furniture.objects.create(title="Red jacket")  # and it is not indexed
    found = xsearch.search_all(image=photo("red"))
    assert found.degraded == []
    assert found.models["showcase.Furniture"].total == 0
    assert found.total > 0


def test_something_similar_of_another_model_is_found_by_the_vectors_they_share():
    jacket = Product.objects.get(title="Yellow jacket")
    found = similar(get_index(StylePost).get_queryset(), jacket, page_size=1)
    assert of_kind(found, StylePost) == ["Reading at night"]
    post = StylePost.objects.get(title="Sunday breakfast")
    assert set(of_kind(similar(Product.objects.all(), post, page_size=3), Product)) == {
        "Blue jacket", "Blue mug", "Blue lamp"
    }  # fmt: skip


def test_an_example_of_another_model_hides_no_object_with_its_number():
    post = StylePost(pk=4711, title="Blue", text="Blue.", author="Mia", is_visible=True)
    twin = Product(pk=post.pk, sku="twin", title="Blue plate", colour="blue")
    for thing in (post, twin):
        thing.photo.save("blue.jpg", io.BytesIO(photo("blue")))
        index_pending(get_index(type(thing)))
    assert "Blue plate" in of_kind(similar(Product.objects.all(), post, page_size=100), Product)


def test_models_without_a_common_encoder_have_nothing_similar(settings, register):
    register(Furniture, text={"A": ["title"]})
    chair = Furniture.objects.create(title="Red chair")
    settings.XSEARCH = {
        **widget_shop.XSEARCH,
        "ENCODERS": {"colours": {"BACKEND": "tests.support.encoders.HashEncoder"}},
    }
    index_pending(get_index(Furniture))
    assert similar(Product.objects.all(), chair).total == 0


class TestNames:
    def test_indexes_are_named_by_label_model_list_or_all(self):
        product, post = get_index(Product), get_index(StylePost)
        assert get_indexes() == get_indexes([]) == get_indexes("shop.Product") == [product]
        assert get_indexes("all") == get_indexes(["ALL"]) == [product, post]
        assert get_indexes("shop.stylepost, shop.product") == [post, product]
        assert get_indexes([StylePost, "shop.StylePost", ""]) == [post]
        with pytest.raises(LookupError, match=r"shop.Car is not registered"):
            get_indexes("all,shop.Car")

    def test_customers_read_the_plural(self):
        assert get_index(StylePost).name() == "Style posts"
