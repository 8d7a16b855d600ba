"""Which documents have the words best: forms, measures, model numbers, rarity, fields, synonyms, explained."""

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import xsearch
from shop.models import Product
from tests.support.searching import index_all, search_context
from tests.support.searching_words import WORDS_ONLY
from xsearch.index.registry import get_index
from xsearch.indexing import marking, statistics
from xsearch.models import IndexRecord, Synonym
from xsearch.search.words.lexical import MAX_SCORED, LexicalQuery, lexical_query
from xsearch.text import tsvector_literal

pytestmark = pytest.mark.django_db
ANYTHING = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(autouse=True)
def _words_only(settings):
    # Without the glossary, which knows some of these words too and has tests of its own.
    settings.XSEARCH = {**WORDS_ONLY, "GLOSSARY": None}


@pytest.fixture
def titles(db):
    def load(*names, **fields):
        for name in names:
            Product.objects.create(sku=f"L{Product.objects.count()}", title=name, **fields)
        index_all()

    return load


def find(text, **options):
    return xsearch.search(Product.objects.all(), text=text, facets=None, **options).hits


def scores(text):
    query = lexical_query(search_context(), text)
    return dict(Product.objects.annotate(score=query.score()).values_list("title", "score"))


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("500ml", "Bottle 500 ml"), ("500 ml", "Bottle 500ml"), ("0.5 l", "Bottle 500 ml"), ("0.5L", "瓶子 500毫升"),
        ("半升 500毫升", "Bottle 0.5 l"), ("1.5升", "Teapot 1500 ml"), ("2 kg", "Weight 2000 g"), ("2公斤", "Weight 2kg"),
        ("12 inches", 'Screen 12 in'), ("30 cm", "Drum 300mm"), ("1tb", "Disk 1000 GB"),
        ("wh1000xm5", "Sony WH-1000XM5"), ("WH-1000XM5", "Sony wh1000xm5"), ("wh1000", "Sony WH-1000XM5"),
        ("wh-1000", "Sony WH-1000XM5"), ("xm5", "Sony WH-1000XM5"), ("1000xm5", "Sony WH-1000XM5"),
        ("nike 跑鞋", "Nike 男士跑鞋"), ("跑鞋 nike", "Nike 男士跑鞋"), ("water-resistant", "Jacket, water resistant"),
        ("water resistant", "Jacket, water-resistant"),
    ],
)  # fmt: skip
def test_ways_to_write_the_same_find_it(titles, query, title):
    titles(title, "Something else", "Other thing")
    assert [hit.object.title for hit in find(query)][:1] == [title]


def test_a_title_beats_a_description(titles):
    titles("Lamp", description="Goes with any theremin.")
    titles("Theremin", description="Goes with any lamp.")
    assert scores("lamp")["Lamp"] > scores("lamp")["Theremin"] > 0
    assert [hit.object.title for hit in find("theremin")] == ["Theremin", "Lamp"]


def test_a_word_said_often_in_a_description_counts_more_but_never_like_a_title(titles):
    for name, times in (("one", 1), ("three", 3), ("twenty", 20)):
        titles(name, description="cork " * times)
    titles("Cork")
    found = scores("cork")
    assert found["one"] < found["three"] < found["twenty"] < 0.7 < found["Cork"] == pytest.approx(1)


def test_the_whole_model_number_beats_its_parts(titles):
    titles("Sony WH-1000XM4", "Sony WH-1000XM5", "WH case")
    found = scores("WH-1000XM5")
    assert found["Sony WH-1000XM5"] == pytest.approx(1)
    assert max(found["Sony WH-1000XM4"], found["WH case"]) < 0.6


WORDS = [chr(ord("a") + number) * 2 + "orb" for number in range(6)]


@ANYTHING
@given(
    rare=st.sets(st.sampled_from(WORDS[:3]), min_size=1, max_size=3),
    common=st.sets(st.sampled_from(WORDS[3:]), min_size=1, max_size=3),
    others=st.lists(st.sets(st.sampled_from(WORDS[3:])), min_size=20, max_size=40),
)
def test_a_document_with_all_rare_words_outranks_one_with_none_of_them(rare, common, others):
    """Rare: in one document in twenty at most. Common: in every second at least; the other has all of these."""
    documents = [others[0] | rare, *({*common, *other} for other in others)]
    write(documents)
    query = lexical_query(search_context(), " ".join(sorted(rare | common)))
    ranked = list(Product.objects.annotate(score=query.score()).order_by("-score").values_list("sku", "score"))
    assert ranked[0][0] == "d0"
    assert ranked[0][1] > ranked[1][1]
    assert all(0 <= score <= 1 for _sku, score in ranked)
    assert query.best(Product.objects.all(), "pk")[0][0] == Product.objects.get(sku="d0").pk


