"""What is understood of a query decides what is found: prices limit, wishes order, negations exclude or lower."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import xsearch
from shop.models import Brand, Product
from tests.support.searching_words import WORDS_ONLY
from xsearch.errors import BadQuery
from xsearch.index.registry import get_index
from xsearch.indexing import statistics
from xsearch.models import Synonym
from xsearch.search import meaning
from xsearch.understanding import values

pytest_plugins = ["tests.support.fixtures.searching_words"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo", "words_only")]


def find(text, **options):
    return xsearch.search(
        Product.objects.select_related("category", "brand"), text=text, page_size=100, facets=None, **options
    )


def modes(results):
    return {condition.id: condition.mode for condition in results.interpretation.conditions}


def skus(results):
    return [hit.object.sku for hit in results.hits]


# Prices


@pytest.mark.parametrize("text", ["hat under 30", "30块以内的帽子", "hat less than thirty dollars", "hta under 30"])
def test_a_price_limits_the_results(text):
    found = find(text)
    assert modes(found)["price:at_most:30"] == "strict"
    assert found.total > 0
    assert all(hit.object.price <= 30 for hit in found.hits)
    assert any(hit.object.price > 30 for hit in find("hat").hits)


def test_around_a_price_is_within_a_fifth_of_it():
    found = find("bag around 50 dollars")
    assert found.total > 0
    assert all(40 <= hit.object.price <= 60 for hit in found.hits)


def test_a_price_alone_shows_everything_at_that_price():
    found = find("between 20 and 25 euros")
    assert found.interpretation.text == ""
    meant = Product.objects.filter(price__gte=20, price__lte=25)
    assert sorted(skus(found)) == sorted(meant.values_list("sku", flat=True))
    assert (found.total, found.is_close, found.degraded) == (meant.count(), True, [])


def test_the_customers_own_filter_wins_over_what_was_said():
    found = find("hat under 30", filters={"price_min": 40})
    assert modes(found) == {key: mode for key, mode in modes(found).items() if not key.startswith("price")}
    assert found.interpretation.text == "hat"
    assert found.total > 0
    assert all(hit.object.price >= 40 for hit in found.hits)


def test_typing_errors_are_corrected_beside_a_price_and_price_words_never():
    found = find("jakcet undr 90 under 200 bucks")
    assert found.query == "jakcet undr 90 under 200 bucks"
    assert "under 200 bucks" in found.corrected
    assert "jacket" in found.corrected
    assert modes(found)["price:at_most:200"] == "strict"


def test_a_limit_that_nothing_fulfils_orders_instead_and_says_so():
    found = find("hat under 1")
    assert found.total > 0
    assert found.interpretation.relaxed == ("price:at_most:1",)
    assert modes(found)["price:at_most:1"] == "soft"


def test_nothing_to_show_for_a_price_alone_is_no_error():
    found = find("under 1")
    assert (found.total, modes(found)) == (0, {"price:at_most:1": "strict"})


def test_where_the_limit_keeps_out_all_that_was_asked_for_the_nearest_to_it_are_shown():
    """What fits the limit only mentions a sofa."""
    fitting = xsearch.search(Product.objects.filter(price__lte=500), text="sofa")
    assert fitting.hits
    assert not any("sofa" in hit.object.title for hit in fitting.hits)
    found = find("sofa under 500")
    assert found.interpretation.relaxed == ("price:at_most:500",)
    sofas = [hit.object.price for hit in found.hits if "sofa" in hit.object.title]
    assert len(sofas) >= 5
    assert [hit.object.price for hit in found.hits[: len(sofas)]] == sofas == sorted(sofas)


def test_a_limit_that_the_customer_insists_on_is_kept():
    found = find("sofa under 500", modes={"price:at_most:500": "strict"})
    assert found.interpretation.relaxed == ()
    assert found.hits
    assert all(hit.object.price <= 500 for hit in found.hits)


def test_only_the_limits_that_nothing_fulfils_are_relaxed():
    found = find("mug under 5 not red")
    assert found.interpretation.relaxed == ("price:at_most:5",)
    assert "red" not in {hit.object.colour for hit in found.hits}
    assert "mug" in found.hits[0].object.title


def test_a_limit_is_kept_where_something_else_of_that_kind_fulfils_it():
    found = find("red sofa under 600")
    assert found.interpretation.relaxed == ()
    assert {hit.object.price <= 600 for hit in found.hits} == {True}
    assert "sofa" in found.hits[0].object.title


@pytest.mark.parametrize(
    "text", ["sofa under 500", "sofa under 1 not red", "gift under 20 not red", "asdfgh under 20 not red"]
)
def test_the_work_is_bounded_where_limits_leave_little(text):
    index = get_index(Product)
    options = {"text": text, "facets": [*index.facets], "explain": True}
    xsearch.search(Product.objects.all(), **options)
    with CaptureQueriesContext(connection) as captured:
        xsearch.search(Product.objects.all(), **options)
    assert len(captured) <= 45


def test_a_number_that_is_no_price_is_a_word():
    found = find("sofa under 99999999999999999999")
    assert found.interpretation.conditions == ()
    assert "sofa" in found.hits[0].object.title


# Wishes


def test_a_named_colour_orders_within_bounds_and_limits_when_it_is_made_strict():
    found = find("red hat", explain=True)
    assert modes(found)["colour:is:red"] == "soft"
    assert found.interpretation.text == "red hat"
    for hit in found.hits:
        left = hit.explain["understood"]["similarity"]
        assert 0.8**2 - 1e-9 <= left <= 1  # two wishes, colour and category
        assert hit.score == pytest.approx(left * hit.explain["lexical"]["contribution"], abs=1e-3)
        if hit.object.colour == "red" and hit.object.category.name.startswith("Hats"):
            assert left == 1
    strict = find("red hat", modes={"colour:is:red": "strict"})
    assert strict.total > 0
    assert {hit.object.colour for hit in strict.hits} == {"red"}


@pytest.mark.parametrize("text", ["black sofa", "red sofa", "红色沙发", "North Harbour sofa", "sofa by North Harbour"])
def test_the_thing_itself_comes_before_what_only_has_its_colour_or_brand(text):
    sofas = [product.sku for product in Product.objects.filter(title__contains="sofa")]
    assert not Product.objects.filter(sku__in=sofas, colour__in=["black", "red"]).exists()
    assert sorted(skus(find(text))[: len(sofas)]) == sorted(sofas)


def test_words_that_only_describe_count_in_full_where_there_are_no_others():
    assert [hit.object.colour for hit in find("red").hits[:5]] == ["red"] * 5
    assert {hit.object.brand.name for hit in find("North Harbour").hits[:5]} == {"North Harbour"}


def test_what_a_product_says_of_itself_is_not_looked_up_in_the_whole_table():
    with CaptureQueriesContext(connection) as captured:
        find("red hat")
    [scoring] = [query["sql"] for query in captured if "ts_rank" in query["sql"]]
    assert "UPPER(" in scoring
    assert scoring.count('FROM "shop_product"') == 1


def test_the_same_is_understood_in_chinese_and_in_a_mixture():
    for text in ("红色帽子", "红色 hat", "red 帽子"):
        assert modes(find(text))["colour:is:red"] == "soft", text


def test_two_colours_are_alternatives():
    found = find("hat", filters={"colour": ["red", "blue"]})
    strict = find("red or blue hat", modes={"colour:is:red": "strict", "colour:is:blue": "strict"})
    assert {hit.object.colour for hit in strict.hits} == {"red", "blue"}
    assert {hit.object.colour for hit in found.hits} == {"red", "blue"}


def test_a_brand_is_recognised_as_the_catalogue_writes_it():
    brand = Brand.objects.first()
    assert modes(find(f"{brand.name.lower()} bag"))[f"brand:is:{brand.name.lower()}"] == "soft"


def test_objects_of_which_nothing_is_known_lose_nothing():
    known = find("hat")
    hit = known.hits[0].object
    Product.objects.filter(pk=hit.pk).update(colour="", category=None)
    wished = {each.object.pk: each for each in find("purple hat", explain=True).hits}[hit.pk]
    assert wished.explain["understood"]["contribution"] == 0


def test_new_values_and_synonyms_are_known_after_the_terms_are_counted():
    assert "brand:is:acme hats" not in modes(find("acme hats"))
    Product.objects.filter(sku="demo-hat-1").update(brand=Brand.objects.create(name="Acme Hats"))
    Brand.objects.create(name="Acme Hats 2")
    Synonym.objects.create(terms="scarlet", replacements="red", direction=Synonym.Direction.ONE_WAY)
    statistics.refresh(get_index(Product))
    assert "brand:is:acme hats" in modes(find("acme hats"))
    assert "colour:is:red" in modes(find("scarlet bag"))


# Negations


@pytest.mark.parametrize("text", ["hat not black", "不要黑色的帽子", "hat except black", "帽子 not black"])
def test_a_value_that_is_not_wanted_is_left_out(text):
    found = find(text)
    assert modes(found)["colour:is_not:black"] == "strict"
    assert found.total > 0
    assert "black" not in {hit.object.colour for hit in found.hits}
    assert "black" in {hit.object.colour for hit in find("hat").hits}


def test_a_softened_negation_lowers():
    found = find("hat not black", modes={"colour:is_not:black": "soft"})
    colours = [hit.object.colour for hit in found.hits]
    assert "black" in colours
    assert colours.index("black") > find("hat").hits.__len__() // 3
    assert colours[0] != "black"


def test_words_that_are_not_wanted_lower_the_documents_that_have_them():
    word = "cotton"
    plain, found = find("T-shirt"), find("T-shirt without cotton", explain=True)
    assert found.interpretation.text == "T-shirt"
    assert modes(found)[f"words:is_not:{word}"] == "soft"
    before = {hit.object.sku: hit.score for hit in plain.hits}
    having = [hit for hit in found.hits if word in hit.object.title]
    assert having
    for hit in having:
        assert before[hit.object.sku] * 0.4 < hit.score < before[hit.object.sku]
        assert hit.explain["understood"]["contribution"] < 0
    strict = find("T-shirt without cotton", modes={"words:is_not:cotton": "strict"})
    assert not [hit for hit in strict.hits if word in f"{hit.object.title} {hit.object.description}"]
    assert strict.total > 0


def test_switched_off_everything_is_words():
    found = find("hat not black", modes=dict.fromkeys(modes(find("hat not black")), "off"))
    assert set(modes(found).values()) == {"off"}
    assert found.interpretation.text == "hat not black"
    assert skus(found) == skus(find("hat not black", understand=False))


def test_nothing_is_understood_where_the_shop_does_not_want_it(settings):
    settings.XSEARCH = {**WORDS_ONLY, "UNDERSTAND": False}
    assert find("hat under 30").interpretation.conditions == ()
    assert any(hit.object.price > 30 for hit in find("hat under 30").hits)


# Around it


def test_facets_are_counted_without_the_understood_limit_on_themselves():
    objects = Product.objects.all()
    strict = xsearch.search(objects, text="red hat", modes={"colour:is:red": "strict"})
    assert len(strict.facets["colour"]) > 1
    without = xsearch.search(objects, text="hat not black")
    assert "black" in {value.value for value in without.facets["colour"]}
    assert {hit.object.colour for hit in strict.hits} == {"red"}


def test_an_empty_query_is_still_refused():
    with pytest.raises(BadQuery):
        find("  ")


def test_a_failure_leaves_the_words(monkeypatch):
    def fail(*args):
        raise RuntimeError("broken")

    monkeypatch.setattr(meaning, "understand", fail)
    found = find("hat under 30")
    assert found.degraded == ["understanding"]
    assert found.total > 0


def queries(text, **options):
    find(text, **options)  # what is read once per process
    with CaptureQueriesContext(connection) as captured:
        find(text, **options)
    # Estimates of how many rows there are get old by the clock.
    return len([query for query in captured if not query["sql"].startswith("EXPLAIN")])


def test_understanding_costs_no_statement_of_its_own():
    plain = queries("red hat", understand=False)
    assert queries("red hat") == plain
    assert queries("red hat under 30") == plain
    # Synonyms of what is not wanted are looked up as those of what is.
    assert queries("hat without feathers") <= queries("hat", understand=False) + 1


def test_the_lexicon_is_read_once_for_a_vocabulary(monkeypatch):
    find("red hat")
    monkeypatch.setattr(values, "_new_lexicon", None)
    assert modes(find("红色帽子"))["colour:is:red"] == "soft"


def test_two_databases_or_schemas_share_no_lexicon():
    def lexicon(*scope):
        return values.lexicon_of([get_index(Product)], 1, list, scope)

    assert lexicon("default", "one") is lexicon("default", "one")
    assert lexicon("default", "one") is not lexicon("default", "two")
