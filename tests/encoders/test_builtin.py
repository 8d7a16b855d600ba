"""The bundled model as shops use it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.support.encoder_contract import EncoderContract
from xsearch.encoders import EncoderError
from xsearch.encoders.builtin import FILES, WEIGHTS, BuiltinEncoder, square
from xsearch.encoders.logmel import LogMelEncoder
from xsearch.media import Waveform


def _picture(rgb, size=(200, 160)):
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    width, height = size
    draw.rounded_rectangle((width * 0.25, height * 0.15, width * 0.75, height * 0.9), 12, fill=rgb)
    return image


class TestBuiltin(EncoderContract):
    unknown = {"text": ["", "qwerty 12345", "🙂", "的"]}

    def make_encoder(self):
        return BuiltinEncoder()

    def items(self):
        photos = [_picture((200, 30, 30)), _picture((20, 60, 180), (90, 220)), _picture((240, 220, 40), (400, 400))]
        return {"text": ["red jacket", "黑色的裤子", "white shirt", "shoes"], "image": photos}


class TestLogMel(EncoderContract):
    unknown = {"audio": [Waveform(np.zeros(8000, np.float32)), Waveform(np.zeros(0, np.float32))]}

    def make_encoder(self):
        return LogMelEncoder()

    def items(self):
        t = np.arange(8000) / 16_000
        tone = np.sin(2 * np.pi * 440 * t) * np.exp(-3 * t)
        noise = np.random.default_rng(0).normal(size=8000) * 0.2
        return {"audio": [Waveform(sound.astype(np.float32)) for sound in (tone, noise, tone + np.sign(tone))]}


@pytest.fixture(scope="module")
def encoder():
    return BuiltinEncoder()


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("red jacket", "红色的外套"),
        ("Black T-Shirts", "黑色T恤"),
        ("navy trousers", "藏青色长裤"),
        ("blue dress", "蓝色连衣裙"),
    ],
)
def test_english_and_chinese_mean_the_same(encoder, english, chinese):
    first, second = encoder.encode_batch("text", [english, chinese])
    assert first @ second == pytest.approx(1, abs=1e-4)


def test_unknown_words_are_ignored(encoder):
    first, second = encoder.encode_batch("text", ["show me this but black please", "black"])
    assert first @ second == pytest.approx(1, abs=1e-4)


def test_what_is_negated_is_not_looked_for(encoder):
    first, second = encoder.encode_batch("text", ["a dress, not red", "dress"])
    assert first @ second == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("text", ["red wine", "credible", "红酒", "blackbird", "greenhouse"])
def test_words_that_only_look_like_colours_are_unknown(encoder, text):
    assert not encoder.encode_batch("text", [text]).any()


def test_words_nothing_in_training_showed_are_unknown(encoder):
    assert not encoder.encode_batch("text", ["laptop", "trampoline", "电冰箱"]).any()


@pytest.mark.parametrize(
    ("word", "rgb"),
    [("red", (200, 30, 30)), ("blue", (30, 60, 190)), ("green", (40, 150, 60)), ("black", (20, 20, 22)),
     ("yellow", (245, 205, 50)), ("pink", (240, 150, 185)), ("棕色", (115, 72, 44)), ("橙色", (240, 126, 34))],
)  # fmt: skip
def test_a_colour_finds_things_of_that_colour(encoder, word, rgb):
    others = [(200, 30, 30), (30, 60, 190), (40, 150, 60), (20, 20, 22), (245, 205, 50), (240, 150, 185),
              (115, 72, 44), (240, 126, 34), (140, 140, 142)]  # fmt: skip
    photos = [_picture(rgb), *(_picture(other) for other in others if other != rgb)]
    scores = encoder.encode_batch("image", photos) @ encoder.encode_batch("text", [word])[0]
    assert scores.argmax() == 0


def test_padding_takes_the_colour_of_the_border_and_crops_nothing():
    image = Image.new("RGB", (300, 100), (10, 200, 30))
    image.paste((250, 0, 0), (0, 40, 20, 60))
    squared = square(image, 112)
    assert squared.shape == (112, 112, 3)
    assert squared[0, 0].tolist() == [10, 200, 30]
    assert squared[56, 2].tolist() == pytest.approx([250, 0, 0], abs=12)


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (3000, 2)])
def test_photos_of_odd_shapes_are_encoded(encoder, size):
    assert encoder.encode_batch("image", [Image.new("RGB", size, "red")]).any()


def test_the_weights_fit_in_eight_megabytes():
    assert sum(path.stat().st_size for path in WEIGHTS.iterdir()) <= 8_000_000


def test_the_fingerprint_changes_with_every_file_of_the_model(tmp_path):
    seen = {BuiltinEncoder().fingerprint}
    for name in FILES:
        folder = tmp_path / name
        shutil.copytree(WEIGHTS, folder)
        with (folder / name).open("ab") as file:
            file.write(b"\n")
        seen.add(BuiltinEncoder(weights=folder).fingerprint)
    assert len(seen) == 1 + len(FILES)


def test_missing_weights_say_how_to_get_them(tmp_path):
    with pytest.raises(EncoderError, match="Reinstall django-xsearch"):
        BuiltinEncoder(weights=tmp_path).encode_batch("image", [_picture((9, 9, 9))])


def test_broken_weights_say_what_to_do(tmp_path):
    (tmp_path / "image.onnx").write_bytes(b"not a model")
    with pytest.raises(EncoderError, match=r"cannot be loaded.*Reinstall django-xsearch"):
        BuiltinEncoder(weights=tmp_path).encode_batch("image", [_picture((9, 9, 9))])


def test_the_model_loads_on_first_use_only_and_needs_no_torch():
    script = """
    import json, os, sys
    os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
    from PIL import Image
    from xsearch.encoders.builtin import BuiltinEncoder
    encoder = BuiltinEncoder()
    encoder.fingerprint
    before = "onnxruntime" in sys.modules
    encoder.encode_batch("text", ["red jacket"])
    encoder.encode_batch("image", [Image.new("RGB", (64, 64), "red")])
    heavy = [name for name in ("torch", "transformers", "librosa", "scipy") if name in sys.modules]
    print(json.dumps([before, "onnxruntime" in sys.modules, heavy]))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [False, True, []]


def test_a_spoilt_photo_finds_its_product(encoder, data_dir):
    from tools.bundled_model.retrieval_trials import catalogue_photos, cropped_and_turned, find_again

    photos = catalogue_photos(data_dir / "shops")
    for where, fill in (("centre", "white"), ("random", "edge")):
        figures = find_again(
            lambda images: encoder.encode_batch("image", images), photos, cropped_and_turned(where, fill)
        )
        assert figures.first >= 0.9, (where, fill)
