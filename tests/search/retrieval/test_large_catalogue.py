"""What a search of more objects than it scores says of those that it did not look at: totals, facets, later pages."""

import pickle
from dataclasses import replace

import pytest
from django.db import OperationalError
from django.template import Context
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import xsearch
from shop.models import Product, StylePost
from tests.search.ranking.test_order import HASH, catalogue, photo_bytes  # noqa: F401
from xsearch.search import table_statistics
from xsearch.search.ranking import hits
from xsearch.search.ranking.fusion import fuse
from xsearch.search.retrieval import candidates
from xsearch.search.retrieval import retrieve as retrieval
from xsearch.search.retrieval.candidates import Candidates
from xsearch.search.retrieval.retrieve import retrieve
from xsearch.search.vectors.calibration import forget_samples
from xsearch.search.vectors.live import SpaceSwapped
from xsearch.templatetags.xsearch import xsearch_results_content
from xsearch.widgets.query import PageQuery

pytestmark = pytest.mark.django_db

SMALL = {**HASH, "CUT_OFF": 0.01}
#: As if forty products were too many to score them all: the nearest five and the best five by words are candidates.
LARGE = {**SMALL, "EXACT_ROWS": 0, "CANDIDATES": 5, "MATCHES": 5}
QUERY = {"text": "red jacket", "image": photo_bytes(4)}
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "category": st.sampled_from(["Jacket", "Mug"]),
        "colour": st.lists(st.sampled_from(["red", "green", "black"]), min_size=1, unique=True),
        "price_min": st.integers(5, 50),
        "in_stock": st.booleans(),
    },
)


@pytest.fixture(autouse=True)
def _large(settings):
    settings.XSEARCH = LARGE
    forget_samples()


def ids(results):
    return [hit.object.pk for hit in results.hits]


def test_a_total_that_does_not_count_all_says_so(catalogue):  # noqa: F811
    found = xsearch.search(catalogue, **QUERY, page_size=5, exact=False)
    assert not found.total_is_exact
    assert found.total_text == f"{found.total}+"
    assert found.has_next


@pytest.mark.parametrize("filters", [{}, {"colour": ["red", "green"]}, {"price_min": 6, "category": "Jacket"}])
def test_total_and_facets_are_those_of_a_search_that_scores_everything(catalogue, settings, filters):  # noqa: F811
    found = [
        search(catalogue, **query, filters=filters, page_size=5, exact=exact)
        for exact in (None, True)
        for search, query in ((xsearch.search, QUERY), (_search_all, {**QUERY, "only": ["shop.Product"]}))
    ]
    counted = [(each.total, each.total_is_exact, each.total_text, each.facets) for each in found]
    settings.XSEARCH = SMALL
    brute = xsearch.search(catalogue, **QUERY, filters=filters, page_size=5)
    assert brute.total > 1
    assert counted == [(brute.total, True, f"{brute.total}", brute.facets)] * 4


def _search_all(objects, **query):
    return xsearch.search_all([objects, StylePost.objects.all()], **query)


def test_all_is_looked_at_when_a_number_is_read_and_only_once(catalogue, monkeypatch):  # noqa: F811
    looks = []
    monkeypatch.setattr(
        hits,
        "retrieve",
        lambda *args, **how: looks.append(how["full_scan"]) or retrieve(*args, **how),
    )
    found = xsearch.search(catalogue, **QUERY, page_size=5)
    assert (len(found.hits), found.has_next, looks) == (5, True, [False])
    before, took_ms = ids(found), found.took_ms
    stored = pickle.loads(pickle.dumps(found))
    assert looks == [False, True]
    assert found.took_ms > took_ms
    assert (stored.total, stored.facets, ids(stored)) == (found.total, found.facets, before)
    assert stored.took_ms == found.took_ms
    assert looks == [False, True]


def test_what_cannot_be_compared_any_more_counts_the_likely(catalogue, monkeypatch):  # noqa: F811
    options = {"page_size": 5, "filters": {"in_stock": True}}
    found, least = (xsearch.search(catalogue, **QUERY, **options, exact=exact) for exact in (None, False))

    def swapped(*_args, **_how):
        raise SpaceSwapped("image:image")

    monkeypatch.setattr(hits, "retrieve", swapped)
    assert (found.total_text, found.facets) == (least.total_text, least.facets)
    assert found.total_text.endswith("+")


