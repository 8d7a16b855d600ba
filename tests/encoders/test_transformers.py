"""Checkpoints of the hub's families: the contract, each family's own forward pass, and what is special."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.support import ROOT
from tests.support.encoder_contract import EncoderContract
from xsearch.encoders import EncoderError, encoder_from_spec
from xsearch.encoders.transformers import TransformersEncoder
from xsearch.media import Waveform

torch = pytest.importorskip("torch", reason="torch is not installed")
transformers = pytest.importorskip("transformers", reason="transformers is not installed")
from safetensors.numpy import load_file, save_file  # noqa: E402

pytest_plugins = ["tests.support.fixtures.checkpoints"]

IMAGE_TEXT = ["clip", "siglip", "siglip1", "siglip2", "chinese_clip"]
FAMILIES = [*IMAGE_TEXT, "clap", "clap_fused"]
TEXTS = ["red dress", "红色的连衣裙", "a chair made of wood for the kitchen", "黑色皮鞋"]
SILENCE = [Waveform(np.zeros(8000, np.float32)), Waveform(np.zeros(0, np.float32))]


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    """Many small matrices: threads of torch would only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def picture(colour, size=(64, 48)):
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).ellipse((size[0] * 0.2, size[1] * 0.1, size[0] * 0.7, size[1] * 0.9), fill=colour)
    return image


def tone(frequency_hz, seconds=0.5):
    t = np.arange(int(16_000 * seconds)) / 16_000
    return Waveform((0.4 * np.sin(2 * np.pi * frequency_hz * t)).astype(np.float32))


PICTURES = [picture("red"), picture("navy", (40, 90)), picture("yellow", (32, 32))]


class OfFamily(EncoderContract):
    """The contract for the checkpoint called ``family``; images and texts unless said otherwise."""

    family = ""
    unknown = {"text": ["", " \n"]}

    @pytest.fixture(autouse=True)
    def _folder(self, checkpoints):
        self.folder = checkpoints(self.family)

    def make_encoder(self):
        return TransformersEncoder(self.folder, batch_size=2)

    def items(self):
        return {"text": TEXTS, "image": PICTURES}


class TestClip(OfFamily):
    family = "clip"


class TestSiglip(OfFamily):
    family = "siglip"


class TestSiglip1(OfFamily):
    family = "siglip1"


class TestSiglip2(OfFamily):
    family = "siglip2"


class TestChineseClip(OfFamily):
    family = "chinese_clip"


class TestClap(OfFamily):
    family = "clap"
    unknown = {"text": [""], "audio": SILENCE}

    def items(self):
        noise = np.random.default_rng(0).normal(size=8000).astype(np.float32) * 0.1
        return {"text": TEXTS, "audio": [tone(440), Waveform(noise), tone(3000, 4)]}


class TestClapFused(TestClap):
    family = "clap_fused"


@pytest.fixture
def make(checkpoints):
    """Return a function that makes an encoder of a family."""
    return lambda family, **options: TransformersEncoder(checkpoints(family), **options)


# What transformers itself computes.


def embeddings_of(folder, model_class, inputs):
    model = getattr(transformers, model_class).from_pretrained(folder).eval()
    with torch.inference_mode():
        return model(**inputs)


def tokens_of(folder, texts, tokenizer=None, **options):
    tokenizer = tokenizer or transformers.AutoTokenizer
    return dict(tokenizer.from_pretrained(folder)(texts, truncation=True, return_tensors="pt", **options))


