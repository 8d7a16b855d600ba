"""xsearch_benchmark measures the catalogue that is there."""

import io
import json
import re
import wave

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from shop.models import Product
from tests.support.searching import index_all, wipe
from tools.rendering import random_look, render_product

pytestmark = pytest.mark.django_db(transaction=True)  # the web worker that it weighs is a process of its own


@pytest.fixture
def three_products():
    import random

    rng = random.Random(3)
    for number in range(3):
        product = Product(sku=f"B{number}", title=f"Red mug {number}")
        stream = io.BytesIO()
        render_product(random_look(rng), size=160).save(stream, "JPEG")
        product.photo.save(f"{number}.jpg", stream)
    assert index_all().failed == 0
    yield
    wipe()


def test_it_prints_queries_encoders_indexing_and_memory(three_products):
    printed = io.StringIO()
    call_command("xsearch_benchmark", "--part", "catalogue", "--json", "--repeats", "3", stdout=printed)
    figures = json.loads(printed.getvalue())
    assert figures["indexing"]["objects"] == 3
    assert figures["indexing"]["failed"] == 0
    assert set(figures["queries"]) == {"text", "photo", "photo + text"}
    for timing in (*figures["queries"].values(), *figures["encoder"].values()):
        assert timing["count"] == 3
        assert 0 < timing["p50_ms"] <= timing["p95_ms"]
    memory = figures["memory"]
    assert memory["heavy_imports"] == []
    assert memory["started_mb"] < memory["after_photo_query_mb"] <= 300


def test_it_prints_a_table_for_people(three_products):
    printed = io.StringIO()
    call_command("xsearch_benchmark", "--part", "catalogue", "--repeats", "1", stdout=printed)
    assert "photo + text" in printed.getvalue()
    assert re.search(r"web worker after its first photo query: MB +[\d.]+ +≤ 300 +reached", printed.getvalue())
    assert "after_photo_query_mb" in printed.getvalue()


def test_voice_queries_are_timed_with_a_recording(three_products, tmp_path):
    recording = tmp_path / "silence.wav"
    with wave.open(str(recording), "wb") as file:
        file.setparams((1, 2, 16_000, 16_000, "NONE", ""))
        file.writeframes(bytes(32_000))
    printed = io.StringIO()
    options = ("--part", "catalogue", "--json", "--repeats", "2", "--recording", recording)
    call_command("xsearch_benchmark", *options, stdout=printed)
    assert json.loads(printed.getvalue())["queries"]["voice"]["count"] == 2
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        call_command("xsearch_benchmark", "--part", "catalogue", "--recording", tmp_path / "nothing.wav")


def test_an_empty_catalogue_is_an_error_that_says_what_to_do():
    with pytest.raises(CommandError, match="load a catalogue first"):
        call_command("xsearch_benchmark", "--part", "catalogue")


def test_catalogues_are_made_up_and_dropped_in_a_database_of_their_own(three_products):
    name = connection.settings_dict["NAME"]
    printed = io.StringIO()
    options = ("--part", "growth", "--part", "bulk", "--sizes", "200", "400", "--repeats", "4", "--products", "4")
    call_command("xsearch_benchmark", *options, "--json", stdout=printed, stderr=io.StringIO())
    figures = json.loads(printed.getvalue())
    assert set(figures["walk"]) == set(figures["photo_query"]["bundled"]) == {"200", "400"}
    assert [found["right_first"] for found in figures["photo_query"]["bundled"].values()] == [1, 1]
    assert {found["recall@10"] for found in figures["walk"]["400"].values()} == {1.0}
    assert figures["bulk"]["bundled"]["photos"] == 4
    assert {"photo query at 400 products, bundled: p95 ms", "400 × 512, filter passes 1 %: recall@10"} <= {
        bar["what"] for bar in figures["bars"]
    }
    assert connection.settings_dict["NAME"] == name
    assert Product.objects.count() == 3
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_database WHERE datname LIKE 'xsearch_benchmark%'")
        assert cursor.fetchone()[0] == 0


def test_growth_is_drawn_over_the_size_of_the_catalogue(tmp_path):
    from xsearch.benchmark.report import draw_growth

    times = {"search": {"p95_ms": 9.0}}
    walks = {"1000": {"1 %": {"p95_ms": 0.4}}, "100000": {"1 %": {"p95_ms": 1.3}}}
    draw_growth({"photo_query": {"bundled": {"1000": times, "100000": times}}, "walk": walks}, tmp_path / "growth.svg")
    picture = (tmp_path / "growth.svg").read_text()
    for text in ("photo query, bundled", "SQL, filter passes 1 %", "100,000", "products"):
        assert f">{text}</text>" in picture
    draw_growth({}, tmp_path / "nothing.svg")
    assert not (tmp_path / "nothing.svg").exists()


def test_a_plot_without_matplotlib_is_refused_before_anything_is_measured(monkeypatch, tmp_path):
    monkeypatch.setattr("xsearch.management.commands.xsearch_benchmark.find_spec", lambda _name: None)
    with pytest.raises(CommandError, match=r"pip install 'django-xsearch\[plot\]'"):
        call_command("xsearch_benchmark", "--part", "catalogue", "--plot", tmp_path / "growth.svg")


def test_models_are_compared_with_torch_in_one_run(tmp_path):
    from tests.support.checkpoints import make_clip
    from xsearch.benchmark.models import bars, measure_models

    figures, exported = measure_models({"ViT-B/32": make_clip}, tmp_path, lambda _line: None)
    assert set(exported) == {"ViT-B/32 onnx int8", "ViT-B/32 torch fp32"}
    assert figures["ViT-B/32"]["onnx fp32"]["cosine_to_torch"] > 0.999
    assert figures["ViT-B/32"]["torch fp32"]["times_torch_in_1"] == 1.0
    assert [bar["bar"] for bar in bars(figures)] == ["≥ 3", "≥ 2.5", "≥ 0.98"]


def test_made_up_vectors_are_clustered_unit_and_the_same_every_time():
    from xsearch.benchmark.scratch import SyntheticVectors

    source = SyntheticVectors(64, seed=3)
    rows = source.rows(500)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(500), abs=1e-5)
    assert np.array_equal(rows, SyntheticVectors(64, seed=3).rows(500))
    similarities = rows @ rows.T - 2 * np.eye(500)
    assert np.median(similarities.max(axis=1)) > 0.6 > 0.2 > np.median(similarities)
    near = source.near(rows)
    assert (near * rows).sum(axis=1).min() > 0.9
