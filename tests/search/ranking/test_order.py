"""What a search finds, in which order, and why, with an encoder whose every vector is known."""

import io

import numpy as np
import pytest
from django.db import connection, transaction
from PIL import Image

import xsearch
from shop.models import Brand, Category, Product, ProductPhoto
from tests.support.encoders import HashEncoder
from tests.support.searching import index_all
from xsearch.conf import DEFAULTS
from xsearch.indexing import mark
from xsearch.search import BadQuery, similar, suggest
from xsearch.search.vectors.calibration import forget_samples

pytestmark = pytest.mark.django_db

HASH = {
    "ENCODERS": {"hash": {"BACKEND": "tests.support.encoders.HashEncoder"}},
    "EMBEDDINGS": {"text": "hash", "image": "hash", "audio": None},
}


@pytest.fixture(autouse=True)
def _hash_encoder(settings):
    settings.XSEARCH = HASH
    forget_samples()


def photo_bytes(seed):
    noise = np.random.default_rng(seed).integers(0, 255, (24, 24, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).save(stream, "PNG")
    return stream.getvalue()


def add(sku, title, *, photo=None, photos=(), category=None, brand=None, **fields):
    product = Product(sku=sku, title=title, **fields)
    if category:
        product.category = Category.objects.get_or_create(name=category, defaults={"slug": category.lower()})[0]
    if brand:
        product.brand = Brand.objects.get_or_create(name=brand)[0]
    if photo is not None:
        product.photo.save(f"{sku}.png", io.BytesIO(photo_bytes(photo)), save=False)
    product.save()
    for seed in photos:
        row = ProductPhoto(product=product)
        row.image.save(f"{sku}-{seed}.png", io.BytesIO(photo_bytes(seed)))
    return product


@pytest.fixture
def catalogue():
    """Forty products of four categories, one photo each, two with further photos."""
    kinds = ["jacket", "mug", "guitar", "boot"]
    colours = ["red", "blue", "green", "black", "white"]
    for number in range(40):
        kind, colour = kinds[number % 4], colours[number % 5]
        add(
            f"P{number}",
            f"{colour.title()} {kind} model {number}",
            photo=number,
            photos=[100 + number] if number < 2 else [],
            category=kind.title(),
            colour=colour,
            price=10 + number,
            in_stock=number % 3 > 0,
        )
    assert index_all().failed == 0
    return Product.objects.all()


def titles(results):
    return [hit.object.title for hit in results.hits]


def test_all_words_in_the_title_come_before_some_of_them(catalogue):
    found = xsearch.search(catalogue, text="red jacket", page_size=10)
    assert {"Red", "jacket"} <= set(titles(found)[0].split())
    both = ["Red" in title and "jacket" in title for title in titles(found)]
    assert both == sorted(both, reverse=True)
    assert found.hits[0].matched_by == ["text"]


def test_rare_words_count_more_than_common_ones(catalogue):
    add("X1", "A theremin of brass")
    add("X2", "Some other model")
    index_all()
    found = xsearch.search(catalogue, text="theremin model", weights={"text:text": 0, "text:image": 0})
    assert titles(found)[0] == "A theremin of brass"


def test_chinese_words_find_chinese_titles(catalogue):
    wanted = add("Z1", "Dress", title_zh="红色连衣裙", description_zh="适合夏天穿的连衣裙")
    index_all()
    assert xsearch.search(catalogue, text="连衣裙").hits[0].object == wanted
    assert xsearch.search(catalogue, text="我要红色的裙子").hits[0].object == wanted


def test_a_photo_finds_the_product_that_has_it(catalogue):
    found = xsearch.search(catalogue, image=photo_bytes(17))
    assert found.hits[0].object.sku == "P17"
    assert found.hits[0].matched_by == ["image"]
    assert found.hits[0].score > 1.5 * found.hits[1].score


def test_a_further_photo_of_a_product_counts_like_the_main_one(catalogue):
    found = xsearch.search(catalogue, image=photo_bytes(101))
    assert found.hits[0].object.sku == "P1"


def test_a_photo_is_compared_with_words_only_where_there_is_no_photo(catalogue):
    add("W1", "Words only")
    index_all()
    found = xsearch.search(catalogue, image=photo_bytes(17), explain=True, page_size=50)
    for hit in found.hits:
        compared = {"image:image"} if hit.object.photo else {"image:text"}
        assert set(hit.explain) == compared


def test_a_crop_is_searched_instead_of_the_whole_photo(catalogue):
    canvas = Image.new("RGB", (48, 24), "white")
    canvas.paste(Image.open(io.BytesIO(photo_bytes(9))), (24, 0))
    stream = io.BytesIO()
    canvas.save(stream, "PNG")
    found = xsearch.search(catalogue, image=stream.getvalue(), crop=(0.5, 0, 0.5, 1))
    assert found.hits[0].object.sku == "P9"


def test_words_beside_a_photo_change_the_ranking(catalogue):
    plain = xsearch.search(catalogue, image=photo_bytes(4), page_size=40)
    mixed = xsearch.search(catalogue, image=photo_bytes(4), text="black boot", page_size=40)
    assert "P4" in [hit.object.sku for hit in mixed.hits]

    def places(results):
        return [n for n, hit in enumerate(results.hits) if "Black boot" in hit.object.title]

    assert places(mixed)
    assert max(places(mixed)) < min(places(plain), default=41)
    assert mixed.hits[0].matched_by == ["text"]


def test_scores_are_the_weighted_mean_of_calibrated_exact_similarities(catalogue, settings):
    settings.XSEARCH = {**HASH, "COMPOSITION": {"discount": 0, "strength": 0, "unsayable": 1, "words": 0}}
    found = xsearch.search(catalogue, image=photo_bytes(3), text="green boot", explain=True, page_size=40)
    encoder = HashEncoder()
    query = encoder.encode_batch("image", [Image.open(io.BytesIO(photo_bytes(3))).convert("RGB")])[0]
    for hit in found.hits:
        assert hit.score == pytest.approx(sum(part["contribution"] for part in hit.explain.values()), abs=1e-3)
        stored = Product.objects.values_list("image_embedding", flat=True).get(pk=hit.object.pk)
        photos = [np.asarray(stored)] + [np.asarray(p.image_embedding) for p in hit.object.photos.all()]
        cosine = max(float(query @ vector / np.linalg.norm(vector)) for vector in photos)
        assert hit.explain["image:image"]["similarity"] == pytest.approx(cosine, abs=2e-3)
    scores = [hit.score for hit in found.hits]
    assert scores == sorted(scores, reverse=True)


def test_without_explain_hits_carry_no_trace(catalogue):
    assert xsearch.search(catalogue, text="mug").hits[0].explain is None


def test_weights_switch_parts_off_and_reject_what_they_do_not_know(catalogue):
    by_words = xsearch.search(catalogue, image=photo_bytes(4), text="guitar", weights={"image": 0, "text:image": 0})
    assert all("guitar" in title for title in titles(by_words)[:10])
    by_photo = xsearch.search(catalogue, image=photo_bytes(4), text="guitar", weights={"text": 0})
    assert by_photo.hits[0].object.sku == "P4"
    for bad in ({"colour": 1}, {"text": -1}, {"text": "much"}, {"text": float("nan")}):
        with pytest.raises(BadQuery):
            xsearch.search(catalogue, text="mug", weights=bad)


@pytest.mark.parametrize(
    "narrow",
    [
        lambda products: products.filter(price__lt=20),
        lambda products: products.filter(category__name="Mug", in_stock=True),
        lambda products: products.filter(photos__isnull=False).distinct(),
        lambda products: products.order_by("-price")[:7],
        lambda products: products.filter(price__lt=15) | products.filter(price__gt=45),
        lambda products: products.filter(price__lt=15).union(products.filter(price__gt=45)),
        lambda products: products.only("title"),
    ],
)
def test_only_objects_of_the_queryset_are_found(catalogue, narrow):
    allowed = set(narrow(catalogue).values_list("pk", flat=True))
    for query in ({"text": "red mug"}, {"image": photo_bytes(2)}, {"text": "boot", "image": photo_bytes(2)}):
        found = xsearch.search(narrow(catalogue), **query, page_size=40)
        assert {hit.object.pk for hit in found.hits} <= allowed
        assert found.total <= len(allowed)


def test_an_empty_queryset_gives_an_empty_page(catalogue):
    found = xsearch.search(Product.objects.none(), text="red", image=photo_bytes(1))
    assert (found.hits, found.total) == ([], 0)
    assert xsearch.search(catalogue.filter(price__gt=10_000), text="red").hits == []


def test_pages_put_together_are_the_whole_ranking(catalogue):
    whole = xsearch.search(catalogue, text="red jacket", page_size=40)
    pages = [xsearch.search(catalogue, text="red jacket", page=page, page_size=5) for page in range(1, 9)]
    assert [hit.object.pk for page in pages for hit in page.hits] == [hit.object.pk for hit in whole.hits]
    assert {page.total for page in pages} == {whole.total} == {len(whole.hits)}
    assert xsearch.search(catalogue, text="red jacket", page=99).hits == []


def test_facets_count_the_results(catalogue):
    found = xsearch.search(catalogue, text="red jacket", page_size=40)
    for name, of in (("category", lambda o: o.category.pk), ("colour", lambda o: o.colour)):
        counted = {value.value: value.count for value in found.facets[name]}
        expected = {}
        for hit in found.hits:
            expected[of(hit.object)] = expected.get(of(hit.object), 0) + 1
        assert counted == expected
    assert list(xsearch.search(catalogue, text="mug", facets=["colour"]).facets) == ["colour"]
    assert xsearch.search(catalogue, text="mug", facets=None).facets == {}
    with pytest.raises(BadQuery, match="Declared: category, brand, colour"):
        xsearch.search(catalogue, text="mug", facets=["size"])


def test_facet_labels_speak_the_language_of_the_page(catalogue):
    from django.utils import translation

    Category.objects.filter(name="Mug").update(name_zh="马克杯")
    with translation.override("zh-hans"):
        facet = xsearch.search(catalogue, text="mug", facets=["category"]).facets["category"]
        colours = xsearch.search(catalogue, text="red mug", facets=["colour"]).facets["colour"]
    mugs = Category.objects.get(name="Mug")
    assert (mugs.pk, "马克杯") in [(value.value, value.label) for value in facet]
    assert ("red", "红色") in [(value.value, value.label) for value in colours]


def test_similar_products_leave_the_product_itself_out(catalogue):
    product = Product.objects.get(sku="P8")
    twin = add("T1", "Something else", photo=8)
    index_all()
    found = similar(catalogue, product)
    assert found.hits[0].object == twin
    assert product not in [hit.object for hit in found.hits]


def test_what_is_unlike_sinks(catalogue):
    product, twin = Product.objects.get(sku="P8"), add("T1", "Something else", photo=8)
    index_all()
    liked = xsearch.search(catalogue, image=photo_bytes(8), page_size=40)
    assert twin in [hit.object for hit in liked.hits[:2]]
    unliked = xsearch.search(catalogue, image=photo_bytes(8), unlike=[product], page_size=40)
    assert twin not in [hit.object for hit in unliked.hits[:2]]


@pytest.mark.parametrize("bad", [{}, {"text": ""}, {"text": " \t\x00\x07 "}])
def test_nothing_to_search_for_is_a_bad_query(catalogue, bad):
    with pytest.raises(BadQuery, match="Nothing to search for"):
        xsearch.search(catalogue, **bad)


@pytest.mark.parametrize(
    "text",
    [
        "'; DROP TABLE shop_product; --",
        "red & !jacket | (boot <-> ):*",
        "':*' \\' \\\\ ''",
        "🧥🔴👢",
        "red\x00jacket\x1b[31m",
        "the and of",
        "%_%",
        "\u202e\u200b\ufeff",
        "a" * 500,
        "1" * 400,
        "ＲＥＤ ｊａｃｋｅｔ",
        "İstanbul ﬁ ß Ω",
        "\ud800",
    ],
)
def test_any_text_gets_an_answer(catalogue, text):
    try:
        found = xsearch.search(catalogue, text=text)
    except BadQuery as error:
        assert "Nothing to search for" in str(error)  # noqa: PT017 - nothing but spaces is left of it
    else:
        assert found.total >= 0
    assert Product.objects.count() == 40


def test_too_long_a_text_is_a_bad_query(catalogue):
    with pytest.raises(BadQuery, match="10000 characters"):
        xsearch.search(catalogue, text="x" * 10_000)


@pytest.mark.parametrize("page", [{"page": 0}, {"page": -3}, {"page_size": 0}, {"page_size": 101}])
def test_pages_out_of_bounds_are_bad_queries(catalogue, page):
    with pytest.raises(BadQuery, match="page"):
        xsearch.search(catalogue, text="red", **page)


def test_a_model_that_fails_leaves_the_words_working(catalogue, settings):
    broken = {"BACKEND": "tests.support.encoders.BrokenEncoder"}
    from xsearch.models import EncoderSpace

    EncoderSpace.objects.update(spec=broken)
    settings.XSEARCH = {**HASH, "ENCODERS": {"hash": broken}}
    found = xsearch.search(catalogue, text="red jacket")
    assert {"Red", "jacket"} <= set(titles(found)[0].split())
    assert set(found.degraded) == {"text:text", "text:image"}


def test_a_column_of_the_wrong_dimension_is_left_out(catalogue):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname FROM pg_indexes WHERE tablename = 'shop_product' AND indexdef LIKE '%image_embedding%'"
        )
        cursor.execute(f'DROP INDEX "{cursor.fetchone()[0]}"')
        cursor.execute("UPDATE shop_product SET image_embedding = '[1,2,3]' WHERE sku = 'P5'")
    found = xsearch.search(catalogue, text="red jacket")
    assert {"Red", "jacket"} <= set(titles(found)[0].split())
    assert found.degraded == ["text:image"]