@pytest.mark.parametrize(
    ("family", "model_class", "tokenizer", "options"),
    [
        ("clip", "CLIPModel", "AutoTokenizer", {"padding": True}),
        ("siglip", "SiglipModel", "AutoTokenizer", {"padding": "max_length", "max_length": 64}),
        ("siglip1", "SiglipModel", "PreTrainedTokenizerFast", {"padding": "max_length", "max_length": 64}),
        ("siglip2", "Siglip2Model", "AutoTokenizer", {"padding": "max_length", "max_length": 64}),
        ("chinese_clip", "ChineseCLIPModel", "AutoTokenizer", {"padding": True, "max_length": 52}),
    ],
)
def test_vectors_are_those_of_the_models_own_forward_pass(checkpoints, make, family, model_class, tokenizer, options):
    folder = checkpoints(family)
    tokens = tokens_of(folder, TEXTS, getattr(transformers, tokenizer), **options)
    pixels = transformers.AutoImageProcessor.from_pretrained(folder)(images=PICTURES, return_tensors="pt")
    wanted = embeddings_of(folder, model_class, {**tokens, **pixels})
    encoder = make(family)
    texts, images = encoder.encode_batch("text", TEXTS), encoder.encode_batch("image", PICTURES)
    assert texts == pytest.approx(wanted.text_embeds.numpy(), abs=1e-5)
    assert images == pytest.approx(wanted.image_embeds.numpy(), abs=1e-5)
    weights = load_file(folder / "model.safetensors")
    logits = texts @ images.T * np.exp(weights["logit_scale"]) + weights.get("logit_bias", 0)
    assert logits == pytest.approx(wanted.logits_per_text.numpy(), rel=1e-3, abs=1e-3)


@pytest.mark.parametrize("family", ["clap", "clap_fused"])
def test_sounds_and_texts_are_those_of_claps_own_forward_pass(checkpoints, make, family):
    import soxr

    folder, sounds = checkpoints(family), [tone(440), tone(1000, 1.5)]
    extractor = transformers.AutoFeatureExtractor.from_pretrained(folder)
    samples = [soxr.resample(sound.samples, 16_000, 48_000) for sound in sounds]
    features = extractor(samples, sampling_rate=48_000, return_tensors="pt")
    features["is_longer"] = torch.zeros(2, 1, dtype=torch.bool)
    tokens = tokens_of(folder, TEXTS, padding=True, max_length=38)
    wanted = embeddings_of(folder, "ClapModel", {**tokens, **features})
    encoder = make(family)
    assert encoder.encode_batch("text", TEXTS) == pytest.approx(wanted.text_embeds.numpy(), abs=1e-5)
    assert encoder.encode_batch("audio", sounds) == pytest.approx(wanted.audio_embeds.numpy(), abs=1e-5)


# Texts.


@pytest.mark.parametrize("family", FAMILIES)
def test_a_long_text_is_cut_at_the_models_limit(make, family):
    encoder = make(family)
    start = "red dress 红色的连衣裙 " * 20
    short, long, other = encoder.encode_batch("text", [start, start + "黑色皮鞋 " * 500, "黑色皮鞋 " * 500])
    assert long == pytest.approx(short, abs=1e-5)
    assert other @ long < 0.999


@pytest.mark.parametrize("family", ["siglip", "siglip1", "siglip2"])
def test_siglip_reads_capitals_as_small_letters(make, family):
    first, second = make(family).encode_batch("text", ["RED Dress", "red dress"])
    assert first == pytest.approx(second, abs=1e-6)


def test_a_prompt_is_put_around_texts_and_only_texts(make):
    plain, prompted = make("clip"), make("clip", prompt="a photo of {}")
    wanted = plain.encode_batch("text", ["a photo of red dress {braces}"])
    assert prompted.encode_batch("text", ["red dress {braces}"]) == pytest.approx(wanted, abs=1e-6)
    assert not prompted.encode_batch("text", [""]).any()
    assert np.array_equal(prompted.encode_batch("image", PICTURES), plain.encode_batch("image", PICTURES))


def test_padding_is_not_wasted_on_short_texts(make):
    encoder = make("clip", batch_size=2)
    texts = ["a", "a wooden chair for the summer", "b", "the sound of a bell and a guitar"]
    lengths = []
    with encoder._towers.use() as towers:
        embeddings = towers["text"].model.get_input_embeddings()
        embeddings.register_forward_hook(lambda *call: lengths.append(call[2].shape[1]))
        encoder.encode_batch("text", texts)
    assert lengths[0] == 3 < lengths[1]


# Pictures and sounds of any shape.


@pytest.mark.parametrize("family", IMAGE_TEXT)
@pytest.mark.parametrize("size", [(1, 1), (1, 3_000_000), (30_000, 2)])
def test_a_picture_of_any_shape_is_encoded_in_bounded_memory(make, family, size):
    [vector] = make(family).encode_batch("image", [Image.new("RGB", size, "teal")])
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-4)


