"""An adapter behind an encoder: matrices, read and applied without torch."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from PIL import Image

from tests.support.adapters import adapter_content, rotating, rotation, write_adapter
from tests.support.encoder_contract import EncoderContract
from tests.support.encoders import HashEncoder, TwoStepHashEncoder
from xsearch.encoders import EncoderAway, EncoderError, encoder_from_spec
from xsearch.encoders.adapted import AdaptedEncoder, AdapterFile
from xsearch.encoders.builtin import BuiltinEncoder

BUILTIN = {"BACKEND": "xsearch.encoders.builtin.BuiltinEncoder", "OPTIONS": {}}
HASH = {"BACKEND": "tests.support.encoders.HashEncoder", "OPTIONS": {}}
PICTURES = [Image.new("RGB", (40, 30), colour) for colour in ("red", "navy", "white")]


class TestAdaptedBuiltin(EncoderContract):
    unknown = {"text": ["", "zzz"]}

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path):
        self.folder = write_adapter(tmp_path, rotating(BuiltinEncoder()))

    def make_encoder(self):
        return AdaptedEncoder(BUILTIN, self.folder)

    def items(self):
        return {"image": PICTURES, "text": ["red dress", "白色的杯子", "blue chair"]}


def test_vectors_are_those_of_the_encoder_through_the_matrix(tmp_path):
    base, matrix = HashEncoder(), rotation(16, 3)[:5]
    content = adapter_content(base.fingerprint, {"text": matrix, "image": rotation(16, 4)[:5]})
    encoder = AdaptedEncoder(HASH, write_adapter(tmp_path, content))
    expected = base.encode_batch("text", ["bag"]) @ matrix.T
    assert encoder.dimension == 5
    assert encoder.encode_batch("text", ["bag"]) == pytest.approx(expected / np.linalg.norm(expected), abs=1e-6)


def test_each_adapter_makes_a_space_of_its_own(tmp_path):
    base = HashEncoder()
    folders = [write_adapter(tmp_path / str(seed), rotating(base, seed)) for seed in (1, 2)]
    found = {AdaptedEncoder(HASH, folder).fingerprint for folder in folders}
    assert len(found | {base.fingerprint}) == 3
    assert all(fingerprint.startswith(f"{base.fingerprint}+") for fingerprint in found)


def test_items_are_prepared_as_the_encoder_does(tmp_path, settings):
    base = TwoStepHashEncoder(batch_size=7)
    settings.XSEARCH = {
        "ENCODERS": {"two": {"BACKEND": "tests.support.encoders.TwoStepHashEncoder", "OPTIONS": {"batch_size": 7}}}
    }
    encoder = AdaptedEncoder("two", write_adapter(tmp_path, rotating(base)))
    prepared = encoder.prepare("image", PICTURES[0])
    assert np.array_equal(prepared, np.asarray(PICTURES[0]))
    assert np.array_equal(encoder.encode_prepared("image", [prepared]), encoder.encode_batch("image", PICTURES[:1]))
    assert encoder.batch_size == 7


def test_an_adapter_of_another_encoder_says_so(tmp_path):
    folder = write_adapter(tmp_path, rotating(HashEncoder(revision="2")))
    with pytest.raises(EncoderError, match=r"trained on .*hash:16:2.*hash:16:1.*Fine-tune again"):
        AdaptedEncoder(HASH, folder).encode_batch("text", ["bag"])


@pytest.mark.parametrize(
    ("trained_on", "serving", "fits"),
    [
        ("clip-1", "clip-1-onnx1-int8", True),
        ("clip-1-onnx1-fp32", "clip-1-onnx1-int8", True),
        ("clip-1", "clip-2-onnx1-int8", False),
        ("clip-1", "clip-1-onnx1-int8-0a1b2c3d", False),  # another template of texts
    ],
)
def test_an_adapter_fits_the_export_of_its_model(trained_on, serving, fits):
    content = adapter_content(trained_on, {"image": np.eye(2, dtype=np.float32)})
    assert AdapterFile.parse(content).fits(serving) is fits


def test_a_remote_encoder_that_is_away_is_away_with_its_adapter(tmp_path):
    options = {"url": "http://127.0.0.1:9/", "timeout_s": 0.5, "retries": 0}
    spec = {"BACKEND": "xsearch.encoders.remote.RemoteEncoder", "OPTIONS": options}
    encoder = AdaptedEncoder(spec, write_adapter(tmp_path, rotating(HashEncoder())))
    with pytest.raises(EncoderAway):
        encoder.encode_batch("text", ["bag"])


GOOD = rotating(HashEncoder())
NOT_FINITE = adapter_content("x", {"image": np.full((2, 2), np.nan, np.float32)})
TWO_SHAPES = adapter_content("x", {"image": np.eye(2, dtype=np.float32), "text": np.eye(3, dtype=np.float32)})


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff" * 40, GOOD[:-3], GOOD + b"123", GOOD.replace(b"F32", b"F16"), GOOD.replace(b"manifest", b"manifold"),
     NOT_FINITE, TWO_SHAPES],
    ids=["empty", "noise", "cut", "long", "half", "no manifest", "not finite", "two shapes"],
)  # fmt: skip
def test_a_damaged_file_is_refused(content):
    with pytest.raises(EncoderError, match="adapter"):
        AdapterFile.parse(content)


def test_a_folder_without_an_adapter_says_what_to_name(tmp_path):
    with pytest.raises(EncoderError, match="xsearch_finetune"):
        encoder_from_spec(
            {
                "BACKEND": "xsearch.encoders.adapted.AdaptedEncoder",
                "OPTIONS": {"encoder": HASH, "adapter": str(tmp_path)},
            }
        )


def test_serving_needs_neither_torch_nor_transformers(tmp_path):
    folder = write_adapter(tmp_path, rotating(BuiltinEncoder()))
    program = f"""
        import json, sys
        sys.modules["torch"] = sys.modules["transformers"] = None
        import django
        from django.conf import settings
        settings.configure()
        from xsearch.encoders.adapted import AdaptedEncoder
        encoder = AdaptedEncoder({BUILTIN!r}, {str(folder)!r})
        print(json.dumps(encoder.encode_batch("text", ["red dress"]).tolist()))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    expected = AdaptedEncoder(BUILTIN, folder).encode_batch("text", ["red dress"])
    assert np.array(json.loads(done.stdout)) == pytest.approx(expected, abs=1e-6)
