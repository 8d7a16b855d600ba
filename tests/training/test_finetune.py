"""xsearch_finetune: it learns from a catalogue, proves it on products it has not seen, and installs only what is better."""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from PIL import Image, ImageDraw

pytest.importorskip("torch", reason="training needs torch: pip install 'django-xsearch[train]'")
pytest.importorskip("pytorch_metric_learning", reason="pip install 'django-xsearch[train]'")

from shop.models import Category, Product, ProductPhoto
from tests.support.indexing import picture, run
from tests.support.visitors import act, ask, make_visitor
from xsearch.encoders import get_encoder
from xsearch.encoders.adapted import AdaptedEncoder, AdapterFile
from xsearch.index.registry import get_index
from xsearch.indexing.spaces import live_spaces
from xsearch.models import Adapter, Event
from xsearch.training import finetune as runs
from xsearch.training.catalogue import read_catalogue

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]
pytest_plugins = ["tests.support.fixtures.exports"]

QUICK = ("--views", "2", "--folds", "2", "--steps", "60", "--rate", "0.01", "--json")
#: This shop's own words for things that the bundled model calls otherwise.
SHELVES = {"mug": "ellipse", "sofa": "rectangle"}
COLOURS = {"red": (200, 30, 40), "blue": (40, 80, 200), "green": (40, 140, 70)}


def drawn(shelf, colour, seed):
    rng = random.Random(seed)
    image = Image.new("RGB", (96, 96), tuple(rng.randint(215, 255) for _ in range(3)))
    x, y, size = rng.randint(8, 24), rng.randint(8, 24), rng.randint(44, 60)
    shape = getattr(ImageDraw.Draw(image), SHELVES[shelf])
    shape((x, y, x + size, y + size), fill=tuple(min(255, part + rng.randint(0, 30)) for part in COLOURS[colour]))
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return ContentFile(stream.getvalue(), name=f"{seed}.png")


@pytest.fixture
def catalogue():
    """A shop whose mugs are all round and whose sofas are all square, photographed from above."""
    shelves = {name: Category.objects.create(name=name, slug=name) for name in SHELVES}
    for number in range(36):
        shelf, colour = list(SHELVES)[number % 2], list(COLOURS)[number // 2 % 3]
        fields = {"title": f"{colour} {shelf}", "category": shelves[shelf], "colour": colour}
        Product.objects.create(sku=f"P{number}", photo=drawn(shelf, colour, number), **fields)
    return list(Product.objects.all())


def finetune(out, *options):
    stdout, stderr = io.StringIO(), io.StringIO()
    call_command("xsearch_finetune", "--out", str(out), *QUICK, *options, stdout=stdout, stderr=stderr)
    return json.loads(stdout.getvalue()), stderr.getvalue()


def fingerprints():
    spaces = live_spaces(get_index(Product))
    return {spaces[modality].fingerprint for modality in ("text", "image")}


def test_the_bundled_encoder_learns_this_shops_words_and_the_adapter_goes_live(catalogue, tmp_path):
    run()
    plain = fingerprints()
    found, said = finetune(tmp_path, "--install")
    assert found["is_better"]
    assert found["figures"]["name"]["after"]["recall@1"] > found["figures"]["name"]["before"]["recall@1"] + 0.1
    assert found["counts"]["products"] == 36
    assert "Installed builtin" in said
    assert fingerprints() == plain
    run()
    digest = AdapterFile.read(tmp_path).digest
    assert Adapter.objects.get(is_live=True).digest == digest
    assert fingerprints() == {f"{get_encoder('builtin').fingerprint}+{digest[:12]}"}
    adapted = AdaptedEncoder("builtin", tmp_path)
    sofas, mugs = (
        adapted.encode_batch(
            "image", [Image.open(drawn(shelf, colour, 1000 + seed)) for seed in range(4) for colour in COLOURS]
        )
        for shelf in ("sofa", "mug")
    )
    word = adapted.encode_batch("text", ["sofa"])[0]
    assert np.mean(sofas @ word) > np.mean(mugs @ word) + 0.1  # also for drawings that are in no catalogue
    for name in ("losses.svg", "figures.svg", "log.jsonl"):
        assert (tmp_path / "all" / name).stat().st_size > 0


def test_a_run_that_is_killed_goes_on_and_makes_the_same_file(catalogue, tmp_path, monkeypatch):
    finetune(tmp_path / "whole")
    train, trained = runs._train, []

    def train_until_killed(material, products, plan, name, progress):
        if name == "fold-2":
            raise KeyboardInterrupt
        trained.append(name)
        return train(material, products, plan, name, progress)

    with monkeypatch.context() as patch:
        patch.setattr(runs, "_train", train_until_killed)
        with pytest.raises(KeyboardInterrupt):
            finetune(tmp_path / "killed")
        assert trained == ["fold-1"]
    kept = {file: file.stat().st_mtime_ns for file in (tmp_path / "killed" / "vectors").iterdir()}
    finetune(tmp_path / "killed")
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "killed" / "vectors").iterdir()} == kept
    assert AdapterFile.read(tmp_path / "killed").digest == AdapterFile.read(tmp_path / "whole").digest


