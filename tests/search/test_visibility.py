"""Who may be seen: what ``get_queryset`` of an index leaves out is found by nothing that answers customers."""

import pytest

from tests.showcase.garments import Garment, House
from xsearch.index.registry import Index, get_index, register, unregister
from xsearch.indexing import index_pending, statistics
from xsearch.indexing.suggestions import refresh
from xsearch.search import search_all
from xsearch.search.vectors.calibration import forget_samples
from xsearch.views import SearchView

pytestmark = pytest.mark.django_db

API = "/api/xsearch/"


class VisibleGarments(Index):
    text = {"A": ["title"]}
    filters = ["house", "price", "is_hidden"]
    facets = ["house", "price"]

    def get_queryset(self):
        return Garment.objects.filter(is_hidden=False)


@pytest.fixture
def garments(use_encoder):
    use_encoder(more={"THROTTLE_RATES": dict.fromkeys(["search", "media", "suggest", "events"])})
    register(Garment)(VisibleGarments)
    shown, secret = House.objects.create(name="Openwear"), House.objects.create(name="Secretwear")
    made = {
        title: Garment.objects.create(title=title, house=house, price=price)
        for title, house, price in [
            ("linen shirt", shown, 10), ("linen coat", shown, 20), ("linen prototype", secret, 99),
        ]
    }  # fmt: skip
    made["shown twin"], made["hidden twin"] = (
        Garment.objects.create(title="linen shirt", house=house, price=10) for house in (shown, secret)
    )
    index_pending(get_index(Garment))
    # Hidden after it was indexed: its vectors, its phrases and its suggestions are there.
    statistics.refresh(get_index(Garment))
    refresh(get_index(Garment))
    Garment.objects.filter(house=secret).update(is_hidden=True)
    forget_samples()
    yield made
    unregister(Garment)


def ask(client, path, **params):
    answer = client.get(f"{API}{path}", {"model": "showcase.Garment", **params})
    assert answer.status_code == 200, answer.content
    return answer.json()


def titles(body):
    return {hit["title"] for hit in body["hits"]}


SEEN = {"linen shirt", "linen coat"}


def test_a_search_and_its_facets(client, garments):
    body = ask(client, "search/", q="linen")
    assert titles(body) == SEEN
    assert body["total"] == 3
    assert [value["label"] for value in body["facets"]["house"]] == ["Openwear"]
    assert body["ranges"]["price"]["max"] == 20
    assert titles(ask(client, "search/", q="prototype")) <= SEEN


def test_a_category_page_and_filters_of_hidden_values(client, garments):
    hidden = garments["linen prototype"]
    assert titles(ask(client, "search/", price_min=0)) == SEEN
    assert ask(client, "search/", house=hidden.house_id)["total"] == 0
    assert ask(client, "search/", is_hidden="true")["total"] == 0


def test_suggestions(client, garments):
    body = ask(client, "suggest/", q="linen")
    assert {product["title"] for product in body["products"]} == SEEN
    assert "prototype" not in str(body)
    assert ask(client, "suggest/", q="proto")["products"] == []
    assert ask(client, "suggest/", q="secretw")["categories"] == []
    assert "Secretwear" not in str(ask(client, "suggest/", q="secretw"))


def test_similar_and_examples(client, garments):
    hidden, shown = garments["linen prototype"], garments["linen shirt"]
    for body in (ask(client, f"similar/{shown.pk}/"), ask(client, "search/", like=shown.pk)):
        found = {hit["id"] for hit in body["hits"]}
        assert garments["shown twin"].pk in found
        assert garments["hidden twin"].pk not in found
    assert client.get(f"{API}similar/{hidden.pk}/", {"model": "showcase.Garment"}).status_code == 404
    refused = client.get(f"{API}search/", {"model": "showcase.Garment", "like": hidden.pk})
    assert (refused.status_code, refused.json()["code"]) == (400, "unknown_object")
    refused = client.get(f"{API}search/", {"model": "showcase.Garment", "q": "linen", "unlike": hidden.pk})
    assert (refused.status_code, refused.json()["code"]) == (400, "unknown_object")


def test_the_page_and_several_models(rf, garments):
    page = SearchView.as_view(model=Garment)(rf.get("/search/", {"q": "linen"})).render().content.decode()
    assert "linen coat" in page
    assert "prototype" not in page
    found = search_all([get_index(Garment).get_queryset()], text="linen")
    assert {hit.object.title for hit in found.hits} == SEEN


def test_nothing_hidden_is_shown_by_its_event(client, garments):
    body = {"query_id": "00000000-0000-0000-0000-000000000000", "object_id": str(garments["linen prototype"].pk),
            "event": "click", "model": "showcase.Garment"}  # fmt: skip
    answer = client.post(f"{API}events/", body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_object")
