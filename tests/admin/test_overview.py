"""The admin's page about the search, and the box to try it."""

import io

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.base import ContentFile
from django.test import Client, override_settings
from PIL import Image

from shop.models import Product
from xsearch.index.registry import get_index
from xsearch.indexing import index_pending
from xsearch.models import IndexRecord

HASH = {
    "ENCODERS": {"hash": {"BACKEND": "tests.support.encoders.HashEncoder"}},
    "EMBEDDINGS": {"text": "hash", "image": "hash", "audio": None},
    "TRANSCRIBERS": [],
}
PAGE = "/admin/xsearch/searchoverview/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _hash():
    with override_settings(XSEARCH=HASH):
        yield


@pytest.fixture
def owner(client):
    client.force_login(User.objects.create(username="owner", is_staff=True, is_superuser=True))
    return client


def photo(colour: str = "red", size: int = 40) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (size, size), colour).save(file, "PNG")
    return file.getvalue()


def upload(content: bytes, name: str = "a.png") -> ContentFile:
    return ContentFile(content, name)


@pytest.fixture
def products():
    made = [Product.objects.create(sku=colour, title=f"{colour} mug") for colour in ("red", "blue")]
    for product in made:
        product.photo.save("p.png", ContentFile(photo(product.sku)))
    index_pending(get_index(Product))
    return made


def test_page_shows_counts_encoders_and_that_all_is_well(owner, products):
    page = owner.get(PAGE).content.decode()
    assert "All is well" in page
    assert "hash:16:1" in page
    assert 'value="100">100 %</progress>' in page
    assert "tests.support.encoders.HashEncoder" in page
    assert "style=" not in page
    assert "onclick" not in page


def test_page_links_failures_to_their_records(owner, products):
    IndexRecord.objects.filter(object_id=products[0].pk).update(status="failed", attempts=5)
    page = owner.get(PAGE).content.decode()
    assert "All is well" not in page
    link = "/admin/xsearch/indexrecord/?status__exact=failed"
    assert f'<a href="{link}">1 product could not be indexed completely: see why.</a>' in page
    assert f'<a href="{link}&amp;model=shop.product">1</a>' in page
    assert [r.object_id for r in owner.get(f"{link}&model=shop.product").context["cl"].result_list] == [
        str(products[0].pk)
    ]


def test_page_is_in_the_index_of_the_admin(owner):
    assert f'href="{PAGE}"' in owner.get("/admin/").content.decode()


@pytest.mark.parametrize("method", ["get", "post"])
def test_page_needs_its_permission(client, products, method):
    clerk = User.objects.create(username="clerk", is_staff=True)
    client.force_login(clerk)
    assert getattr(client, method)(PAGE, {"q": "mug"}).status_code == 403
    clerk.user_permissions.add(Permission.objects.get(codename="view_searchoverview"))
    response = getattr(client, method)(PAGE, {"q": "mug"})
    assert response.status_code == 200
    assert "/admin/xsearch/indexrecord/" not in response.content.decode()
    client.logout()
    assert getattr(client, method)(PAGE).status_code == 302


@pytest.mark.parametrize("method", ["get", "post"])
def test_words_are_tried_with_the_score_of_each_part(owner, products, method):
    response = getattr(owner, method)(PAGE, {"q": "red mug"})
    trial = response.context["trial"]
    assert trial.error == ""
    assert trial.rows[0]["title"] == "red mug"
    assert ("lexical", "words") in trial.parts
    assert (
        dict(zip([name for name, _ in trial.parts], trial.rows[0]["parts"], strict=True))["lexical"]["contribution"] > 0
    )
    page = response.content.decode()
    assert "<meter" in page
    assert 'value="red mug"' in page


def test_the_trial_says_as_what_each_word_was_found_and_whether_anything_is_close(owner, products):
    page = owner.get(PAGE, {"q": "red mugs"}).content.decode()
    assert "red 1.00 × " in page
    assert "mugs → mug 1.00 × " in page
    assert "Nothing close was found" not in page
    nothing = owner.get(PAGE, {"q": "zzqqxx"})
    shown = "Nothing close was found" in nothing.content.decode()
    assert shown == bool(nothing.context["trial"].rows)