def test_all_variants_of_what_is_shown_are_counted(catalogue, settings, monkeypatch):  # noqa: F811
    monkeypatch.setattr(xsearch.index.registry.get_index(Product), "group_by", "colour")
    monkeypatch.setattr(table_statistics, "estimated_rows", lambda objects: objects.count())
    settings.XSEARCH = {**LARGE, "EXACT_ROWS": 20}
    found = [xsearch.search(catalogue, **QUERY, page_size=2, page=page).hits for page in (1, 2)]
    settings.XSEARCH = SMALL
    brute = {hit.object.colour: hit.variants for hit in xsearch.search(catalogue, **QUERY, page_size=40).hits}
    assert [[hit.variants for hit in hits] for hits in found] == [
        [brute[hit.object.colour] for hit in hits] for hits in found
    ]
    assert min(brute.values()) > 1


@pytest.mark.parametrize("several", [False, True])
def test_where_the_database_cannot_count_all_the_likely_are_and_the_answer_says_so(catalogue, monkeypatch, several):  # noqa: F811
    search, query = (_search_all, {**QUERY, "only": ["shop.Product"]}) if several else (xsearch.search, QUERY)
    found, least = (search(catalogue, **query, page_size=5, exact=exact) for exact in (None, False))

    def run(branches):
        raise OperationalError("canceling statement due to statement timeout")

    with monkeypatch.context() as broken:
        broken.setattr(candidates, "_run", run)
        assert (found.total_text, found.facets) == (least.total_text, least.facets)
    assert not found.total_is_exact
    assert (found.degraded, found.has_next) == (["total"], True)


def test_pages_of_what_is_only_not_wanted_go_on_where_the_first_ones_end(catalogue):  # noqa: F811
    Product.objects.filter(colour="red").update(colour="")  # which titles alone say then
    shown, page = [], xsearch.search(catalogue, text="not red", page_size=4)
    while page.hits:
        shown += ids(page)
        page = xsearch.search(catalogue, text="not red", page=page.page + 1, page_size=4)
    assert len(shown) == len(set(shown)) == page.total > 5


def test_a_facet_that_leaves_out_its_filter_is_counted_exactly_too(catalogue, settings, monkeypatch):  # noqa: F811
    settings.XSEARCH = {**LARGE, "EXACT_ROWS": 12}
    monkeypatch.setattr(table_statistics, "estimated_rows", lambda objects: objects.count())
    query = {"filters": {"colour": "red"}, "page_size": 3}
    found, least = (xsearch.search(catalogue, **QUERY, **query, exact=exact) for exact in (None, False))
    assert (least.total_is_exact, least.is_final) == (True, False), "all that are red were scored, not all others"
    settings.XSEARCH = SMALL
    brute = xsearch.search(catalogue, **QUERY, **query)
    assert (found.total, found.is_final, found.facets) == (brute.total, True, brute.facets)
    assert least.facets != brute.facets


@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(filters=FILTERS, size=st.integers(1, 9))
def test_pages_show_each_result_once_and_all_of_them(catalogue, settings, filters, size):  # noqa: F811
    settings.XSEARCH = LARGE
    shown, page = [], xsearch.search(catalogue, **QUERY, filters=filters, page_size=size)
    while page.hits:
        shown += ids(page)
        page = xsearch.search(catalogue, **QUERY, filters=filters, page=page.page + 1, page_size=size)
    settings.XSEARCH = SMALL
    assert len(shown) == len(set(shown))
    assert sorted(shown) == sorted(ids(xsearch.search(catalogue, **QUERY, filters=filters, page_size=100)))


def test_a_later_page_does_not_reorder_what_the_first_one_showed(catalogue):  # noqa: F811
    first = xsearch.search(catalogue, **QUERY, page_size=5)
    assert ids(xsearch.search(catalogue, **QUERY, page_size=40))[:5] == ids(first)
    assert ids(xsearch.search(catalogue, **QUERY, page_size=5, exact=True)) == ids(first)