def test_of_a_long_sound_the_beginning_counts(make):
    encoder = make("clap")
    long = Waveform(np.concatenate([tone(440, 2).samples, tone(3000, 6).samples]))
    vectors = encoder.encode_batch("audio", [long, tone(440, 2), tone(3000, 2)])
    assert vectors[0] @ vectors[1] > 0.999 > vectors[0] @ vectors[2]


# Identity and precision.


@pytest.mark.parametrize("family", FAMILIES)
def test_dimension_and_modalities_are_known_without_loading_the_model(make, family):
    encoder = make(family)
    assert encoder.dimension == (32 if family.startswith("siglip") else 24)
    assert encoder.modalities == {"text", "audio" if family.startswith("clap") else "image"}
    assert not encoder._towers.is_loaded


def test_the_fingerprint_is_of_the_content_and_not_of_the_place(checkpoints, tmp_path):
    copy = shutil.copytree(checkpoints("clip"), tmp_path / "copy")
    assert TransformersEncoder(copy).fingerprint == TransformersEncoder(checkpoints("clip")).fingerprint


def test_the_fingerprint_changes_with_weights_tokenizer_preprocessing_and_prompt(checkpoints, tmp_path, monkeypatch):
    from tests.support.checkpoints import make_clip

    folder = checkpoints("clip")
    copy = shutil.copytree(folder, tmp_path / "copy")
    path = copy / "tokenizer_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "model_max_length": 10}))
    found = {TransformersEncoder(folder).fingerprint, TransformersEncoder(copy).fingerprint}
    found |= {TransformersEncoder(make_clip(tmp_path / "other", seed=1)).fingerprint}
    found |= {TransformersEncoder(folder, prompt="a photo of {}").fingerprint}
    monkeypatch.setattr("xsearch.encoders.transformers.encoder.PREPROCESSING", "next")
    found |= {TransformersEncoder(folder).fingerprint}
    assert len(found) == 5


@pytest.mark.parametrize("family", ["clip", "siglip", "chinese_clip", "clap"])
@pytest.mark.parametrize(("dtype", "cosine"), [("bfloat16", 0.99), ("float16", 0.999)])
def test_half_precision_stays_in_the_same_space(make, family, dtype, cosine):
    full, half = make(family), make(family, dtype=dtype)
    assert half.fingerprint == full.fingerprint
    other = {"image": PICTURES} if "image" in full.modalities else {"audio": [tone(440), tone(900)]}
    for modality, items in {"text": TEXTS, **other}.items():
        halves = half.encode_batch(modality, items)
        assert halves.dtype == np.float32
        assert np.sum(halves * full.encode_batch(modality, items), axis=1).min() > cosine


def test_an_overflow_is_an_error_and_no_vector(checkpoints, tmp_path):
    copy = shutil.copytree(checkpoints("clip"), tmp_path / "copy")
    weights = load_file(copy / "model.safetensors")
    weights["text_projection.weight"] = np.full_like(weights["text_projection.weight"], np.inf)
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(EncoderError, match=r"an overflow\. Set OPTIONS\['dtype'\]"):
        TransformersEncoder(copy).encode_batch("text", ["red dress"])


# Processes.


def test_a_model_that_is_let_go_comes_back(make):
    encoder = make("clip")
    before = encoder.encode_batch("text", TEXTS)
    encoder._towers.unload()
    assert not encoder._towers.is_loaded
    assert np.array_equal(encoder.encode_batch("text", TEXTS), before)


def test_threads_that_begin_together_share_one_model(make):
    encoder = make("siglip")
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: encoder.encode_batch("text", TEXTS), range(8)))
    assert all(answer == pytest.approx(answers[0], abs=1e-5) for answer in answers)