@pytest.mark.django_db(transaction=True)  # an index is not used by the transaction that made it
def test_nearest_neighbours_by_the_vector_index_are_those_of_an_exact_scan(catalogue):
    from xsearch.search.expressions import CosineDistance

    vector = HashEncoder().encode_batch("text", ["anything"])[0]
    nearest = Product.objects.order_by(CosineDistance("image_embedding", vector)).values_list("pk", flat=True)[:10]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        assert "Index Scan using xsearch_" in nearest.explain()
        by_index = list(nearest)
    rows = Product.objects.values_list("pk", "image_embedding")
    exact = sorted(rows, key=lambda row: -float(vector @ np.asarray(row[1]) / np.linalg.norm(row[1])))
    assert by_index == [pk for pk, _ in exact[:10]]


def test_a_product_deleted_since_it_was_ranked_is_not_shown(catalogue, monkeypatch):
    from xsearch.search.ranking import hits

    fuse = hits.fuse

    def fuse_then_delete(*args, **options):
        ranked = fuse(*args, **options)
        Product.objects.filter(pk=ranked.keys[0]).delete()
        return ranked

    monkeypatch.setattr(hits, "fuse", fuse_then_delete)
    found = xsearch.search(catalogue, text="red jacket")
    assert found.hits
    assert all(Product.objects.filter(pk=hit.object.pk).exists() for hit in found.hits)


