"""manage.py xsearch_export: what it writes, refuses and leaves behind; and a shop that changes to an export."""

from __future__ import annotations

import io
import json
import math
import re
import sys

import pytest
from django.core.management import CommandError, call_command

import xsearch
from shop.models import Product
from tests.support import ROOT
from tests.support.indexing import add, picture
from tests.support.searching import index_all
from xsearch.encoders.onnx import OnnxEncoder
from xsearch.search.vectors.calibration import forget_samples

pytest.importorskip("onnxscript", reason="the packages of the extra export are not installed")

from xsearch.checkpoints.local import locate
from xsearch.encoders.transformers import TransformersEncoder
from xsearch.export import checkpoint as exporting
from xsearch.export import graphs
from xsearch.export.checkpoint import samples

pytest_plugins = ["tests.support.fixtures.exports"]


@pytest.fixture
def clip(checkpoints, traced_once):
    return checkpoints("clip")


def export(model, dest, *arguments):
    out = io.StringIO()
    call_command("xsearch_export", str(model), str(dest), *arguments, stdout=out)
    return out.getvalue()


def test_it_writes_a_folder_that_can_be_served_and_says_how_good_it_is(clip, tmp_path):
    out = export(clip, tmp_path / "models" / "clip", "--precision", "fp32")
    assert re.search(r"image +0\.\d MB   cosine to torch: mean 0\.999\d+|mean 1\.0", out)
    assert "xsearch.encoders.onnx.OnnxEncoder" in out
    assert "xsearch_index" in out
    assert OnnxEncoder(tmp_path / "models" / "clip").encode_batch("text", ["red"]).any()
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["clip"]


def test_the_default_is_eight_bits(clip, tmp_path):
    export(clip, tmp_path / "clip", "--min-cosine", "0.9")
    assert json.loads((tmp_path / "clip" / "manifest.json").read_text())["precision"] == "int8"


def test_an_alias_of_the_settings_stands_for_its_model(clip, tmp_path, settings):
    spec = {"BACKEND": "xsearch.encoders.transformers.TransformersEncoder", "OPTIONS": {"model": str(clip)}}
    settings.XSEARCH = {"ENCODERS": {"ours": spec}}
    assert "Written to" in export("ours", tmp_path / "clip", "--precision", "fp32")
    with pytest.raises(CommandError, match=r"'builtin' of the settings has no OPTIONS\['model'\]"):
        export("builtin", tmp_path / "other")


@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_other_precisions_are_near_the_original_and_another_space(precision, clip, exports):
    folder = exports("clip", precision)
    exported, original = OnnxEncoder(folder), TransformersEncoder(clip, device="cpu")
    assert exported.fingerprint != OnnxEncoder(exports("clip")).fingerprint
    assert original.fingerprint in exported.fingerprint
    for modality in original.modalities:
        wanted, found = (encoder.encode_batch(modality, samples(modality)) for encoder in (original, exported))
        assert (wanted * found).sum(axis=1).min() >= (0.999 if precision == "fp16" else 0.97)
        assert (found @ wanted.T).argmax(axis=1).tolist() == list(range(len(wanted)))


def test_weights_are_stored_in_the_precision_asked_for(exports):
    import onnx

    def types(precision):
        graph = onnx.load(exports("clip", precision) / "text.onnx").graph
        names = {value: name for name, value in onnx.TensorProto.DataType.items()}
        return {names[tensor.data_type] for tensor in graph.initializer if math.prod(tensor.dims) >= 256}, {
            node.op_type for node in graph.node
        }

    assert types("fp32")[0] == {"FLOAT"}
    assert types("fp16")[0] == {"FLOAT16"}
    stored, operators = types("int8")
    assert {"INT8", "FLOAT16"} <= stored  # matrices, and the table of tokens
    assert "MatMulInteger" in operators


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
def test_nothing_tells_about_the_machine_that_exported(precision, exports, checkpoints):
    for path in exports("clip", precision).iterdir():
        content = path.read_bytes()
        for trace in (str(ROOT), str(checkpoints("clip")), sys.prefix, "site-packages", ".py", "pkg.torch"):
            assert trace.encode() not in content, (path.name, trace)


def leftovers(folder):
    return sorted(path.name for path in folder.iterdir())