def test_a_changed_catalogue_begins_anew(catalogue, tmp_path):
    before, _said = finetune(tmp_path)
    Product.objects.filter(pk=catalogue[0].pk).update(title="crimson sofa", colour="")
    after, said = finetune(tmp_path)
    assert "begins anew" in said
    assert after["counts"]["captions"] != before["counts"]["captions"]


def noise(count):
    return [
        Product.objects.create(
            sku=f"N{number}", title=f"Thing {number}", photo=ContentFile(picture(number), name="n.png")
        )
        for number in range(count)
    ]


def test_an_adapter_that_is_not_better_is_not_installed(use_encoder, tmp_path):
    use_encoder()  # vectors of hashes: there is nothing to learn
    noise(24)
    with pytest.raises(CommandError, match=r"Not installed: .*MRR"):
        finetune(tmp_path, "--install")
    assert not Adapter.objects.exists()
    assert json.loads((tmp_path / "manifest.json").read_text())["is_better"] is False


def test_people_get_a_table_and_advice(use_encoder, tmp_path):
    use_encoder()
    noise(20)
    stdout = io.StringIO()
    call_command("xsearch_finetune", "--out", str(tmp_path), *QUICK[:-1], stdout=stdout, stderr=io.StringIO())
    assert "20 products with 20 photos" in stdout.getvalue()
    assert "Not better" in stdout.getvalue()