def test_products_that_changed_are_found_by_their_new_words_only(catalogue):
    Product.objects.filter(sku="P0").update(title="Violet theremin")
    mark(Product.objects.filter(sku="P0"))
    index_all()
    assert xsearch.search(catalogue, text="theremin").hits[0].object.sku == "P0"
    lexical_only = xsearch.search(catalogue, text="model", weights={"text:text": 0, "text:image": 0})
    assert "P0" not in [hit.object.sku for hit in lexical_only.hits]


def test_suggestions_complete_the_beginning_of_words(catalogue):
    assert all(name.lower().startswith("red") for name in suggest(catalogue, "re", limit=5))
    assert any("guitar" in title for title in suggest(catalogue, "gui"))
    assert suggest(catalogue, "") == suggest(catalogue, "\x00") == suggest(catalogue, "%") == []


def test_a_model_that_is_not_registered_says_so():
    with pytest.raises(LookupError, match="not registered with xsearch"):
        xsearch.search(Brand.objects.all(), text="x")


class TestLargeCatalogues:
    """What is found by walking the vector indexes is what scoring every row finds."""

    @pytest.fixture(autouse=True)
    def _always_walk(self, settings, catalogue):
        self.every_row = dict(settings.XSEARCH)
        self.walk = {**HASH, "EXACT_ROWS": 0}

    @pytest.mark.parametrize(
        "filters",
        [
            {},
            {"colour": "red"},
            {"price_max": 12},
            {"in_stock": True, "price_min": 20},
            {"category": "Mug"},
            {"price_min": 999},
        ],
    )
    def test_both_find_the_same(self, catalogue, settings, filters):
        for query in (
            {"text": "red jacket"},
            {"image": photo_bytes(7)},
            {"image": photo_bytes(7), "text": "black boot"},
        ):
            found = []
            for settings.XSEARCH in (self.every_row, self.walk):
                results = xsearch.search(catalogue, **query, filters=filters, page_size=40)
                found.append(([(hit.object.pk, hit.score) for hit in results.hits], results.total, results.facets))
            assert found[0] == found[1]

    def test_a_walk_that_meets_too_few_is_done_again_without_the_index(self, catalogue, settings):
        settings.XSEARCH = {**self.walk, "CANDIDATES": 1}
        found = xsearch.search(catalogue, image=photo_bytes(39), filters={"price_min": 49}, facets=None)
        assert [hit.object.sku for hit in found.hits] == ["P39"]

    def test_few_that_pass_among_many_are_sorted_at_once(self, catalogue, settings, monkeypatch):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        from xsearch.search import table_statistics

        settings.XSEARCH = {**HASH, "EXACT_ROWS": 3_000}
        monkeypatch.setattr(table_statistics, "estimated_table_rows", lambda _context, _table: 1_000_000)
        found = []
        for rows, walks in ((10_000, False), (100_000, True)):
            monkeypatch.setattr(table_statistics, "estimated_rows", lambda _objects, rows=rows: rows)
            with CaptureQueriesContext(connection) as statements:
                hits = xsearch.search(catalogue, image=photo_bytes(7), filters={"in_stock": True}).hits
            assert any("hnsw.ef_search" in statement["sql"] for statement in statements) == walks
            found.append([(hit.object.pk, hit.score) for hit in hits])
        assert found[0] == found[1]

    def test_a_filtered_walk_through_more_rows_has_more_in_sight(self, settings):
        from xsearch.search.retrieval.candidates import _plan_index_scan as plan

        settings.XSEARCH = HASH
        sights = [plan(int(rows / 10), share=0.1).ef_search for rows in (50_000, 100_000, 1_000_000, 10**9)]
        assert sights == [100, 100, 251, 1_000]
        assert plan(1_000_000, share=1.0).ef_search == plan(100_000, share=1.0).ef_search

    def test_more_rows_than_estimated_are_walked_after_all(self, catalogue, settings, monkeypatch):
        from xsearch.search import table_statistics

        settings.XSEARCH = {**HASH, "EXACT_ROWS": 5}
        monkeypatch.setattr(table_statistics, "estimated_rows", lambda _objects: 1)
        assert xsearch.search(catalogue, image=photo_bytes(7)).hits[0].object.sku == "P7"


