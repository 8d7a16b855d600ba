"""Exported checkpoints: the same vectors as torch's, from Pillow, numpy, tokenizers and onnxruntime alone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
from PIL import Image

from tests.support.encoder_contract import EncoderContract
from xsearch.encoders import EncoderError, encoder_from_spec
from xsearch.encoders.onnx import OnnxEncoder
from xsearch.encoders.onnx.front_ends import FixedPixels, PatchedPixels, PixelNormalisation, open_front_end
from xsearch.media import Waveform

torch = pytest.importorskip("torch", reason="torch is not installed")
transformers = pytest.importorskip("transformers", reason="transformers is not installed")

from xsearch.checkpoints.local import locate  # noqa: E402
from xsearch.encoders.transformers import TransformersEncoder  # noqa: E402
from xsearch.encoders.transformers.preparing import Preparer  # noqa: E402
from xsearch.export.checkpoint import pictures, samples, sounds  # noqa: E402
from xsearch.export.folders import write_facts  # noqa: E402

pytest_plugins = ["tests.support.fixtures.exports"]

EXPORTED = ["clip", "siglip", "siglip2", "chinese_clip", "clap"]
TEXTS = [
    "red dress", "红色的连衣裙", "A Chair, made of WOOD!", "  spaces  and\ttabs ", "🙂👗 emoji", "naïve café №5",
    "黑色皮鞋 size 42", "long " * 300, "长" * 200, "<|endoftext|> </s> [SEP]", "x",
]  # fmt: skip
SILENCE = [Waveform(np.zeros(8000, np.float32)), Waveform(np.zeros(0, np.float32))]


class OfFamily(EncoderContract):
    family, precision = "", "fp32"
    unknown = {"text": ["", " \n"]}

    @pytest.fixture(autouse=True)
    def _folder(self, exports):
        self.folder = exports(self.family, self.precision)

    def make_encoder(self):
        return OnnxEncoder(self.folder, batch_size=2)

    def items(self):
        return {"image": pictures()[:3], "text": TEXTS[:4]}


class TestClip(OfFamily):
    family = "clip"


class TestClipInEightBits(OfFamily):
    family, precision = "clip", "int8"

    def test_an_item_gets_the_same_vector_in_any_company(self, encoder, cases):
        for modality, items in cases:
            for number, item in enumerate(items):
                alone = encoder.encode_batch(modality, [item])[0]
                assert np.array_equal(encoder.encode_batch(modality, items)[number], alone)

    def test_several_items_run_beside_each_other_and_a_lone_one_needs_no_second_session(self, encoder):
        pictured = pictures()[:3]
        encoder.encode_batch("image", pictured[:1])
        assert not encoder._single_threaded["image"].is_loaded
        encoder.encode_batch("image", pictured)
        assert encoder._single_threaded["image"].is_loaded


class TestSiglip(OfFamily):
    family = "siglip"


class TestSiglip2NaFlex(OfFamily):
    family = "siglip2"


class TestChineseClip(OfFamily):
    family = "chinese_clip"


class TestClap(OfFamily):
    family = "clap"
    unknown = {**OfFamily.unknown, "audio": SILENCE}

    def items(self):
        return {"audio": sounds()[:3], "text": TEXTS[:4]}


def facts_of(folder, tmp_path, modality):
    return open_front_end(tmp_path, write_facts(locate(folder), tmp_path)[modality])


class TestAgainstTorch:
    @pytest.mark.parametrize("family", EXPORTED)
    def test_vectors_are_those_of_the_original_and_rank_alike(self, family, checkpoints, exports):
        original, exported = TransformersEncoder(checkpoints(family), device="cpu"), OnnxEncoder(exports(family))
        assert (exported.dimension, exported.modalities) == (original.dimension, original.modalities)
        assert original.fingerprint in exported.fingerprint
        for modality in original.modalities:
            items = TEXTS if modality == "text" else samples(modality)
            wanted, found = (encoder.encode_batch(modality, items) for encoder in (original, exported))
            assert (wanted * found).sum(axis=1).min() >= 0.999
            assert (found @ wanted.T).argmax(axis=1).tolist() == (wanted @ wanted.T).argmax(axis=1).tolist()

    @pytest.mark.parametrize("family", ["clip", "siglip", "siglip1", "siglip2", "chinese_clip", "clap"])
    @pytest.mark.parametrize("text", TEXTS)
    def test_texts_become_the_same_numbers(self, family, text, checkpoints, tmp_path):
        tokens = facts_of(checkpoints(family), tmp_path, "text")
        preparer = Preparer(locate(checkpoints(family)))
        wanted = preparer.collate("text", [preparer.prepare("text", text), preparer.prepare("text", "red")])
        found = tokens.collate([tokens.prepare(text), tokens.prepare("red")])
        assert {name: array.tolist() for name, array in found.items()} == {
            name: tensor.tolist() for name, tensor in wanted.items()
        }

    @pytest.mark.parametrize("family", ["clap", "clap_fused"])
    def test_sounds_become_the_same_spectrograms(self, family, checkpoints, tmp_path):
        log_mel, preparer = facts_of(checkpoints(family), tmp_path, "audio"), Preparer(locate(checkpoints(family)))
        for sound in [*sounds(), Waveform(np.array([0.5, -0.5, 0.1], np.float32))]:
            wanted = preparer.prepare("audio", sound)["input_features"].numpy()
            assert log_mel.prepare(sound)["input_features"][0] == pytest.approx(wanted[0], abs=1e-3)

    def test_a_model_with_fusion_gives_the_original_s_vectors(self, checkpoints, traced_once, tmp_path):
        from xsearch.encoders.transformers.towers import load_towers

        checkpoint = locate(checkpoints("clap_fused"))
        facts = write_facts(checkpoint, tmp_path)["audio"]
        front_end = open_front_end(tmp_path, facts)
        batch = front_end.collate([front_end.prepare(sound) for sound in sounds()])
        graph = traced_once(load_towers(checkpoint)["audio"], batch, facts)
        import onnxruntime

        session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
        wanted = TransformersEncoder(checkpoints("clap_fused"), device="cpu").encode_batch("audio", sounds())
        assert session.run(None, batch)[0] == pytest.approx(wanted, abs=1e-4)


class TestPixels:
    """At the size of real models: one level of 255 is what roundings of two libraries may differ by."""

    SIZES = [(640, 480), (300, 700), (37, 51), (640, 31), (17, 900), (1, 1), (224, 224), (225, 223), (1023, 700)]

    def picture(self, size):
        return pictures()[0].resize(size)

    def levels(self, processor):
        return PixelNormalisation(processor.rescale_factor, tuple(processor.image_mean), tuple(processor.image_std))

    @pytest.mark.parametrize("size", SIZES)
    def test_of_clip_are_the_original_s(self, size):
        processor = transformers.CLIPImageProcessor()
        front_end = FixedPixels(self.levels(processor), int(processor.resample), shortest_edge=224, crop=(224, 224))
        picture = self.picture(size)
        wanted = processor(picture, return_tensors="np")["pixel_values"][0]
        if max(size) > 8 * min(size):  # cut first, so that a line of pixels does not fill memory
            assert front_end.prepare(picture)["pixel_values"].shape == wanted.shape
        else:
            assert np.abs(front_end.prepare(picture)["pixel_values"] - wanted).mean() < 0.5 / 255 / 0.27

    @pytest.mark.parametrize("size", SIZES)
    def test_of_siglip_are_the_original_s(self, size):
        processor = transformers.SiglipImageProcessor()
        front_end = FixedPixels(self.levels(processor), int(processor.resample), size=(224, 224))
        wanted = processor(self.picture(size), return_tensors="np")["pixel_values"][0]
        assert np.abs(front_end.prepare(self.picture(size))["pixel_values"] - wanted).mean() < 0.5 / 255 / 0.5

    @pytest.mark.parametrize("size", SIZES)
    def test_of_naflex_are_the_original_s_with_the_positions_of_their_patches(self, size):
        processor = transformers.Siglip2ImageProcessor()
        front_end = PatchedPixels(self.levels(processor), int(processor.resample), 16, 256, grid=16)
        wanted = processor(self.picture(size), return_tensors="np")
        found = front_end.prepare(self.picture(size))
        assert found["pixel_attention_mask"].tolist() == wanted["pixel_attention_mask"][0].tolist()
        assert np.abs(found["pixel_values"] - wanted["pixel_values"][0]).mean() < 0.5 / 255 / 0.5
        learnt = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(0))
        shape = tuple(wanted["spatial_shapes"][0].tolist())
        spread = torch.nn.functional.interpolate(learnt, size=shape, mode="bilinear", antialias=True)
        mixed = found["positions"] @ learnt.reshape(4, 256).T.numpy()
        assert mixed[: shape[0] * shape[1]] == pytest.approx(spread.reshape(4, -1).T.numpy(), abs=1e-5)

    @pytest.mark.parametrize("size", [(10, 400_000), (400_000, 3)])
    def test_of_a_line_of_pixels_fit_into_memory(self, size):
        front_end = FixedPixels(
            PixelNormalisation(1 / 255, (0.5,) * 3, (0.5,) * 3), 3, shortest_edge=224, crop=(224, 224)
        )
        assert front_end.prepare(Image.new("RGB", size))["pixel_values"].shape == (3, 224, 224)

    def test_of_a_picture_smaller_than_the_crop_are_on_black(self):
        front_end = FixedPixels(PixelNormalisation(1 / 255, (0.0,) * 3, (1.0,) * 3), 3, crop=(6, 8))
        pixels = front_end.prepare(Image.new("RGB", (4, 20), "white"))["pixel_values"]
        assert pixels[0].tolist() == [[0, 0, 1, 1, 1, 1, 0, 0]] * 6


class TestOptions:
    def test_a_prompt_is_put_around_texts_and_is_another_space(self, exports):
        plain, asking = OnnxEncoder(exports("clip")), OnnxEncoder(exports("clip"), prompt="a photo of {}")
        [wanted] = plain.encode_batch("text", ["a photo of shoes"])
        assert asking.encode_batch("text", ["shoes"])[0] == pytest.approx(wanted, abs=1e-6)
        assert plain.fingerprint != asking.fingerprint

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"prompt": "a photo of"}, "where the text goes"),
            ({"batch_size": 0}, "at least 1"),
        ],
    )
    def test_senseless_options_are_refused(self, exports, options, message):
        with pytest.raises(EncoderError, match=message):
            OnnxEncoder(exports("clip"), **options)

    def test_a_provider_that_onnxruntime_lacks_is_refused_with_those_it_has(self, exports):
        encoder = OnnxEncoder(exports("clip"), providers=["MoonExecutionProvider"])
        with pytest.raises(EncoderError, match=r"no MoonExecutionProvider.*CPUExecutionProvider"):
            encoder.encode_batch("text", ["red"])

    def test_the_model_is_let_go_when_it_is_idle_and_comes_back(self, exports):
        encoder = OnnxEncoder(exports("clip"), idle_unload_s=0.1)
        first = encoder.encode_batch("text", ["red"])
        end = time.monotonic() + 20
        while encoder._sessions["text"].is_loaded and time.monotonic() < end:
            time.sleep(0.05)
        assert not encoder._sessions["text"].is_loaded
        assert np.array_equal(encoder.encode_batch("text", ["red"]), first)


class TestErrors:
    @pytest.fixture
    def folder(self, exports, tmp_path):
        return shutil.copytree(exports("clip"), tmp_path / "model")

    def change(self, folder, **values):
        manifest = folder / "manifest.json"
        manifest.write_text(json.dumps({**json.loads(manifest.read_text()), **values}))

    def test_no_export_names_the_command(self, tmp_path):
        with pytest.raises(EncoderError, match=r"no manifest.json.*python manage.py xsearch_export MODEL \S+nowhere"):
            OnnxEncoder(tmp_path / "nowhere")

    def test_the_settings_get_the_same_error(self, tmp_path):
        spec = {"BACKEND": "xsearch.encoders.onnx.OnnxEncoder", "OPTIONS": {"path": str(tmp_path)}}
        with pytest.raises(EncoderError, match="xsearch_export"):
            encoder_from_spec(spec)

    def test_a_newer_format_says_to_upgrade(self, folder):
        self.change(folder, format=2)
        with pytest.raises(EncoderError, match=r"format 2.*reads 1.*Upgrade django-xsearch.*xsearch_export"):
            OnnxEncoder(folder)

    @pytest.mark.parametrize("content", ["{", "[]", '{"format": 1}', '{"format": 1, "towers": 3}'])
    def test_a_damaged_manifest_is_named(self, folder, content):
        (folder / "manifest.json").write_text(content)
        with pytest.raises(EncoderError, match=r"manifest.json.*xsearch_export"):
            OnnxEncoder(folder)

    @pytest.mark.parametrize("name", ["image.onnx", "text.onnx", "tokenizer.json"])
    def test_a_missing_file_is_named(self, folder, name):
        (folder / name).unlink()
        with pytest.raises(EncoderError, match=rf"lacks {name}.*xsearch_export \S+ \S+model.*--precision fp32 --force"):
            OnnxEncoder(folder)

    @pytest.mark.parametrize("name", ["text.onnx", "tokenizer.json"])
    def test_a_damaged_file_is_named(self, folder, name):
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: len(content) // 2])
        with pytest.raises(EncoderError, match=rf"{name}.*xsearch_export"):
            OnnxEncoder(folder).encode_batch("text", ["red"])

    def test_facts_that_are_not_understood_are_an_error_of_the_encoder(self, folder):
        self.change(folder, towers={"text": {"kind": "tokens", "colour": "red"}})
        with pytest.raises(EncoderError, match="does not fit this django-xsearch"):
            OnnxEncoder(folder).encode_batch("text", ["red"])

    def test_a_model_that_was_replaced_meanwhile_is_not_mixed_with_the_old(self, folder):
        encoder = OnnxEncoder(folder)
        self.change(folder, fingerprint="another")
        with pytest.raises(EncoderError, match="Restart"):
            encoder.encode_batch("text", ["red"])

    def test_missing_tokenizers_say_what_to_install(self, folder, monkeypatch):
        monkeypatch.setitem(sys.modules, "tokenizers", None)
        with pytest.raises(EncoderError, match=r"pip install 'django-xsearch\[onnx\]'"):
            OnnxEncoder(folder).encode_batch("text", ["red"])


def test_photos_texts_and_sounds_need_neither_torch_nor_transformers(exports):
    script = f"""
    import json, os, sys
    os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
    import numpy as np
    from PIL import Image
    from xsearch.encoders import encoder_from_spec
    from xsearch.media import Waveform
    clip, clap = (
        encoder_from_spec({{"BACKEND": "xsearch.encoders.onnx.OnnxEncoder", "OPTIONS": {{"path": path}}}})
        for path in {[str(exports("clip")), str(exports("clap"))]}
    )
    before = [name for name in ("onnxruntime", "tokenizers", "soxr") if name in sys.modules]
    sound = Waveform(np.sin(np.arange(9000) / 9).astype(np.float32))
    assert clip.encode_batch("image", [Image.new("RGB", (64, 40), "red")]).any()
    assert clip.encode_batch("text", ["red jacket"]).any()
    assert clap.encode_batch("audio", [sound]).any()
    heavy = ("torch", "torchvision", "transformers", "librosa", "scipy", "onnx", "av")
    print(json.dumps([before, [name for name in heavy if name in sys.modules]]))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [[], []]
