"""The renderer of product pictures: every kind, its colours, its views, and determinism."""

import random

import numpy as np
import pytest

from tools.rendering import (
    COLOURS,
    KINDS,
    MATERIALS,
    PATTERNS,
    Look,
    random_look,
    render_customer_photo,
    render_product,
)
from tools.rendering.look import cut_out

SIZE = 120


def plain_look(kind: str, colour: str, seed: int = 5) -> Look:
    return Look(kind, colour, "white" if colour != "white" else "black", "plain", KINDS[kind].materials[0], seed)


def dominant_colour(picture: np.ndarray, cover: np.ndarray) -> str:
    """The colour whose name fits most pixels under `cover`, brightness counting less than hue."""
    names = list(COLOURS)
    to_opponent = np.array([[0.3, 0.59, 0.11], [1.0, -1.0, 0.0], [0.5, 0.5, -1.0]])
    pixels = picture[cover].astype(float) @ to_opponent.T
    centres = np.array([COLOURS[name].rgb for name in names], float) @ to_opponent.T
    nearest = np.linalg.norm(pixels[:, None] - centres, axis=2).argmin(axis=1)
    return names[int(np.bincount(nearest, minlength=len(names)).argmax())]


def test_vocabulary_covers_what_a_shop_sells():
    assert len(KINDS) >= 34
    assert len(COLOURS) == 12
    assert {"plain", "striped", "checked", "dotted", "floral", "colour_block"} <= set(PATTERNS)
    for table in (KINDS, COLOURS, PATTERNS, MATERIALS):
        assert all(entry.key == key and entry.title_en and entry.title_zh for key, entry in table.items())
    for kind in KINDS.values():
        assert set(kind.patterns) <= set(PATTERNS)
        assert set(kind.materials) <= set(MATERIALS)
        assert set(kind.colours) <= set(COLOURS)


def test_titles_tell_kinds_and_colours_apart():
    for table in (KINDS, COLOURS, PATTERNS):
        assert len({entry.title_en for entry in table.values()}) == len(table)
        assert len({entry.title_zh for entry in table.values()}) == len(table)


@pytest.mark.parametrize("kind", list(KINDS))
def test_kind_fills_a_sensible_share_of_the_frame(kind):
    alpha = np.asarray(cut_out(random_look(random.Random(kind), kind=kind), 96).getchannel("A")) > 128
    rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
    assert 0.6 < max(np.ptp(rows), np.ptp(columns)) / 96 < 0.96
    assert alpha.mean() > 0.06
    assert not alpha[0].any()
    assert not alpha[:, 0].any()


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_pattern_and_material_of_a_kind_renders(kind):
    entry = KINDS[kind]
    looks = {Look(kind, entry.colours[0], "yellow", pattern, entry.materials[-1], 3) for pattern in entry.patterns}
    looks |= {Look(kind, entry.colours[0], "yellow", entry.patterns[-1], material, 3) for material in entry.materials}
    pictures = [cut_out(look, 64) for look in looks]
    assert all(np.asarray(picture.getchannel("A")).max() > 150 for picture in pictures)
    assert len({picture.tobytes() for picture in pictures}) == len(looks)


@pytest.mark.parametrize("colour", list(COLOURS))
def test_plain_product_shows_its_colour(colour):
    for kind in ("tshirt", "mug", "handbag", "sofa", "teddy_bear"):
        cut = np.asarray(cut_out(plain_look(kind, colour), SIZE))
        assert dominant_colour(cut[..., :3], cut[..., 3] > 250) == colour, kind


def test_white_products_are_modelled_by_light():
    for kind in KINDS:
        look = plain_look(kind, "white" if "white" in KINDS[kind].colours else "grey")
        cut = np.asarray(cut_out(look, 80), float)
        assert cut[cut[..., 3] > 250][:, :3].std() > 5, kind


def test_same_look_gives_the_same_pixels():
    for kind in ("shirt", "teapot", "guitar"):
        look = random_look(random.Random(4), kind=kind)
        first = render_product(look, size=SIZE, view=1).tobytes()
        cut_out.cache_clear()
        assert render_product(look, size=SIZE, view=1).tobytes() == first


def test_pictures_do_not_depend_on_what_was_drawn_before():
    look = random_look(random.Random(8), kind="sweater")
    cut_out.cache_clear()
    first = render_product(look, size=SIZE).tobytes()
    render_product(random_look(random.Random(9), kind="sweater"), size=SIZE)
    cut_out.cache_clear()
    assert render_product(look, size=SIZE).tobytes() == first


@pytest.mark.parametrize("kind", list(KINDS))
def test_products_of_one_kind_differ_in_shape(kind):
    outlines = [np.asarray(cut_out(plain_look(kind, "blue", seed), 48).getchannel("A")) > 128 for seed in (1, 2, 3)]
    differing = max(np.mean(outlines[0] != other) for other in outlines[1:])
    assert differing > 0.004


def test_views_differ_but_keep_the_colours():
    look = plain_look("backpack", "red")
    shots = [np.asarray(render_product(look, size=SIZE, view=view)) for view in range(5)]
    for shot in shots:
        middle = np.zeros((SIZE, SIZE), bool)
        middle[SIZE // 3 : -SIZE // 3, SIZE // 3 : -SIZE // 3] = True
        assert dominant_colour(shot, middle) == "red"
    for shot in shots[1:]:
        assert np.abs(shot.astype(int) - shots[0]).mean() > 5


def test_size_is_the_size_asked_for():
    look = random_look(random.Random(0))
    assert render_product(look, size=200).size == (200, 200)
    assert render_product(look, size=200).mode == "RGB"
    assert render_customer_photo(look, seed=1, size=150).size == (150, 150)


def test_random_look_keeps_to_what_is_asked():
    rng = random.Random(2)
    for _ in range(50):
        look = random_look(rng, kind="dress", colour="pink")
        assert (look.kind, look.colour) == ("dress", "pink")
        assert look.second_colour != "pink"
        assert look.pattern in KINDS["dress"].patterns


def test_product_id_is_of_the_look_alone():
    looks = [random_look(random.Random(seed)) for seed in range(200)]
    assert len({look.product for look in looks}) == 200
    assert looks[0].product == random_look(random.Random(0)).product