@pytest.mark.parametrize("large", [{}, {"EXACT_ROWS": 0, "CANDIDATES": 5, "MATCHES": 5}])
def test_nonsense_yields_the_nearest_that_there_is_and_says_so(catalogue, settings, large):
    settings.XSEARCH = {**HASH, **large}
    found = xsearch.search(catalogue, text="asdfgh", filters={"in_stock": True})
    assert not found.is_close
    assert 0 < found.total == len(found.hits) <= 12
    assert all(hit.object.in_stock for hit in found.hits)
    assert found.total_is_exact
    settings.XSEARCH = {**settings.XSEARCH, "EMBEDDINGS": {"text": None, "image": None, "audio": None}}
    found = xsearch.search(catalogue, text="jaddet", explain=True)
    assert not found.is_close
    assert found.corrected is None
    assert found.total_is_exact
    assert 0 < found.total <= 12
    assert "jacket" in found.hits[0].object.title.lower()
    assert found.hits[0].score < DEFAULTS["CUT_OFF"]
    assert found.hits[0].explain["lexical"]["words"]["jacket"]
    for text in ("jacket", "P8"):
        assert xsearch.search(catalogue, text=text).is_close
        assert xsearch.search(catalogue, text=text, filters={"category": "Mug"}).total == 0, "it is only filtered out"
    assert xsearch.search(catalogue, text="jaddet", filters={"category": "Jacket"}).total > 0


