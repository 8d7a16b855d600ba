"""The pages of the demonstration shop: what they show, in both languages, without JavaScript, and safely."""

import gettext
import io
import json
import re
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from shop.models import Brand, Category, Product, ProductPhoto
from shop.templatetags.shop import attribute_rows, price
from tests.support import ROOT
from xsearch.index.registry import get_index
from xsearch.indexing import index_pending

pytestmark = pytest.mark.django_db
LOCALE = ROOT / "shop" / "locale" / "zh_Hans" / "LC_MESSAGES"


def picture(colour="red", size=(64, 64)):
    stream = io.BytesIO()
    Image.new("RGB", size, colour).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture(autouse=True)
def _catalogue_in_tmp(settings, tmp_path):
    settings.CATALOGUE_DIR = tmp_path / "catalogue"


@pytest.fixture
def samples(settings):
    """One customer photo, listed as the demo catalogue lists it, and one file that is not listed."""
    folder = settings.CATALOGUE_DIR
    (folder / "customer_photos").mkdir(parents=True)
    (folder / "customer_photos" / "bag.jpg").write_bytes(picture())
    (folder / "customer_photos" / "secret.jpg").write_bytes(picture())
    listing = {"id": "p1", "image": "customer_photos/bag.jpg", "relevant": {"B1": 1}}
    (folder / "photo_queries.jsonl").write_text(json.dumps(listing) + "\n")
    return folder


@pytest.fixture
def bag():
    bags = Category.objects.create(name="Bags", name_zh="箱包", slug="bags")
    product = Product(
        sku="B1",
        title="Red canvas bag",
        title_zh="红色帆布包",
        description="Holds a lot.",
        description_zh="很能装。",
        category=bags,
        brand=Brand.objects.create(name="Open Road"),
        colour="red",
        price=Decimal("1249.5"),
        attributes={"material": "canvas", "material_zh": "帆布", "sizes": ["S", "M"], "washable": True, "x_zh": "no"},
    )
    product.photo.save("bag.png", ContentFile(picture()), save=False)
    product.sound.save("bag.wav", ContentFile(b"RIFF" + bytes(96)), save=False)
    product.save()
    other = ProductPhoto(product=product)
    other.image.save("bag2.png", ContentFile(picture("maroon")))
    return product


class Page(HTMLParser):
    """What matters of a page: its tags, and the scripts and styles that stand in it."""

    def __init__(self, response):
        super().__init__()
        self.tags = []
        self.inline = []
        self.feed(response.content.decode())

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        handlers = [name for name in attributes if name.startswith("on") or name == "style"]
        is_code = tag == "script" and "src" not in attributes and attributes.get("type") != "application/json"
        if handlers or tag == "style" or is_code:
            self.inline.append((tag, attributes))

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def content(response):
    """Return what a file response sends, and close it as a web server would."""
    assert response.status_code == 200
    sent = b"".join(response.streaming_content)
    response.close()
    return sent


def pages(product):
    return ["/", "/search/", "/search/?q=bag", product.get_absolute_url(), "/categories/", "/category/bags/", "/about/"]


def test_the_start_page_shows_categories_products_and_photos_to_try(client, bag, samples):
    response = client.get("/")
    text = response.content.decode()
    assert "Red canvas bag" in text
    assert "$1,249.50" in text
    assert 'href="/category/bags/"' in text
    assert 'href="/search/?sample=bag.jpg"' in text
    assert "secret.jpg" not in text


def test_photos_to_try_are_offered_only_where_their_products_are_sold(client, samples):
    Product.objects.create(sku="other", title="Other")
    assert client.get("/").context["samples"] == []


def test_an_empty_shop_says_how_to_fill_it(client):
    response = client.get("/")
    assert response.status_code == 200
    assert "load_catalogue FILE.jsonl" in response.content.decode()
    assert client.get("/categories/").status_code == 200


