"""Customers' photos and training pictures: unlike the studio shot, yet of the same product."""

import json
import random

import numpy as np
import pytest
from PIL import Image

from tools.rendering import COLOURS, KINDS, random_look, render_customer_photo, render_product, render_training_image
from tools.rendering.__main__ import main
from tools.rendering.look import Look


def hue_share(picture: Image.Image, hue: int) -> float:
    """Share of pixels that are clearly coloured and within 20 of a hue (0..255)."""
    pixels = np.asarray(picture.convert("HSV"), int)
    distance = np.abs((pixels[..., 0] - hue + 128) % 256 - 128)
    return float(np.mean((distance < 20) & (pixels[..., 1] > 90) & (pixels[..., 2] > 40)))


@pytest.mark.parametrize("seed", range(6))
def test_customer_photo_differs_from_the_shot_but_keeps_the_colour(seed):
    for colour in ("purple", "blue"):
        look = Look("backpack", colour, "white", "plain", "canvas", seed)
        hue = int(np.asarray(Image.new("RGB", (1, 1), COLOURS[colour].rgb).convert("HSV"))[0, 0, 0])
        shot, photo = render_product(look, size=200), render_customer_photo(look, seed=seed, size=200)
        assert hue_share(photo, hue) > 0.1
        assert np.abs(np.asarray(shot, float) - np.asarray(photo, float)).mean() > 12


def test_customer_photos_are_deterministic_and_vary_with_the_seed():
    look = random_look(random.Random(3), kind="handbag")
    first = render_customer_photo(look, seed=1, size=160)
    assert first.tobytes() == render_customer_photo(look, seed=1, size=160).tobytes()
    assert first.tobytes() != render_customer_photo(look, seed=2, size=160).tobytes()


@pytest.mark.parametrize("kind", list(KINDS))
def test_training_pictures_of_every_kind_vary(kind):
    look = random_look(random.Random(1), kind=kind)
    pictures = [render_training_image(look, seed=seed, size=64) for seed in range(3)]
    assert all(picture.size == (64, 64) and picture.mode == "RGB" for picture in pictures)
    assert len({picture.tobytes() for picture in pictures}) == 3
    assert pictures[0].tobytes() == render_training_image(look, seed=0, size=64).tobytes()
    assert all(np.asarray(picture, float).std() > 4 for picture in pictures)


def test_training_set_has_labelled_pictures_and_pairs(tmp_path):
    assert main(["--training", str(tmp_path), "--count", "25", "--seed", "7", "--size", "48", "--processes", "1"]) == 0
    labels = [json.loads(line) for line in (tmp_path / "labels.jsonl").read_text("utf-8").splitlines()]
    assert [label["id"] for label in labels] == list(range(25))
    views = [sum(other["product"] == label["product"] for other in labels) for label in labels]
    assert set(views[:-3]) <= {2, 3}
    for label in labels:
        assert {"kind", "colour", "second_colour", "pattern", "material", "product"} <= set(label)
        assert (label["second_colour"] is None) == (label["pattern"] == "plain")
        with Image.open(tmp_path / label["image"]) as image:
            assert (image.format, image.size) == ("JPEG", (48, 48))


def test_training_set_is_the_same_with_more_processes(tmp_path):
    for name, processes in (("one", "1"), ("two", "2")):
        main(
            [
                "--training",
                str(tmp_path / name),
                "--count",
                "6",
                "--seed",
                "1",
                "--size",
                "40",
                "--processes",
                processes,
            ]
        )
    read = [[(tmp_path / name / "images" / f"{i:06d}.jpg").read_bytes() for i in range(6)] for name in ("one", "two")]
    assert read[0] == read[1]


def test_contact_sheet_shows_the_kinds_asked_for(tmp_path):
    path = tmp_path / "sheet.png"
    assert main(["--sheet", str(path), "--kinds", "mug,ball,hat", "--each", "2", "--cell", "48"]) == 0
    with Image.open(path) as sheet:
        assert sheet.size == (6 * 48, 48)


def test_unknown_kind_is_named_with_the_cure(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["--sheet", str(tmp_path / "x.png"), "--kinds", "submarine"])
    message = capsys.readouterr().err
    assert "submarine" in message
    assert "tshirt" in message
