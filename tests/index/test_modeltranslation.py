"""django-modeltranslation: every language is indexed, and what people see is in the language of the page."""

import pytest
from django.test import Client
from django.utils import translation

import xsearch
from shop.models import Product
from tests.support.encoders import HashEncoder
from tests.support.indexing import is_vector, marked, picture, picture_file, record, run, settled, statuses
from tests.translated.models import Book, Genre
from xsearch.index.registry import get_index
from xsearch.indexing import statistics
from xsearch.models import Suggestion

pytestmark = pytest.mark.django_db

WORDS = "The Rose\n玫瑰\nNovel\n小说\ncloth\n布面\nA monastery\n修道院"


@pytest.fixture(autouse=True)
def _encoder(use_encoder):
    use_encoder()


@pytest.fixture
def index(register):
    register(
        Book,
        text={"A": ["title"], "B": ["genre__name", "binding"], "C": ["summary"]},
        image="cover",
        filters=["genre", "binding", "price"],
        facets=["genre", "binding"],
    )
    return get_index(Book)


@pytest.fixture
def books(index):
    """A novel and a guide; the guide has no Chinese binding."""
    novel = Genre.objects.create(name_en="Novel", name_zh_hans="小说")
    guide = Genre.objects.create(name_en="Guide", name_zh_hans="指南")
    rose = Book.objects.create(
        title_en="The Rose",
        title_zh_hans="玫瑰",
        summary_en="A monastery",
        summary_zh_hans="修道院",
        binding_en="cloth",
        binding_zh_hans="布面",
        genre=novel,
        price=10,
        cover=picture_file(1),
    )
    city = Book.objects.create(
        title_en="City walks", title_zh_hans="城市漫步", binding_en="paper", genre=guide, price=20
    )
    run(Book)
    statistics.refresh(index)
    return rose, city


def found(text=None, language="en", **options):
    with translation.override(language):
        results = xsearch.search(Book.objects.all(), text=text, language=language, **options)
        return [hit.object.title for hit in results.hits if results.is_close]


def facets(language):
    with translation.override(language):
        results = xsearch.search(Book.objects.all(), filters={"price_min": 1}, language=language)
        return {name: {(v.value, v.label) for v in values} for name, values in results.facets.items()}


class TestIndexing:
    def test_every_language_is_in_the_document_and_the_vector(self, books):
        rose, _city = books
        assert set(statuses(Book).values()) == {"indexed"}
        row = Book.objects.only("text_embedding", "search_document", "image_embedding").get(pk=rose.pk)
        assert is_vector(row.text_embedding, WORDS)
        assert is_vector(row.image_embedding, picture(1))
        assert {"'rose'", "'玫瑰'", "'小说'", "'novel'"} <= {
            word.partition(":")[0] for word in row.search_document.split()
        }

    def test_the_language_of_the_worker_makes_no_difference(self, books):
        settled(books[0])
        with translation.override("zh-hans"):
            xsearch.mark(Book.objects.all())
            run(Book)
        assert HashEncoder.calls == []

    def test_a_single_language_can_be_declared(self, register):
        register(Book, text={"A": ["title_zh_hans"]})
        rose = Book.objects.create(title_en="The Rose", title_zh_hans="玫瑰")
        run(Book)
        assert is_vector(Book.objects.get(pk=rose.pk).text_embedding, "玫瑰")

    def test_a_change_in_any_language_marks_the_book(self, books):
        rose, _city = books
        rose.title_zh_hans = "红玫瑰"
        assert marked(rose, rose.save)
        genre = rose.genre
        genre.name_zh_hans = "长篇小说"
        assert marked(rose, genre.save)
        assert marked(rose, lambda: Book.objects.update_or_create(pk=rose.pk, defaults={"price": 3}))
        run(Book)
        assert "长篇小说" in record(rose).phrases

    def test_vectors_stay_in_the_database(self, books, django_assert_num_queries):
        with django_assert_num_queries(1):
            [city, _rose] = Book.objects.order_by("price").reverse()
        assert city.get_deferred_fields() == {"text_embedding", "image_embedding", "audio_embedding", "search_document"}


class TestSearching:
    @pytest.mark.parametrize(
        ("text", "language", "title"),
        [
            ("rose", "en", "The Rose"),
            ("玫瑰", "zh-hans", "玫瑰"),
            ("novel", "zh-hans", "玫瑰"),
            ("指南", "en", "City walks"),
        ],
    )
    def test_words_of_every_language_are_found_and_titles_are_in_that_of_the_page(self, books, text, language, title):
        assert found(text, language) == [title]

    def test_a_photo_and_an_example_find_the_book(self, books):
        assert xsearch.search(Book.objects.all(), image=picture(1)).hits[0].object == books[0]
        twin = Book.objects.create(title_en="Bud", title_zh_hans="花蕾", cover=picture_file(1))
        run(Book)
        assert [hit.object for hit in xsearch.similar(Book.objects.all(), books[0]).hits] == [twin]

    def test_facets_are_labelled_in_the_language_of_the_page(self, books):
        novel, guide = (book.genre_id for book in books)
        assert facets("en") == {
            "genre": {(novel, "Novel"), (guide, "Guide")},
            "binding": {("cloth", "cloth"), ("paper", "paper")},
        }
        assert facets("zh-hans") == {
            "genre": {(novel, "小说"), (guide, "指南")},
            "binding": {("cloth", "布面"), ("paper", "paper")},
        }

    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    @pytest.mark.parametrize(
        "filters", [{"binding": "cloth"}, {"binding": "布面"}, {"genre": "Novel"}, {"genre": "小说"}, {"price_max": 15}]
    )
    def test_a_filter_takes_the_value_in_any_language(self, books, language, filters):
        assert found(language=language, filters=filters) == ["玫瑰" if language == "zh-hans" else "The Rose"]

    @pytest.mark.parametrize(("text", "language"), [("cloth rose", "en"), ("布面玫瑰", "zh-hans")])
    def test_a_value_is_understood_in_the_language_of_the_query(self, books, text, language):
        with translation.override(language):
            results = xsearch.search(Book.objects.all(), text=text, language=language)
        [condition] = results.interpretation.conditions
        assert (condition.field, list(condition.values)) == ("binding", ["cloth"])
        assert results.hits[0].object == books[0]

    def test_values_are_suggested_in_every_language(self, books):
        labels = {row.text: row.labels for row in Suggestion.objects.filter(facet="binding")}
        assert labels["cloth"] == {"en": "cloth", "zh-hans": "布面"}

    def test_the_order_of_the_model_is_not_taken_for_one_of_the_shop(self, register, books):
        assert [type(book) for book in books] == [Book, Book]
        by_price = xsearch.search(Book.objects.order_by("-price"), filters={"price_min": 1})
        assert [hit.object.price for hit in by_price.hits] == [20, 10]
        get_index(Book).sorts = {"dear": ["-price"]}
        get_index(Book).default_sort = "dear"
        browsed = xsearch.search(Book.objects.all(), filters={"price_min": 1})
        assert [hit.object.price for hit in browsed.hits] == [20, 10]

    def test_the_api_answers_in_the_language_asked_for(self, books):
        asked = {"q": "rose", "model": "translated.Book", "lang": "zh-hans"}
        answer = Client().get("/api/xsearch/search/", asked).json()
        assert answer["hits"][0]["title"] == "玫瑰"
        assert [value["label"] for value in answer["facets"]["binding"]] == ["布面"]
        assert Product.objects.count() == 0