def test_nothing_heavy_is_imported_before_the_first_item_and_a_fork_is_silent(checkpoints):
    program = """
        import os, sys, django
        django.setup()
        from xsearch.encoders import encoder_from_spec
        encoder = encoder_from_spec({"BACKEND": "xsearch.encoders.transformers.TransformersEncoder",
                                     "OPTIONS": {"model": sys.argv[1], "threads": 1}})
        encoder.fingerprint, encoder.dimension, encoder.modalities
        assert not {"torch", "transformers", "tokenizers", "torchvision"} & set(sys.modules)
        vectors = encoder.encode_batch("text", ["red dress", "红色的连衣裙"])
        import torch
        assert torch.get_num_threads() == 1
        child = os.fork()
        if child == 0:
            os._exit(0 if (encoder.encode_batch("text", ["red dress"])[0] @ vectors[0] > 0.999) else 1)
        assert os.waitpid(child, 0)[1] == 0
    """
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(program), str(checkpoints("clip"))]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


# What cannot work, and its cure.


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"device": "gpu"}, r"OPTIONS\['device'\] is 'gpu'\. It is 'auto', 'cpu', 'cuda'"),
        ({"dtype": "int8"}, r"OPTIONS\['dtype'\] is 'int8'\. It is one of auto, float32"),
        ({"batch_size": 0}, r"OPTIONS\['batch_size'\] is 0\. It is at least 1"),
        ({"prompt": "a photo"}, r"OPTIONS\['prompt'\] is 'a photo'\. It has \{\} where the text goes"),
    ],
)
def test_a_wrong_option_is_refused_with_what_is_allowed(checkpoints, options, message):
    with pytest.raises(EncoderError, match=message):
        TransformersEncoder(checkpoints("clip"), **options)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_a_device_that_is_not_here_is_refused(make):
    with pytest.raises(EncoderError, match=r"finds no device 'cuda' here\. Set OPTIONS\['device'\] to 'auto'"):
        make("clip", device="cuda").encode_batch("text", ["red"])


def test_a_missing_package_is_named_with_the_command_that_installs_it(checkpoints):
    program = """
        import sys, django
        django.setup()
        sys.modules["torch"] = None  # as if it were not installed
        from xsearch.encoders.transformers import TransformersEncoder
        TransformersEncoder(sys.argv[1]).encode_batch("text", ["red dress"])
    """
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = [sys.executable, "-c", textwrap.dedent(program), str(checkpoints("clip"))]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    message = done.stderr.splitlines()[-1]
    assert message.startswith("xsearch.encoders.base.EncoderError: The transformers encoder needs a package")
    assert "Install: pip install 'django-xsearch[transformers]'" in message


def test_a_missing_checkpoint_is_an_encoder_error_with_the_command():
    spec = {"BACKEND": "xsearch.encoders.transformers.TransformersEncoder", "OPTIONS": {"model": "nobody/nothing"}}
    with pytest.raises(EncoderError, match=r"manage\.py xsearch_download nobody/nothing"):
        encoder_from_spec(spec)


def test_a_checkpoint_of_another_kind_is_refused(checkpoints, tmp_path):
    copy = shutil.copytree(checkpoints("clip"), tmp_path / "copy")
    (copy / "config.json").write_text('{"model_type": "whisper"}')
    with pytest.raises(
        EncoderError, match=r"TransformersEncoder cannot run .* 'whisper'.* It runs: chinese_clip, clap"
    ):
        TransformersEncoder(copy)


def test_weights_that_are_missing_are_not_made_up(checkpoints, tmp_path):
    copy = shutil.copytree(checkpoints("siglip"), tmp_path / "copy")
    weights = load_file(copy / "model.safetensors")
    del weights["vision_model.post_layernorm.weight"]
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(EncoderError, match=r"do not fit its config\.json: 1 missing, such as vision_model\.post"):
        TransformersEncoder(copy).encode_batch("text", ["red"])


@pytest.mark.parametrize(
    ("family", "file", "what", "modality", "item"),
    [
        ("siglip", "tokenizer.json", "tokenizer", "text", "red"),
        ("siglip", "preprocessor_config.json", "image processor", "image", PICTURES[0]),
        ("clap", "preprocessor_config.json", "feature extractor", "audio", tone(440)),
    ],
)
def test_a_missing_file_beside_the_weights_is_named(checkpoints, tmp_path, family, file, what, modality, item):
    copy = shutil.copytree(checkpoints(family), tmp_path / "copy")
    (copy / file).unlink()
    with pytest.raises(EncoderError, match=f"The {what} of .* cannot be loaded .*xsearch_download"):
        TransformersEncoder(copy).encode_batch(modality, [item])