def test_more_than_may_be_scored_end_with_the_candidates(catalogue, settings):  # noqa: F811
    settings.XSEARCH = {**LARGE, "SCORED_ROWS": 10}
    found = xsearch.search(catalogue, **QUERY, page_size=40, exact=True)
    assert not found.total_is_exact
    assert 0 < found.total == len(found.hits) < Product.objects.count()


def test_more_than_may_be_scored_are_looked_at_once_and_not_counted_again(catalogue, settings, monkeypatch):  # noqa: F811
    looks = []
    monkeypatch.setattr(
        hits,
        "retrieve",
        lambda *args, **how: looks.append(how["full_scan"]) or retrieve(*args, **how),
    )
    query = PageQuery(xsearch.index.registry.get_index(Product), {"q": QUERY["text"]})
    for scored_rows, is_final, seen in ((100, False, [False, True]), (10, True, [False])):
        settings.XSEARCH = {**LARGE, "SCORED_ROWS": scored_rows}
        found = xsearch.search(catalogue, **QUERY, page_size=5, facets=None, exact=False)
        assert (found.is_final, found.total_is_exact) == (is_final, False)
        assert xsearch_results_content(Context({"results": found, "query": query}))["is_counted"] is is_final
        looks.clear()
        xsearch.search(catalogue, **QUERY, page_size=40, facets=None)
        assert looks == seen


def test_the_page_says_that_there_are_more_and_leads_to_them(catalogue):  # noqa: F811
    found = xsearch.search(catalogue, **QUERY, page_size=5, exact=False)
    query = PageQuery(xsearch.index.registry.get_index(Product), {"q": QUERY["text"]})
    shown = xsearch_results_content(Context({"results": found, "query": query}))
    assert shown["next"].endswith("page=2")
    assert shown["results"].total_text.endswith("+")


def test_a_total_is_known_where_no_other_object_can_reach_the_cut_off_unless_a_walk_missed_it(
    catalogue,  # noqa: F811
    settings,
    monkeypatch,
):
    settings.XSEARCH = {**LARGE, "CUT_OFF": 0.5}
    for is_exact in (False, True):
        found = xsearch.search(catalogue, image=photo_bytes(7), exact=is_exact)
        assert (found.total, found.total_is_exact, found.has_next) == (1, is_exact, False)
    walk = candidates._plan_index_scan
    monkeypatch.setattr(
        candidates, "_plan_index_scan", lambda *args, **share: replace(walk(*args, **share), ef_search=0)
    )
    found = xsearch.search(catalogue, image=photo_bytes(7))
    assert (found.total, found.total_is_exact) == (1, True), "sorting misses none"


def test_words_that_few_have_are_counted_exactly(catalogue, settings):  # noqa: F811
    settings.XSEARCH = {**LARGE, "EMBEDDINGS": {"text": None, "image": None, "audio": None}}
    few, many = (xsearch.search(catalogue, text=text, facets=None) for text in ("model 17", "jacket"))
    assert few.total_is_exact
    assert many.total == 10


WEIGHTS = st.dictionaries(st.sampled_from(["lexical", "text:text", "text:image", "image", "like"]), st.floats(0, 2))


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    text=st.sampled_from([None, "red jacket", "model 17", "boot not black", "zzzz"]),
    seed=st.none() | st.integers(0, 41),
    liked=st.booleans(),
    weights=WEIGHTS,
    cut_off=st.sampled_from([0.0, 0.05, 0.12, 0.3, 0.5]),
    columns=st.sampled_from(["text", "image", "both"]),
)
def test_rows_that_cannot_reach_the_cut_off_are_left_out_and_no_others(
    catalogue,  # noqa: F811
    settings,
    monkeypatch,
    text,
    seed,
    liked,
    weights,
    cut_off,
    columns,
):
    embeddings = {name: "hash" if columns in (name, "both") else None for name in ("text", "image")}
    settings.XSEARCH = {**HASH, "CUT_OFF": cut_off, "EMBEDDINGS": embeddings | {"audio": None}}
    first, last = Product.objects.order_by("pk").first(), Product.objects.order_by("pk").last()
    query = {"text": text, "image": None if seed is None else photo_bytes(seed), "weights": weights, "explain": True}
    query |= {"like": [first], "unlike": [last]} if liked or not (text or query["image"]) else {}

    def found():
        results = xsearch.search(catalogue, **query, page_size=100)
        return [(hit.object.pk, hit.score, hit.explain) for hit in results.hits], results.total, results.facets

    with monkeypatch.context() as patched:
        patched.setattr(retrieval, "_WORTH_ANOTHER_LOOK", 0)
        pruned = found()
        patched.setattr(hits, "similarity_thresholds", lambda *_: {})
        assert found() == pruned