def test_a_product_page_shows_all_there_is(client, bag):
    text = client.get(bag.get_absolute_url()).content.decode()
    for expected in ("Open Road", "Holds a lot.", "$1,249.50", "In stock", bag.photo.url, bag.sound.url, "S · M"):
        assert expected in text, expected
    assert bag.photos.get().image.url in text
    assert "/search/?photo_of=B1" in text


def test_a_product_with_nothing_but_a_title_has_a_page(client):
    bare = Product.objects.create(sku="a/b c?", title="Bare", in_stock=False)
    response = client.get(bare.get_absolute_url())
    assert "Sold out" in response.content.decode()
    assert "No photo yet" in response.content.decode()


@pytest.mark.parametrize(
    "address", ["/product/none/", "/category/none/", "/product/a%00b/", "/category/a%00b/", "/nope"]
)
def test_what_does_not_exist_is_a_page_that_says_so(client, bag, address):
    response = client.get(address)
    assert response.status_code == 404
    assert "This page does not exist." in response.content.decode()


def test_text_of_a_product_never_becomes_markup(client):
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    shelf = Category.objects.create(name=evil[:100], slug="evil")
    brand = Brand.objects.create(name=evil[:90])
    product = Product.objects.create(
        sku="x", title=evil, description=evil, category=shelf, brand=brand, colour=evil[:50], attributes={evil: evil}
    )
    for address in ("/", product.get_absolute_url(), "/category/evil/", "/categories/", "/search/?q=" + evil):
        response = client.get(address)
        assert Page(response).inline == []
        assert "<script>alert" not in response.content.decode()


def test_a_category_is_ordered_filtered_and_paged(client, bag):
    for number in range(30):
        colour = "blue" if number % 2 else "green"
        Product.objects.create(sku=f"n{number}", title="Bag", category=bag.category, colour=colour, price=number)
    listed = client.get("/category/bags/?sort=cheap").context["page"]
    assert [product.price for product in listed][:3] == [0, 1, 2]
    assert len(listed) == 24
    assert len(client.get("/category/bags/?page=2").context["page"]) == 7
    blue = client.get("/category/bags/?colour=blue")
    assert {product.colour for product in blue.context["page"]} == {"blue"}
    assert 'href="?colour=blue&amp;sort=cheap"' in blue.content.decode()


@pytest.mark.parametrize("query", ["page=0", "page=x", "page=-4", "sort=%00", "colour=%00", "colour=zebra", "sort=id;"])
def test_nonsense_in_the_address_of_a_category_is_ignored(client, bag, query):
    assert len(client.get(f"/category/bags/?{query}").context["page"]) == 1


def test_categories_in_chinese_script_have_pages(client):
    shelf = Category.objects.create(name="滑雪", slug="滑雪")
    assert client.get(shelf.get_absolute_url()).status_code == 200


def test_the_number_of_queries_does_not_grow_with_the_shop(client, bag, django_assert_max_num_queries):
    for number in range(30):
        shelf = Category.objects.create(name=f"c{number}", slug=f"c{number}")
        brand = Brand.objects.create(name=f"b{number}")
        Product.objects.create(sku=f"n{number}", title="Bag", category=shelf, brand=brand, photo="p.png")
    for address in ("/", "/categories/", "/category/bags/", "/about/"):
        with django_assert_max_num_queries(7):
            client.get(address)


def test_products_are_sorted_by_price_though_style_posts_have_none(client, bag):
    dear = Product.objects.create(sku="dear", title="Canvas bag", category=bag.category, price=bag.price + 5)
    index_pending(get_index(Product))
    answer = client.get("/search/?q=canvas&sort=price_desc").content.decode()
    assert '<option value="price_desc" selected>' in answer
    assert answer.index(dear.get_absolute_url()) < answer.index(bag.get_absolute_url())
    assert '<option value="price_desc"' in client.get(f"/search/?category={bag.category.pk}").content.decode()
    assert "price_desc" not in client.get("/search/?q=canvas&model=all").content.decode()