def test_nothing_is_like_an_example_that_is_unlike_all(catalogue, settings):
    settings.XSEARCH = {**HASH, "CUT_OFF": 0.99}
    assert not xsearch.search(catalogue, like=[Product.objects.first()]).hits
    assert xsearch.search(catalogue, image=photo_bytes(3)).hits


def test_a_facet_is_counted_without_the_filter_on_itself(catalogue):
    free = xsearch.search(catalogue, text="jacket")
    chosen = xsearch.search(catalogue, text="jacket", filters={"colour": "red", "category": "Jacket"})
    assert {hit.object.colour for hit in chosen.hits} == {"red"}
    in_category = xsearch.search(catalogue, text="jacket", filters={"category": "Jacket"})
    assert chosen.facets["colour"] == in_category.facets["colour"]
    assert len(chosen.facets["colour"]) > 1
    in_colour = xsearch.search(catalogue, text="jacket", filters={"colour": "red"})
    assert chosen.facets["category"] == in_colour.facets["category"]
    assert free.total >= in_category.total > chosen.total


def test_variants_of_one_product_are_one_result(catalogue, monkeypatch):
    from xsearch.index.registry import get_index

    plain = xsearch.search(catalogue, text="red jacket", page_size=40)
    monkeypatch.setattr(get_index(Product), "group_by", "category")
    found = xsearch.search(catalogue, text="red jacket", page_size=40)
    kinds = [hit.object.category_id for hit in found.hits]
    assert found.total == len(kinds) == len(set(kinds))
    assert found.hits[0].object == plain.hits[0].object
    of_kind = [hit for hit in plain.hits if hit.object.category_id == kinds[0]]
    assert found.hits[0].variants == len(of_kind) - 1
    assert {value.count for value in found.facets["category"]} == {1}
    alone = add("N1", "Red jacket all alone")
    index_all()
    found = xsearch.search(catalogue, text="red jacket all alone", page_size=40)
    assert (found.hits[0].object, found.hits[0].variants) == (alone, 0)