def test_a_clip_is_tuned_exported_and_served_without_torch(settings, checkpoints, exports, tmp_path):
    options = {"model": str(checkpoints("clip")), "threads": 1}
    backend = "xsearch.encoders.transformers.TransformersEncoder"
    settings.XSEARCH = {
        "ENCODERS": {"clip": {"BACKEND": backend, "OPTIONS": options}},
        "EMBEDDINGS": {"text": "clip", "image": "clip", "audio": None},
    }
    noise(24)
    finetune(tmp_path / "tuned")
    onnx = {"BACKEND": "xsearch.encoders.onnx.OnnxEncoder", "OPTIONS": {"path": str(exports("clip"))}}
    program = f"""
        import json, sys
        sys.modules["torch"] = sys.modules["transformers"] = None
        from django.conf import settings
        settings.configure()
        from PIL import Image
        from xsearch.encoders.adapted import AdaptedEncoder
        encoder = AdaptedEncoder({onnx!r}, {str(tmp_path / "tuned")!r})
        photo = Image.linear_gradient("L").convert("RGB")
        print(json.dumps([encoder.encode_batch("image", [photo]).tolist(), encoder.encode_batch("text", ["red dress"]).tolist()]))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    torchs, plain = AdaptedEncoder("clip", tmp_path / "tuned"), get_encoder("clip")
    for modality, item, served in zip(
        ("image", "text"),
        (Image.linear_gradient("L").convert("RGB"), "red dress"),
        json.loads(done.stdout),
        strict=True,
    ):
        vector = torchs.encode_batch(modality, [item])[0]
        assert vector @ np.array(served[0]) > 0.999
        assert vector @ plain.encode_batch(modality, [item])[0] < 0.9999  # training did move it


class TestRefusals:
    """What cannot be done says what to do."""

    def test_too_few_products(self, use_encoder, tmp_path):
        use_encoder()
        noise(3)
        with pytest.raises(CommandError, match="3 products have a photo that can be read; fine-tuning needs 20"):
            finetune(tmp_path)

    def test_no_photos(self, use_encoder, tmp_path):
        use_encoder()
        Product.objects.create(sku="A", title="Thing")
        with pytest.raises(CommandError, match="No product has a photo"):
            finetune(tmp_path)

    def test_an_encoder_that_sees_no_photos(self, tmp_path):
        with pytest.raises(CommandError, match="encodes audio only"):
            finetune(tmp_path, "--encoder", "logmel")

    def test_an_encoder_that_is_not_configured(self, tmp_path):
        with pytest.raises(CommandError, match=r"No encoder 'clip'.*builtin, logmel"):
            finetune(tmp_path, "--encoder", "clip")

    def test_a_service_that_is_away(self, settings, tmp_path):
        options = {"url": "http://127.0.0.1:9/", "timeout_s": 0.5, "retries": 0}
        settings.XSEARCH = {
            "ENCODERS": {"far": {"BACKEND": "xsearch.encoders.remote.RemoteEncoder", "OPTIONS": options}},
            "EMBEDDINGS": {"text": "far", "image": "far", "audio": None},
        }
        noise(1)
        with pytest.raises(CommandError, match=r"127\.0\.0\.1:9"):
            finetune(tmp_path)

    def test_a_folder_that_cannot_be_written(self, use_encoder, tmp_path):
        use_encoder()
        noise(1)
        (tmp_path / "file").touch()
        with pytest.raises(CommandError, match="can be written"):
            finetune(tmp_path / "file")

    @pytest.mark.parametrize("options", [("--folds", "1"), ("--views", "0"), ("--rate", "0"), ("--rank", "0")])
    def test_numbers_that_make_no_sense(self, tmp_path, options):
        with pytest.raises(CommandError, match=f"{options[0]} must be"):
            finetune(tmp_path, *options)

    def test_a_model_that_is_not_registered(self, tmp_path):
        with pytest.raises(CommandError, match=r"shop\.Nothing is not registered"):
            finetune(tmp_path, "shop.Nothing")


class TestWhatIsRead:
    """What a catalogue teaches."""

    def test_titles_values_and_pairs_of_values_are_captions_and_article_numbers_are_not(self, catalogue):
        first = read_catalogue(get_index(Product), 100, 0).products[0]
        assert first.titles == ["red mug"]
        assert {"red mug", "mug", "red"} <= set(first.captions)
        assert "P0" not in first.captions
        assert first.values == {"category": "mug", "colour": "red"}

    def test_all_photos_of_a_product_belong_to_it(self, catalogue):
        ProductPhoto.objects.create(product=catalogue[0], image=drawn("sofa", "red", 500))
        assert len(read_catalogue(get_index(Product), 100, 0).products[0].photos) == 2

    def test_products_without_photo_are_counted(self, catalogue):
        Product.objects.create(sku="none", title="Thing")
        assert read_catalogue(get_index(Product), 100, 0).without_photo == 1

    def test_a_limit_draws_the_same_products_every_time(self, catalogue):
        one, other = ([product.pk for product in read_catalogue(get_index(Product), 10, 3).products] for _ in range(2))
        assert one == other
        assert len(one) == 10

    def test_what_one_query_led_to_is_clicked_together(self, catalogue):

        common = {"content_type": get_index(Product).content_type, "kind": Event.Kind.CLICK}
        query = Event.objects.create(object_id=catalogue[0].pk, **common).query_id
        Event.objects.create(object_id=catalogue[3].pk, query_id=query, **common)
        Event.objects.create(object_id=catalogue[5].pk, **common)
        for number, kind in ((7, Event.Kind.VIEW), (8, Event.Kind.DISMISS)):
            Event.objects.create(object_id=catalogue[number].pk, query_id=query, **{**common, "kind": kind})
        assert read_catalogue(get_index(Product), 100, 0).clicks == [(0, 3)]

    def test_what_several_people_asked_is_a_caption_of_what_they_chose(self, catalogue):
        for _ in range(3):
            act(None, catalogue[0], query_id=ask("cup for the office", make_visitor()).pk, position=1)
        first, second, *_ = read_catalogue(get_index(Product), 100, 0).products
        assert first.captions[-1] == "cup for the office"
        assert "cup for the office" not in second.captions