class TestRefusals:
    def test_an_export_that_is_not_near_enough(self, clip, tmp_path):
        with pytest.raises(CommandError, match=r"least cosine .* where 1.1 is wanted. Nothing was written.*fp32"):
            export(clip, tmp_path / "clip", "--min-cosine", "1.1")
        assert leftovers(tmp_path) == []

    def test_a_damaged_graph(self, clip, tmp_path, monkeypatch):
        trace = graphs.trace_tower

        def damage(*arguments):
            model = trace(*arguments)
            largest = max(model.graph.initializer, key=lambda tensor: len(tensor.raw_data))
            largest.raw_data = largest.raw_data[::-1]
            return model

        monkeypatch.setattr(graphs, "trace_tower", damage)
        with pytest.raises(CommandError, match="gives other vectors than torch"):
            export(clip, tmp_path / "clip", "--precision", "fp32")
        assert leftovers(tmp_path) == []

    def test_an_interruption_leaves_what_was_there(self, clip, tmp_path, monkeypatch):
        export(clip, tmp_path / "clip", "--precision", "fp32")
        before = (tmp_path / "clip" / "manifest.json").read_bytes()

        def interrupt(*_):
            raise KeyboardInterrupt

        monkeypatch.setattr(graphs, "write", interrupt)
        with pytest.raises(KeyboardInterrupt):
            export(clip, tmp_path / "clip", "--force")
        assert leftovers(tmp_path) == ["clip"]
        assert (tmp_path / "clip" / "manifest.json").read_bytes() == before

    def test_an_export_is_replaced_only_by_force(self, clip, tmp_path):
        export(clip, tmp_path / "clip", "--precision", "fp32")
        with pytest.raises(CommandError, match=r"has an exported model already.*--force"):
            export(clip, tmp_path / "clip", "--precision", "fp16")
        export(clip, tmp_path / "clip", "--precision", "fp16", "--force")
        assert OnnxEncoder(tmp_path / "clip").fingerprint.endswith("fp16")
        assert leftovers(tmp_path) == ["clip"]

    def test_other_folders_are_never_replaced(self, clip, tmp_path):
        (tmp_path / "photo.jpg").touch()
        with pytest.raises(CommandError, match=r"is no exported model. Choose a new folder"):
            export(clip, tmp_path, "--force")
        assert leftovers(tmp_path) == ["photo.jpg"]

    def test_a_model_that_is_not_here_says_how_to_get_it(self, tmp_path, settings):
        settings.XSEARCH = {"MODELS_DIR": str(tmp_path)}
        with pytest.raises(CommandError, match=r"python manage.py xsearch_download openai/clip-vit-base-patch32"):
            export("openai/clip-vit-base-patch32", tmp_path / "clip")

    def test_a_tower_that_does_not_fit_into_one_file(self, clip, tmp_path, monkeypatch):
        monkeypatch.setattr(exporting, "_MAX_BYTES", 1000)
        with pytest.raises(CommandError, match=r"exported are towers of up to .* GB. Serve it with .*Transformers"):
            export(clip, tmp_path / "clip")
        assert leftovers(tmp_path) == []

    def test_a_missing_package_says_what_to_install(self, clip, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "xsearch.export.graphs", None)
        with pytest.raises(CommandError, match=r"pip install 'django-xsearch\[export\]'"):
            export(clip, tmp_path / "clip")

    def test_an_unknown_precision(self, clip, tmp_path):
        with pytest.raises(exporting.ExportError, match=r"'fp8'. It is one of fp32, fp16, int8"):
            exporting.export_checkpoint(locate(clip), tmp_path / "clip", "fp8")


TITLES = {"DRESS": "红色的连衣裙", "SHOES": "black leather shoes", "CHAIR": "wooden chair"}


def configure(settings, backend, **options):
    settings.XSEARCH = {
        "ENCODERS": {"model": {"BACKEND": f"xsearch.encoders.{backend}", "OPTIONS": options}},
        "EMBEDDINGS": {"text": "model", "image": "model", "audio": None},
        "TRANSCRIBERS": [],
    }
    forget_samples()


def found(**query):
    results = xsearch.search(Product.objects.all(), **query)
    assert results.degraded == []
    return [hit.object.sku for hit in results.hits]


@pytest.mark.django_db
def test_a_shop_that_changes_from_torch_to_the_export_finds_the_same(settings, checkpoints, exports):
    configure(settings, "transformers.TransformersEncoder", model=str(checkpoints("siglip")), threads=1)
    for seed, (sku, title) in enumerate(TITLES.items()):
        add(sku, title, photo=picture(seed, (40, 30)))
    index_all()
    queries = [*({"text": title} for title in TITLES.values()), *({"image": picture(n, (40, 30))} for n in range(3))]
    before = [found(**query) for query in queries]
    assert [skus[0] for skus in before] == [*TITLES, *TITLES]

    configure(settings, "onnx.OnnxEncoder", path=str(exports("siglip")))
    call_command("xsearch_index", stdout=io.StringIO())
    forget_samples()
    assert [found(**query) for query in queries] == before
