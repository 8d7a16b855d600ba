"""xsearch_evaluate over a real, small catalogue."""

import io
import json
from math import log2

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.test import override_settings
from PIL import Image

from shop.models import Product
from xsearch.index.registry import get_index
from xsearch.indexing import index_pending

HASH = {
    "ENCODERS": {"hash": {"BACKEND": "tests.support.encoders.HashEncoder"}},
    "EMBEDDINGS": {"text": None, "image": "hash", "audio": None},
    "TRANSCRIBERS": [],
}

pytestmark = pytest.mark.django_db


def photo(colour: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 40), colour).save(file, "PNG")
    return file.getvalue()


@pytest.fixture(autouse=True)
def catalogue():
    """Three mugs, of which the blue one is cheap."""
    with override_settings(XSEARCH=HASH):
        for price, colour in enumerate(("blue", "red", "green"), start=5):
            product = Product.objects.create(sku=f"mug-{colour}", title=f"{colour} mug", price=price)
            product.photo.save("p.png", ContentFile(photo(colour)))
        index_pending(get_index(Product))
        yield


@pytest.fixture
def queries(tmp_path):
    (tmp_path / "red.png").write_bytes(photo("red"))
    (tmp_path / "broken.png").write_bytes(b"no picture")

    def write(*lines: object):
        path = tmp_path / "queries.jsonl"
        path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
        return path

    return write


def run(path, *arguments: str) -> str:
    out = io.StringIO()
    call_command("xsearch_evaluate", str(path), *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def evaluate(path, *arguments: str) -> dict:
    return json.loads(run(path, "--key", "sku", "--json", *arguments))


TEXT = {"id": "t", "text": "red", "relevant": {"mug-red": 1}}
IMAGE = {"id": "i", "image": "red.png", "relevant": {"mug-red": 2, "mug-gone": 1}}
#: Words that do not change the photo beside them.
UNCHANGED = {"discount": 0, "strength": 0, "unsayable": 0, "words": 0}
CHEAP = {"id": "c", "text": "mug", "filters": {"price_max": 5}, "relevant": {"mug-blue": 1, "mug-red": 1}}


def test_figures_are_those_worked_out_by_hand(queries):
    found = evaluate(queries(TEXT, IMAGE, CHEAP))
    assert found["by_kind"]["image"] | {"latency_ms": 0} == {
        "queries": 1,
        "recall@1": 0.5,
        "recall@5": 0.5,
        "recall@10": 0.5,
        "mrr": 1.0,
        "ndcg@10": pytest.approx(2 / (2 + 1 / log2(3))),
        "latency_ms": 0,
    }
    # "red" finds the red mug alone; the filter leaves one of the two that are relevant to "mug".
    assert found["by_kind"]["text"]["recall@1"] == pytest.approx((1 + 0.5) / 2)
    assert found["by_kind"]["text"]["ndcg@10"] == pytest.approx((1 + 1 / (1 + 1 / log2(3))) / 2)
    assert found["overall"]["queries"] == 3
    assert found["overall"]["recall@10"] == pytest.approx((1 + 0.5 + 0.5) / 3)
    assert found["overall"]["mrr"] == 1.0
    assert found["overall"]["latency_ms"] > 0
    assert found["skipped"] == []
    assert found["unknown_keys"] == [{"line": 2, "id": "i", "keys": ["mug-gone"]}]


def test_text_and_photo_together_are_a_kind_of_their_own(queries):
    both = {"id": "b", "text": "mug", "image": "red.png", "relevant": {"mug-red": 1}}
    found = evaluate(queries(both, TEXT))
    assert set(found["by_kind"]) == {"image+text", "text"}
    assert found["by_kind"]["image+text"]["mrr"] == 1.0


def test_weights_reach_the_search(queries):
    odd = {"id": "o", "text": "blue", "image": "red.png", "relevant": {"mug-blue": 1}}
    assert evaluate(queries(odd), "--weights", "image=0")["overall"]["mrr"] == 1.0
    assert evaluate(queries(odd), "--weights", '{"text": 0}')["overall"]["mrr"] < 1.0


def test_lines_that_cannot_be_run_are_skipped_with_their_reason(queries):
    found = evaluate(
        queries(
            TEXT,
            "{",
            {"id": "f", "text": "mug", "filters": {"shape": "round"}, "relevant": {"mug-red": 1}},
            {"id": "m", "image": "broken.png", "relevant": {"mug-red": 1}},
            {"id": "l", "text": "x" * 600, "relevant": {"mug-red": 1}},
        )
    )
    assert found["overall"]["queries"] == 1
    assert [entry["line"] for entry in found["skipped"]] == [2, 3, 4, 5]
    reasons = [entry["reason"] for entry in found["skipped"]]
    assert "not JSON" in reasons[0]
    assert "Unknown filter 'shape'" in reasons[1]
    assert reasons[2]
    assert "600 characters" in reasons[3]


def test_without_json_there_is_a_table(queries):
    table = run(queries(TEXT, IMAGE), "--key", "sku")
    assert table.splitlines()[0].split()[:3] == ["queries", "recall@1", "recall@5"]
    assert [line.split()[0] for line in table.splitlines()[1:4]] == ["image", "text", "all"]
    assert "not in the catalogue: mug-gone" in table


def test_objects_can_be_named_by_any_field(queries):
    pk = str(Product.objects.get(sku="mug-red").pk)
    found = json.loads(run(queries(TEXT | {"relevant": {pk: 1}}), "--json"))
    assert found["overall"]["recall@1"] == 1.0


def test_what_cannot_be_evaluated_at_all_is_an_error_with_the_cure(queries, tmp_path):
    path = queries(TEXT)
    with pytest.raises(CommandError, match=r"no field 'isbn'\. Use pk or one of: .*sku"):
        run(path, "--key", "isbn")
    with pytest.raises(CommandError, match=r"absent\.jsonl cannot be read: No such file"):
        run(tmp_path / "absent.jsonl")
    with pytest.raises(CommandError, match="no query that could be run"):
        run(queries("{", ""))
    with pytest.raises(CommandError, match="not registered"):
        run(path, "--model", "no.Such")
    with pytest.raises(CommandError, match="name=number"):
        run(path, "--weights", "text")