def test_searching_by_words_and_by_a_photo_works_without_javascript(client, bag, samples):
    index_pending(get_index(Product))
    assert "Red canvas bag" in client.get("/search/?q=canvas").content.decode()
    photo = SimpleUploadedFile("photo.png", picture(), "image/png")
    answer = client.post("/search/", {"q": "", "image": photo})
    assert answer.status_code == 200
    assert answer.context["results"].total == 1
    for address in ("/search/?sample=bag.jpg", "/search/?photo_of=B1"):
        answer = client.get(address)
        assert answer.context["results"].total == 1
        assert "Searched with this photo." in answer.content.decode()


@pytest.mark.parametrize(
    "query", ["sample=secret.jpg", "sample=../photo_queries.jsonl", "photo_of=none", "photo_of=%00"]
)
def test_only_photos_that_the_shop_offers_are_searched_with(client, bag, samples, query):
    answer = client.get(f"/search/?{query}")
    assert answer.status_code == 200
    assert answer.context["results"] is None
    assert [sample.name for sample in answer.context["samples"]] == ["bag.jpg"]


def test_a_photo_whose_file_is_gone_is_no_error(client, bag):
    bag.photo.storage.delete(bag.photo.name)
    assert client.get("/search/?photo_of=B1").status_code == 200
    assert client.get(bag.get_absolute_url()).status_code == 200


def test_a_broken_upload_is_answered_on_the_page(client, bag):
    answer = client.post("/search/", {"image": SimpleUploadedFile("photo.jpg", b"\xff\xd8\xffbroken", "image/jpeg")})
    assert answer.status_code == 422
    assert "Finders" in answer.content.decode()


@pytest.mark.parametrize("name", ["secret.jpg", "..", "photo_queries.jsonl", "none.jpg"])
def test_only_listed_samples_are_served(client, samples, name):
    assert client.get(f"/try/{name}").status_code == 404
    assert content(client.get("/try/bag.jpg")) == picture()


def test_pages_speak_the_language_of_the_customer(client, bag):
    chinese = client.get(bag.get_absolute_url(), headers={"accept-language": "zh-CN"}).content.decode()
    assert '<html lang="zh-hans">' in chinese
    for expected in ("红色帆布包", "很能装。", "有货", "箱包", "红色", "帆布", "材质"):
        assert expected in chinese, expected
    client.post(reverse("set_language"), {"language": "zh-hans", "next": "/about/"})
    assert "关于本店" in client.get("/about/").content.decode()


def test_every_text_is_translated_and_the_compiled_file_is_current():
    with (LOCALE / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)._catalog
    source = (LOCALE / "django.po").read_text(encoding="utf-8")
    entries = re.findall(r'^msgid ((?:".*"\n)+)(?:msgid_plural .*\n)?msgstr(?:\[0\])? ((?:".*"\n?)+)', source, re.M)
    pairs = [tuple("".join(json.loads(line) for line in part.splitlines()) for part in entry) for entry in entries]
    known = {key[0] if isinstance(key, tuple) else key: text for key, text in compiled.items()}
    assert len(pairs) > 90
    for english, chinese in pairs[1:]:
        assert chinese, english
        assert known[english] == chinese


def test_every_text_of_the_templates_is_in_the_translation():
    with (LOCALE / "django.mo").open("rb") as file:
        known = {key[0] if isinstance(key, tuple) else key for key in gettext.GNUTranslations(file)._catalog}
    folder = LOCALE.parents[3] / "templates"
    texts = [path.read_text(encoding="utf-8") for path in folder.rglob("*.html")]
    marked = [text for page in texts for text in re.findall(r"""{% translate (?:"([^"]*)"|'([^']*)') %}""", page)]
    assert len(marked) > 60
    assert {double or single for double, single in marked} <= known


