"""Several models over HTTP and on the search page: which are searched, and what the answers say of each."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import include, path

from shop.models import StylePost
from shop.urls import urlpatterns as shop_patterns
from shop.views import ProductSearchView
from tests.support import styling, widget_shop
from xsearch.index.registry import get_index
from xsearch.indexing import index_pending
from xsearch.search.vectors.calibration import forget_samples

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

API = "/api/xsearch/"
urlpatterns = [
    path("everything/", ProductSearchView.as_view(scope="all")),
    path("posts/", ProductSearchView.as_view(model=StylePost)),
    path("", include(shop_patterns)),
]


@pytest.fixture(scope="module")
def shop(django_db_setup, django_db_blocker, tmp_path_factory):
    with django_db_blocker.unblock(), styling.stocked(tmp_path_factory.mktemp("media")):
        yield


@pytest.fixture(autouse=True)
def _settings(settings, shop):
    settings.XSEARCH = widget_shop.XSEARCH
    forget_samples()


def search(client, **params):
    answer = client.get(f"{API}search/", params)
    assert answer.status_code == 200, answer.content
    return answer.json()


def kinds(body):
    return {hit["model"] for hit in body["hits"]}


def test_without_a_model_the_first_is_searched(client):
    body = search(client, q="red")
    assert kinds(body) == {"shop.Product"}
    assert "models" not in body
    named = search(client, q="red", model="shop.Product")
    assert [hit["id"] for hit in named["hits"]] == [hit["id"] for hit in body["hits"]]


@pytest.mark.parametrize(
    ("model", "found"),
    [
        ("shop.StylePost", {"shop.StylePost"}),
        ("all", {"shop.Product", "shop.StylePost"}),
        ("shop.product,SHOP.stylepost", {"shop.Product", "shop.StylePost"}),
        (["shop.Product", "shop.StylePost"], {"shop.Product", "shop.StylePost"}),
    ],
)
def test_models_are_named_by_label_repeated_or_with_commas(client, model, found):
    assert kinds(search(client, q="red", model=model)) == found
    posted = client.post(f"{API}search/", {"q": "red", "model": model}, content_type="application/json")
    assert kinds(posted.json()) == found


def test_the_answer_says_what_each_model_contributes(client):
    body = search(client, q="red jacket", model="all", page_size=2)
    assert body["models"].keys() == {"shop.Product", "shop.StylePost"}
    assert body["models"]["shop.StylePost"] == {
        "name": "Style posts", "total": 1, "total_is_exact": True, "close": True, "facets": {}, "ranges": {}
    }  # fmt: skip
    assert {value["label"] for value in body["models"]["shop.Product"]["facets"]["category"]} >= {"Jackets"}
    assert body["total"] == sum(part["total"] for part in body["models"].values())
    assert body["facets"] == {}
    assert len(body["hits"]) == 2


def test_filters_are_those_of_any_of_the_models(client):
    body = search(client, q="red", model="all", category="Mugs")
    assert [hit["title"] for hit in body["hits"] if hit["model"] == "shop.Product"] == ["Red mug"]
    refused = client.get(f"{API}search/", {"q": "red", "model": "shop.StylePost", "category": "Mugs"})
    assert (refused.status_code, refused.json()["code"]) == (400, "unknown_parameter")


@pytest.mark.parametrize("model", ["shop.Car", "all,shop.Car", ["shop.Product", ["x"]], {"a": 1}])
def test_an_unknown_model_is_refused(client, model):
    answer = client.post(f"{API}search/", {"q": "red", "model": model}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_model")
    assert "Registered: shop.Product, shop.StylePost" in answer.json()["detail"]


def test_what_is_about_one_model_takes_one(client):
    answer = client.get(f"{API}suggest/", {"q": "re", "model": "all"})
    assert (answer.status_code, answer.json()["code"]) == (400, "one_model")
    post = StylePost.objects.get(title="Sunday breakfast")
    similar = client.get(f"{API}similar/{post.pk}/", {"model": "shop.StylePost"}).json()
    assert [(hit["title"], hit["model"]) for hit in similar["hits"]] == [("Blue hour", "shop.StylePost")]
    assert client.get(f"{API}suggest/", {"q": "sun", "model": "shop.StylePost"}).json()["suggestions"] == [
        "sunday",
        "Sunday breakfast",
    ]


def test_a_hidden_post_is_neither_found_nor_an_example(client):
    hidden = StylePost.objects.get(title="Waiting for approval")
    assert "Waiting for approval" not in str(search(client, q="red jacket nobody", model="all"))
    assert client.get(f"{API}similar/{hidden.pk}/", {"model": "shop.StylePost"}).status_code == 404
    assert client.get(f"/styles/{hidden.pk}/").status_code == 404
    assert "Waiting for approval" not in client.get("/styles/").content.decode()


# The search page


def tabs(answer):
    """Return {name: (number of hits, address, whether it is the chosen one)} of the page's scopes."""
    nav = re.search(r'<nav class="xs-scopes".*?</nav>', answer.content.decode(), re.DOTALL)
    pattern = r'<a href="([^"]*)"[^>]*?( aria-current="true")?><span[^>]*>([^<]*)</span> <span[^>]*>(\d+)</span>'
    return {
        name: (int(count), address.replace("&amp;", "&"), bool(chosen))
        for address, chosen, name, count in re.findall(pattern, nav[0])
    }