@pytest.mark.parametrize("method", ["rrf", "cosine"])
def test_other_fusions_show_the_same_objects_in_another_order(catalogue, settings, method):
    calibrated = xsearch.search(catalogue, image=photo_bytes(4), text="black boot", page_size=40)
    settings.XSEARCH = {**HASH, "FUSION": method}
    other = xsearch.search(catalogue, image=photo_bytes(4), text="black boot", page_size=40, explain=True)
    assert {hit.object.pk for hit in other.hits} == {hit.object.pk for hit in calibrated.hits}
    scores = [hit.score for hit in other.hits]
    assert scores == sorted(scores, reverse=True)
    for hit in other.hits:
        assert hit.score == pytest.approx(max(sum(part["contribution"] for part in hit.explain.values()), 0), abs=1e-3)


@pytest.mark.parametrize(
    ("query", "most"),
    [({"text": "red jacket"}, 15), ({"image": photo_bytes(7)}, 10), ({"image": photo_bytes(7), "text": "red"}, 15)],
)
@pytest.mark.parametrize("walking", [0, 3])
def test_a_search_needs_few_round_trips(catalogue, settings, django_assert_max_num_queries, query, most, walking):
    settings.XSEARCH = {**HASH, "EXACT_ROWS": 0 if walking else 3000}
    xsearch.search(catalogue, **query)  # what is read once per process
    with django_assert_max_num_queries(most + walking):
        xsearch.search(catalogue, **query, filters={"in_stock": True})


def test_to_look_at_everything_takes_twice_as_many(catalogue, settings, django_assert_max_num_queries):
    settings.XSEARCH = {**HASH, "EXACT_ROWS": 0}
    query = {"image": photo_bytes(3), "filters": {"in_stock": True}}
    assert not xsearch.search(catalogue, **query).is_close  # which is out of stock
    with django_assert_max_num_queries(24):
        xsearch.search(catalogue, **query)