def test_of_many_rows_the_database_returns_only_those_that_may_be_shown(catalogue, settings, monkeypatch):  # noqa: F811
    settings.XSEARCH = {**LARGE, "CUT_OFF": 0.2}
    monkeypatch.setattr(retrieval, "_WORTH_ANOTHER_LOOK", 0)
    seen = []
    monkeypatch.setattr(
        hits,
        "fuse",
        lambda context, compiled, found, *args, **options: (
            seen.append(found) or fuse(context, compiled, found, *args, **options)
        ),
    )
    found = xsearch.search(catalogue, image=photo_bytes(7), exact=True)
    assert found.total <= len(seen[-1]) < Product.objects.count()


def test_what_a_walk_through_an_index_misses_is_found_before_nothing_is_said_to_be_close(
    catalogue,  # noqa: F811
    settings,
    monkeypatch,
):
    settings.XSEARCH = SMALL
    lost, *_, one, other = ids(xsearch.search(catalogue, image=photo_bytes(7), page_size=40))
    settings.XSEARCH = LARGE
    monkeypatch.setattr(
        retrieval,
        "find_candidates",
        lambda *_: Candidates([one, other], {"image:image": [one, other]}),
    )
    for options in ({"page_size": 3}, {"page_size": 24}, {"exact": True}):
        found = xsearch.search(catalogue, image=photo_bytes(7), **options)
        assert (ids(found)[0], found.is_close) == (lost, True), options
    pages = [xsearch.search(catalogue, image=photo_bytes(7), page_size=3, page=page) for page in (1, 2)]
    together = xsearch.search(catalogue, image=photo_bytes(7), page_size=6)
    assert [key for page in pages for key in ids(page)] == ids(together)


@pytest.mark.parametrize(("found", "walks_again"), [(3, False), (2, True)])
def test_a_walk_that_finds_half_is_enough_but_does_not_count_as_all(catalogue, monkeypatch, found, walks_again):  # noqa: F811
    asked = []
    # What the database knows of a table that was filled a moment ago depends on when it last looked.
    monkeypatch.setattr(table_statistics, "estimated_rows", lambda _objects: len(catalogue))

    def run(branches):
        asked.append(branches)
        return [rows[:found] if len(asked) == 1 else rows for rows in find(branches)]

    find = candidates._run
    monkeypatch.setattr(candidates, "_run", run)
    results = xsearch.search(catalogue, image=photo_bytes(7), filters={"price_min": 6}, page_size=2, exact=False)
    assert any(branch.object_key == "pk" for branches in asked[1:] for branch in branches) == walks_again
    assert not results.total_is_exact
    assert results.hits[0].object.sku == "P7"


@pytest.mark.parametrize("fusion", ["rrf", "cosine"])
@pytest.mark.parametrize(("text", "seed"), [("red jacket", 4), ("red jacket", None), ("green boot", 7), (None, 9)])
def test_later_pages_go_on_in_the_order_of_the_first_whatever_the_fusion(catalogue, settings, fusion, text, seed):  # noqa: F811
    settings.XSEARCH = {**LARGE, "FUSION": fusion}
    query = {"text": text, "image": None if seed is None else photo_bytes(seed)}
    for size in (1, 4):
        shown, page = [], xsearch.search(catalogue, **query, page_size=size)
        while page.hits:
            shown += ids(page)
            page = xsearch.search(catalogue, **query, page=page.page + 1, page_size=size)
        assert len(shown) == len(set(shown))
        assert set(shown) == set(ids(xsearch.search(catalogue, **query, page_size=100, exact=True)))
