"""Style posts of the demonstration shop: shared, checked, approved, shown in both languages, loaded for the demo."""

import io
import json

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from shop.loading import load_posts
from shop.models import Product, StylePost
from tests.support.indexing import records
from tools.demo_catalogue.posts import demo_posts
from tools.demo_catalogue.products import demo_products
from tools.rendering import render_scene
from xsearch.index.registry import get_index
from xsearch.indexing import index_pending

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _words_and_photos(use_encoder):
    cache.clear()
    use_encoder(more={"THROTTLE_RATES": {"posts": "5/hour"}})


def photo(size=(2000, 1500), kind="JPEG", **save):
    stream = io.BytesIO()
    Image.new("RGB", size, "teal").save(stream, kind, **save)
    return SimpleUploadedFile("IMG_2026.jpg", stream.getvalue(), "image/jpeg")


def gps():
    """EXIF that says where a photo was taken, by whom, and that it lies on its side."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x013B] = "Secret Photographer"
    exif.get_ifd(0x8825)[2] = (48.0, 8.0, 14.0)
    return exif


def share(client, **values):
    fields = {"title": "In the park", "text": "With my new hat.", "author": "Mia", "photo": photo()} | values
    return client.post("/styles/share/", {name: value for name, value in fields.items() if value is not None})


def test_a_post_waits_for_approval(client):
    answer = share(client)
    assert (answer.status_code, answer["Location"]) == (302, "/styles/share/thanks/")
    assert "once somebody of the shop has looked at it" in client.get(answer["Location"]).content.decode()
    post = StylePost.objects.get()
    assert not post.is_visible
    assert client.get(post.get_absolute_url()).status_code == 404
    index_pending(get_index(StylePost))
    assert not records(StylePost).filter(status="indexed").exists()


def test_a_shop_may_show_posts_at_once(client, settings):
    settings.POSTS_NEED_APPROVAL = False
    answer = share(client)
    assert "With my new hat." in client.get(answer["Location"]).content.decode()


def test_nothing_is_kept_of_a_photo_but_its_pixels(client):
    share(client, photo=photo(exif=gps()))
    kept = StylePost.objects.get().photo
    assert kept.name.startswith("posts/photo")  # neither is the name
    with kept.open() as file:
        content = file.read()
    assert b"Secret" not in content
    with Image.open(io.BytesIO(content)) as image:
        assert (image.format, dict(image.getexif())) == ("JPEG", {})
        assert image.height > image.width  # upright
        assert max(image.size) <= 1280


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"photo": None}, "This field is required."),
        ({"photo": SimpleUploadedFile("x.jpg", b"MZ" * 99)}, "This is not a picture that can be read."),
        ({"photo": SimpleUploadedFile("x.svg", b"<svg onload='alert(1)'/>")}, "This is not a picture"),
        ({"title": ""}, "This field is required."),
        ({"text": "x" * 700}, "at most 600 characters"),
        ({"author": "x" * 99}, "at most 60 characters"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(client, values, said):
    answer = share(client, **values)
    text = answer.content.decode()
    assert answer.status_code == 400
    assert said in text
    assert "In the park" in text or "title" in values
    assert not StylePost.objects.exists()


def test_a_photo_of_too_many_pixels_is_refused(client, use_encoder):
    use_encoder(more={"IMAGE_MAX_PIXELS": 1_000_000, "THROTTLE_RATES": {"posts": None}})
    assert "more than 1 megapixels" in share(client).content.decode()


def test_programs_that_fill_in_everything_are_thanked_and_ignored(client):
    assert share(client, website="https://example.com")["Location"] == "/styles/share/thanks/"
    assert not StylePost.objects.exists()


def test_one_address_cannot_flood_the_shop(client):
    answers = [share(client).status_code for _ in range(6)]
    assert answers == [302] * 5 + [429]
    assert StylePost.objects.count() == 5


def test_a_post_is_linked_to_the_product_it_was_shared_from(client):
    product = Product.objects.create(sku="H/1", title="Straw hat")
    form = client.get("/styles/share/?product=H/1").content.decode()
    assert "Show how you use “Straw hat”." in form
    assert 'name="product" value="H/1"' in form
    share(client, product="H/1")
    assert list(StylePost.objects.get().products.all()) == [product]
    share(client, product="no such thing")
    assert StylePost.objects.count() == 2
    assert client.get("/styles/share/?product=%00").status_code == 200


def make(**values):
    fields = {"title": "Park", "title_zh": "公园", "text": "Green.", "text_zh": "很绿。", "author": "Mia"} | values
    post = StylePost(**fields)
    post.photo.save("photo.jpg", photo((40, 40)))
    return post


def test_text_never_becomes_markup(client):
    evil = "<script>alert(1)</script>"
    post = make(title=evil, text=evil, author=evil, title_zh="", text_zh="", is_visible=True)
    for address in ("/styles/", post.get_absolute_url()):
        text = client.get(address).content.decode()
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert" in text


def test_posts_are_shown_in_the_language_of_the_page(client):
    post = make(is_visible=True)
    for address in ("/styles/", post.get_absolute_url(), "/styles/share/", "/styles/share/thanks/"):
        text = client.get(address, headers={"accept-language": "zh-hans"}).content.decode()
        for english in ("Style posts", "Share yours", "by Mia", "Green.", "Your name", "Thank you", "Leave this"):
            assert english not in text, (address, english)
    assert "公园" in client.get("/styles/", headers={"accept-language": "zh-hans"}).content.decode()


def test_the_owner_approves_and_hides(admin_client, django_capture_on_commit_callbacks):
    post = make()
    for action, is_visible in (("approve", True), ("hide", False)):
        chosen = {"action": action, "_selected_action": [post.pk]}
        answer = admin_client.post("/admin/shop/stylepost/", chosen, follow=True)
        assert "1 post was changed." in answer.content.decode()
        post.refresh_from_db()
        assert post.is_visible is is_visible
        index_pending(get_index(StylePost))
        assert records(StylePost).filter(status="indexed").exists() is is_visible


def test_the_owner_sees_the_form_of_a_post(admin_client):
    post = make()
    text = admin_client.get(f"/admin/shop/stylepost/{post.pk}/change/").content.decode()
    assert post.photo.url in text


# The demo's own posts


def test_the_posts_of_the_demo_fit_the_catalogue():
    products = demo_products()
    posts = demo_posts(products)
    skus = {product.sku for product in products}
    assert 40 <= len(posts) <= 60
    for post in posts:
        assert set(post.line["products"]) <= skus
        assert 1 <= len(post.looks) == len(post.line["products"]) <= 4
        assert all(post.line[name] for name in ("title", "title_zh", "text", "text_zh", "author"))
        assert "{" not in post.line["text"] + post.line["text_zh"]
    assert len({post.line["title"] for post in posts}) == len(posts)
    assert demo_posts(products[:1]) == []


def test_a_scene_is_the_same_each_time_and_shows_its_things_apart():
    lying, standing = (
        next(post for post in demo_posts(demo_products()) if post.looks[0].kind == kind) for kind in ("dress", "mug")
    )
    for post in (lying, standing):
        scene = render_scene(post.looks, seed=post.seed, size=96)
        assert scene.size == (96, 96)
        assert scene.tobytes() == render_scene(post.looks, seed=post.seed, size=96).tobytes()
        assert scene.tobytes() != render_scene(post.looks[:1], seed=post.seed, size=96).tobytes()


def test_loading_posts_twice_changes_nothing(tmp_path):
    Product.objects.create(sku="H1", title="Hat")
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts" / "1.jpg").write_bytes(photo((64, 64)).read())
    names = ("author", "title", "title_zh", "text", "text_zh")
    line = dict.fromkeys(names, "x") | {
        "id": "p1", "image": "posts/1.jpg", "products": ["H1", "gone"], "days_ago": 3
    }  # fmt: skip
    (tmp_path / "posts.jsonl").write_text(json.dumps(line))
    for _ in range(2):
        assert load_posts(tmp_path / "posts.jsonl") == 1
    post = StylePost.objects.get()
    assert post.is_visible
    assert [product.sku for product in post.products.all()] == ["H1"]