def write(documents):
    """Put documents into the index without any encoder; the count of terms as ever."""
    Product.objects.all().delete()
    IndexRecord.objects.all().delete()
    Product.objects.bulk_create(
        Product(sku=f"d{number}", title=f"d{number}") for number, _words in enumerate(documents)
    )
    rows = [(tsvector_literal({"A": [" ".join(sorted(words))]}), f"d{n}") for n, words in enumerate(documents)]
    with connection.cursor() as cursor:
        cursor.executemany("UPDATE shop_product SET search_document = %s::tsvector WHERE sku = %s", rows)
    statistics.refresh(get_index(Product))


# Common words


def test_common_words_are_looked_for_together_before_each_alone(titles):
    titles("Red lamp", "Red mug", "Blue lamp")
    query = lexical_query(search_context(), "red lamp")
    many = LexicalQuery(query.phrases, [MAX_SCORED, MAX_SCORED])
    assert query.tiers() == [query.literal]
    assert many.tiers()[0].count("&") == 1
    assert many.tiers()[-1] == many.literal
    assert many.best(Product.objects.all(), "pk") == query.best(Product.objects.all(), "pk")


# Synonyms


def test_a_synonym_is_found_at_once_and_exact_words_win(titles):
    titles("Leather sofa", "Leather couch", "Oak table")
    assert [hit.object.title for hit in find("couch")] == ["Leather couch"]
    synonym = Synonym.objects.create(terms="sofa, couch")
    assert [hit.object.title for hit in find("couch")] == ["Leather couch", "Leather sofa"]
    assert [hit.object.title for hit in find("sofa")] == ["Leather sofa", "Leather couch"]
    Synonym.objects.filter(pk=synonym.pk).update(terms="sofa, settee")
    assert [hit.object.title for hit in find("couch")] == ["Leather couch"]


def test_one_way_synonyms_go_one_way(titles):
    titles("Sneakers", "Boots")
    Synonym.objects.create(terms="footwear", replacements="sneakers, boots", direction="one")
    assert {hit.object.title for hit in find("footwear")} == {"Sneakers", "Boots"}
    Product.objects.create(sku="f", title="Footwear")
    index_all()
    assert [hit.object.title for hit in find("boots")] == ["Boots"]


def test_synonyms_of_several_words_need_all_of_them(titles):
    titles("Notebook computer", "Computer bag", "Laptop", "Notebook with lines")
    Synonym.objects.create(terms="laptop, notebook computer")
    assert [hit.object.title for hit in find("laptop")] == ["Laptop", "Notebook computer"]
    assert {hit.object.title for hit in find("notebook computer")[:2]} == {"Notebook computer", "Laptop"}


def test_chinese_synonyms_and_those_of_one_language(titles):
    titles("土豆削皮刀", "马铃薯压泥器", "Potato peeler")
    Synonym.objects.create(terms="土豆，马铃薯、potato", language="zh")
    assert {hit.object.title for hit in find("马铃薯")} == {"土豆削皮刀", "马铃薯压泥器", "Potato peeler"}
    assert [hit.object.title for hit in find("potato")] == ["Potato peeler"]


def test_an_explanation_says_what_each_word_was_found_as(titles):
    titles("Leather sofa", "Oak table")
    Synonym.objects.create(terms="sofa, couch")
    [hit] = find("leather couch", explain=True)
    words = hit.explain["lexical"]["words"]
    assert words["leather"]["by"] == "word"
    assert (words["couch"]["as"], words["couch"]["by"], words["couch"]["worth"]) == ("sofa", "synonym", 0.8)
    assert sum(word["share"] for word in words.values()) == pytest.approx(1, abs=0.001)


# Another analysis


def test_documents_of_an_older_analysis_are_written_anew(titles):
    titles("Leather sofa")
    assert marking.mark_stale(get_index(Product)) == 0
    record = IndexRecord.objects.get()
    IndexRecord.objects.update(source_hashes={**record.source_hashes, "document": "1:old"})
    Product.objects.update(search_document=None)
    assert marking.mark_stale(get_index(Product)) == 1
    index_all()
    assert [hit.object.title for hit in find("sofa")] == ["Leather sofa"]