def titles(answer):
    return re.findall(r'xs-hit-title">([^<]*)<', answer.content.decode())


def test_the_page_starts_with_the_first_model_and_counts_the_others(client):
    answer = client.get("/search/", {"q": "red jacket"})
    found = tabs(answer)
    assert list(found) == ["All", "Products", "Style posts"]
    assert found["Products"][2]
    assert "Evening on the pier" not in titles(answer)
    assert found["All"][0] == found["Products"][0] + found["Style posts"][0]
    assert found["Style posts"][:2] == (1, "?q=red+jacket&model=shop.StylePost")


def test_each_scope_leads_to_as_many_hits_as_it_says(client):
    for name, (count, address, _chosen) in tabs(client.get("/search/", {"q": "red jacket"})).items():
        answer = client.get(f"/search/{address}")
        assert tabs(answer)[name] == (count, address, True)
        assert answer.context["results"].total == count


def test_everything_shows_kinds_cards_and_filters_of_each(client):
    answer = client.get("/search/", {"q": "red", "model": "all", "colour": "red"})
    text = answer.content.decode()
    assert {"Evening on the pier", "Red mug"} <= set(titles(answer))
    assert re.findall(r'xs-kind">([^<]*)<', text).count("Style post") == 1
    assert 'class="xs-hit-link post-card"' in text  # a post has a card of its own
    assert 'data-model="shop.StylePost"' in text
    assert "by Mia" in text
    assert '<p class="xs-facet-group">Products</p>' in text
    assert 'href="?q=red&amp;model=all" data-xs-refine aria-label="Remove red"' in text


def test_filters_of_another_model_are_kept_but_not_shown(client):
    answer = client.get("/search/", {"q": "red", "model": "shop.StylePost", "colour": "red"})
    assert titles(answer) == ["Evening on the pier"]
    assert "xs-chosen" not in answer.content.decode()
    assert tabs(answer)["Products"][1] == "?q=red&colour=red"


def test_an_unknown_scope_is_the_first(client):
    assert tabs(client.get("/search/", {"q": "red", "model": "auth.User"}))["Products"][2]


def test_a_page_may_start_with_everything(client):
    answer = client.get("/everything/", {"q": "red jacket"})
    assert tabs(answer)["All"] == (answer.context["results"].total, "?q=red+jacket", True)
    assert tabs(answer)["Products"][1] == "?q=red+jacket&model=shop.Product"


def test_a_page_may_be_about_one_of_them(client):
    answer = client.get("/posts/", {"q": "red", "model": "all"})
    assert titles(answer) == ["Evening on the pier"]
    assert "xs-scopes" not in answer.content.decode()


def test_the_form_keeps_the_scope(client):
    text = client.get("/search/", {"q": "red", "model": "shop.StylePost"}).content.decode()
    assert '<input type="hidden" name="model" value="shop.StylePost" data-xs-kept>' in text
    assert client.post("/search/", {"q": "blue", "model": "shop.StylePost"})["Location"] == (
        "?q=blue&model=shop.StylePost"
    )
    photo = {
        "image": SimpleUploadedFile("photo.jpg", widget_shop.photo("blue"), "image/jpeg"),
        "model": "shop.StylePost",
    }
    assert set(titles(client.post("/search/", photo))[:2]) == {"Sunday breakfast", "Blue hour"}


def test_the_bar_of_the_posts_searches_them(client):
    text = client.get("/styles/").content.decode()
    assert '<input type="hidden" name="model" value="shop.StylePost" data-xs-kept>' in text
    assert '"model": "shop.StylePost"' in text


def test_a_product_shows_posts_with_something_like_it(client):
    text = client.get("/product/J3/").content.decode()  # the yellow jacket
    assert "Style posts with something like this" in text
    assert text.index("Style posts with something like this") < text.index("Reading at night")


def test_suggestions_of_the_page_are_those_of_the_scope(client):
    assert '"model": "shop.StylePost"' in client.get("/search/?model=shop.StylePost").content.decode()


def test_clicks_name_the_model_of_the_hit(client):
    post = StylePost.objects.get(title="Sunday breakfast")
    event = {
        "query_id": search(client, q="blue", model="all")["query_id"],
        "object_id": str(post.pk),
        "event": "click",
        "model": "shop.StylePost",
    }
    assert client.post(f"{API}events/", event, content_type="application/json").status_code == 201
    event["object_id"] = "999999"
    assert client.post(f"{API}events/", event, content_type="application/json").status_code == 400


def test_the_health_knows_both(client):
    index_pending(get_index(StylePost))
    assert {"shop.Product", "shop.StylePost"} <= set(client.get(f"{API}health/").json()["indexes"])