def test_photo_is_tried(owner, products):
    response = owner.post(PAGE, {"image": upload(photo("blue"))})
    trial = response.context["trial"]
    assert trial.rows[0]["title"] == "blue mug"
    assert trial.rows[0]["matched_by"] == "photo"
    assert ("image:image", "photo → photo") in trial.parts


def test_weights_change_what_counts(owner, products):
    only_photo = owner.post(PAGE, {"q": "red mug", "image": upload(photo("blue")), "weights": "text=0"})
    assert only_photo.context["trial"].rows[0]["title"] == "blue mug"
    only_text = owner.post(PAGE, {"q": "red mug", "image": upload(photo("blue")), "weights": "image=0"})
    assert only_text.context["trial"].rows[0]["title"] == "red mug"


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({}, "Nothing to search for"),
        ({"q": "x" * 10_000}, "at most 500"),
        ({"q": "mug", "weights": "text"}, "name=number"),
        ({"q": "mug", "weights": "lead=1"}, "Unknown weights: lead"),
        ({"q": "mug", "model": "no.Such"}, "not registered"),
        ({"image": b"<svg/>"}, None),
        ({"image": b""}, None),
        ({"audio": b"no sound"}, None),
    ],
)
def test_what_cannot_be_searched_is_explained_on_the_page(owner, products, values, error):
    files = {name: upload(value) for name, value in values.items() if isinstance(value, bytes)}
    response = owner.post(PAGE, {**values, **files})
    assert response.status_code == 200
    trial = response.context["trial"]
    assert trial.results is None
    assert trial.error
    assert (error or trial.error) in trial.error
    assert 'class="errornote"' in response.content.decode()


def test_an_oversized_upload_is_refused_on_the_page(owner, products):
    with override_settings(XSEARCH=HASH | {"IMAGE_MAX_BYTES": 1000, "AUDIO_MAX_BYTES": 1000}):
        small_body = owner.post(PAGE, {"image": upload(b"x" * 2000)})
        large_body = owner.post(PAGE, {"image": upload(b"x" * 2_000_000)})
    for response in (small_body, large_body):
        assert response.status_code == 200
        assert "larger than" in response.context["trial"].error


def test_uploads_never_touch_the_disk(owner, products, monkeypatch):
    def refuse(*args, **kwargs):
        raise RuntimeError("a temporary file")

    monkeypatch.setattr("django.core.files.uploadedfile.tempfile.NamedTemporaryFile", refuse)
    noise = Image.effect_noise((1700, 1700), 100)
    file = io.BytesIO()
    noise.save(file, "PNG", compress_level=0)
    assert len(file.getvalue()) > 2_621_440
    assert owner.post(PAGE, {"image": upload(file.getvalue())}).context["trial"].results is not None


def test_trial_is_protected_against_forged_requests(products):
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create(username="owner", is_staff=True, is_superuser=True))
    assert client.post(PAGE, {"q": "mug"}).status_code == 403
    token = client.get(PAGE).context["csrf_token"]
    assert client.post(PAGE, {"q": "mug", "csrfmiddlewaretoken": str(token)}).status_code == 200


def test_titles_and_words_are_escaped(owner):
    Product.objects.create(sku="x", title="<script>alert(1)</script> mug")
    index_pending(get_index(Product))
    page = owner.post(PAGE, {"q": "<b>mug</b>"}).content.decode()
    assert "<script>alert" not in page
    assert "<b>mug" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_page_speaks_chinese(owner, products):
    IndexRecord.objects.filter(object_id=products[0].pk).update(status="failed", attempts=5)
    page = owner.get(PAGE, headers={"accept-language": "zh-hans"}).content.decode()
    for text in ("试用搜索", "可以搜到什么", "1 件商品未能完整编入索引：查看原因。", "照片的外观"):
        assert text in page