def test_no_page_has_code_or_style_of_its_own_and_all_say_so_in_their_policy(client, bag, samples):
    for address in pages(bag):
        response = client.get(address)
        assert response.status_code == 200, address
        assert Page(response).inline == [], address
        policy = response["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert response["X-Content-Type-Options"] == "nosniff"


def test_pages_have_one_heading_labels_and_alternatives(client, bag, samples):
    for address in pages(bag):
        page = Page(client.get(address))
        assert len(page.all("h1")) == 1, address
        assert all("alt" in image for image in page.all("img")), address
        assert page.all("html")[0]["lang"] == "en"
        assert {"href": "#content", "class": "skip-link"} in page.all("a")
        ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
        assert len(ids) == len(set(ids)), address


def test_media_are_served_whole_and_in_parts(client, bag):
    assert len(content(client.get(bag.sound.url))) == 100
    part = client.get(bag.sound.url, headers={"range": "bytes=0-3"})
    assert (part.status_code, part.content, part["Content-Range"]) == (206, b"RIFF", "bytes 0-3/100")
    assert len(client.get(bag.sound.url, headers={"range": "bytes=-10"}).content) == 10
    assert len(client.get(bag.sound.url, headers={"range": "bytes=90-"}).content) == 10
    assert client.get(bag.sound.url, headers={"range": "bytes=100-"}).status_code == 416
    for odd in ("bytes=-", "bytes=1-2,4-5", "lines=1-2", "bytes=x"):
        assert len(content(client.get(bag.sound.url, headers={"range": odd}))) == 100


@pytest.mark.parametrize("path", ["../settings.py", "%2e%2e/%2e%2e/etc/passwd", "products", "none.png", "a%00b"])
def test_nothing_else_is_served_as_media(client, bag, path):
    assert client.get(f"/media/{path}").status_code == 404


def test_an_uploaded_page_cannot_act_as_part_of_the_shop(client, settings):
    settings.MEDIA_ROOT.mkdir(parents=True)
    (settings.MEDIA_ROOT / "evil.html").write_text("<script>alert(1)</script>")
    response = client.get("/media/evil.html")
    assert content(response)
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"


@pytest.mark.parametrize(
    ("amount", "written"), [(1299, "$1,299.00"), (Decimal("0.5"), "$0.50"), (None, ""), ("", ""), (0, "$0.00")]
)
def test_prices_are_written_with_currency_and_cents(amount, written):
    assert price(amount) == written


def test_attributes_read_well_whatever_a_catalogue_has_in_them():
    product = Product(colour="navy", attributes={"a_b": {"x": 1}, "c": False, "d": None, "e": [], "material": "wool"})
    assert attribute_rows(product) == [("Colour", "Navy"), ("Material", "Wool"), ("A b", "X: 1"), ("C", "No")]
    assert attribute_rows(Product(attributes=[1])) == []


def test_the_owner_sees_photos_and_index_status(admin_client, bag):
    listing = admin_client.get("/admin/shop/product/?q=canvas")
    assert "shop-thumbnail" in listing.content.decode()
    assert "column-index_status" in listing.content.decode()
    assert admin_client.get("/admin/shop/product/?q=zebra").context["cl"].result_count == 0
    assert admin_client.get(f"/admin/shop/product/{bag.pk}/change/").status_code == 200
    for address in ("product/add/", "category/", "brand/", "category/add/", "brand/add/"):
        assert admin_client.get(f"/admin/shop/{address}").status_code == 200


def test_icons_and_styles_exist():
    static = LOCALE.parents[3] / "static" / "shop"
    assert {path.name for path in static.iterdir()} >= {"base.css", "pages.css", "search.css", "shop.js", "icon.svg"}


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.webp", "image/webp"), ("a.flac", "audio/flac"), ("a.jpg", "image/jpeg"), ("a.x", "application/octet-stream")],
)
def test_media_files_have_the_type_that_browsers_play(client, settings, name, kind):
    (settings.MEDIA_ROOT / "products").mkdir(parents=True)
    (settings.MEDIA_ROOT / "products" / name).write_bytes(b"x")
    response = client.get(f"/media/products/{name}")
    response.close()
    assert response["Content-Type"] == kind
