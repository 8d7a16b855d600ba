"""Training of the bundled model, on a few drawn pictures and for a few steps."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw

from xsearch.encoders.builtin import BuiltinEncoder
from xsearch.encoders.builtin_text import ConceptVocabulary

torch = pytest.importorskip("torch", reason="training needs torch: pip install 'django-xsearch[train]'")

from tools.bundled_model.batches import dyed  # noqa: E402
from tools.bundled_model.colour_naming import NAMES, colour_shares  # noqa: E402
from tools.bundled_model.lexicon import lexicon  # noqa: E402
from tools.bundled_model.losses import caption_loss, concept_loss, instance_loss  # noqa: E402
from tools.bundled_model.network import Space, TextTower  # noqa: E402
from tools.bundled_model.photos import load_clothing, load_renderings, split_by_group  # noqa: E402
from tools.bundled_model.recipes import RECIPES, Recipe  # noqa: E402
from tools.bundled_model.retrieval_trials import (  # noqa: E402
    colour_histograms,
    cropped_and_turned,
    customers_photo,
    find_again,
)
from tools.bundled_model.train import BuiltinTask, known_concepts, train  # noqa: E402
from xsearch.training.augment import CAMERA, random_views  # noqa: E402
from xsearch.training.loop import fit  # noqa: E402
from xsearch.training.photos import product_mask  # noqa: E402

COLOURS = {"red": (203, 36, 42), "blue": (52, 90, 200), "green": (52, 140, 76), "navy": (33, 43, 88)}


def _draw(kind, colour, seed):
    rng = random.Random(seed)
    image = Image.new("RGB", (96, 80), (230, 230, 228))
    x, y = rng.randint(20, 30), rng.randint(12, 20)
    shape = ImageDraw.Draw(image)
    {"mug": shape.rectangle, "ball": shape.ellipse}[kind]((x, y, x + 44, y + 44), fill=COLOURS[colour])
    return image


@pytest.fixture(scope="module")
def renderings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("renderings")
    rows = []
    for number in range(48):
        kind, colour = ("mug", "ball")[number % 2], list(COLOURS)[number // 2 % 4]
        _draw(kind, colour, number).save(folder / f"{number}.png")
        rows.append({
            "id": number, "image": f"{number}.png", "kind": kind, "colour": colour, "second_colour": None,
            "pattern": "plain", "material": "ceramic" if kind == "mug" else "rubber", "product": f"p{number // 2}",
        })  # fmt: skip
    (folder / "labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


@pytest.fixture(scope="module")
def photos(renderings):
    return load_renderings(renderings, lexicon())


@pytest.fixture(scope="module")
def trained(photos, tmp_path_factory):
    out = tmp_path_factory.mktemp("weights")
    recipe = Recipe(steps=12, batch=12, rate=2e-3, sides=((1.0, 64),))
    return train(photos, lexicon(), recipe, out, least=2), out


def _task(photos, recipe):
    words = lexicon()
    return BuiltinTask(photos, photos, words, known_concepts(photos, words, 2), recipe)


def _losses(folder):
    lines = map(json.loads, (folder / "log.jsonl").read_text().splitlines())
    return [line["losses"]["loss"] for line in lines if "losses" in line]


@pytest.mark.parametrize("options", [*RECIPES.values(), {"bfloat16": True}], ids=[*RECIPES, "bfloat16"])
def test_the_loss_falls_and_the_figures_rise(photos, tmp_path, options):
    recipe = Recipe(steps=20, batch=12, sides=((1.0, 32),), **options)
    task = _task(photos, recipe)
    before = task.evaluate()
    after = fit(task, replace(recipe.schedule(), log_every=1), tmp_path, task.weighting()).figures
    losses = _losses(tmp_path)
    assert np.mean(losses[-3:]) < 0.85 * np.mean(losses[:3])
    assert after["score"] > before["score"]


def test_a_run_that_was_killed_goes_on_as_if_it_had_not_been(photos, tmp_path):
    recipe = Recipe(steps=8, batch=12, sides=((0.5, 32), (1.0, 48)), twins=0.25)
    schedule = replace(recipe.schedule(), log_every=1, checkpoint_every=3)

    class KilledError(Exception):
        pass

    def kill(line):
        if line["step"] == 5:
            raise KilledError

    task = _task(photos, recipe)
    with pytest.raises(KilledError):
        fit(task, schedule, tmp_path / "cut", task.weighting(), kill)
    for name in ("cut", "whole"):
        again = _task(photos, recipe)
        fit(again, schedule, tmp_path / name, again.weighting())
    assert _losses(tmp_path / "cut") == pytest.approx(_losses(tmp_path / "whole"), rel=1e-3)


def test_making_batches_leaves_the_model_its_threads(photos):
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        _task(photos, Recipe(batch=8, sides=((1.0, 32),))).batches.of(0)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)


def test_dyed_twins_differ_in_colour_alone_and_nobody_knows_theirs(photos):
    task = _task(photos, Recipe(batch=8, sides=((1.0, 32),), twins=0.25))
    batch = task.batches.of(0)
    colours = task.columns[2]
    others = [column for column in range(batch.targets.shape[1]) if column not in colours]
    for start in (0, 8):
        originals, twins = batch.targets[start : start + 2], batch.targets[start + 6 : start + 8]
        assert (twins[:, others] == originals[:, others]).all()
        assert (twins[:, colours] == -1).all()
    assert len(set(batch.products.tolist())) >= 7


def test_dye_changes_the_colour_of_the_product_but_neither_its_lightness_nor_its_ground(photos):
    images = torch.from_numpy(photos.images[:8]).permute(0, 3, 1, 2)
    masks = torch.from_numpy(photos.masks[:8])[:, None]
    other, changed = dyed(images, masks, torch.Generator().manual_seed(0))
    grey = torch.tensor([0.299, 0.587, 0.114])[:, None, None]
    inside = torch.nn.functional.interpolate(masks.float(), size=images.shape[-2:]) > 250
    assert changed.min() > 0.06
    drift = ((images - other.float()) * grey).sum(dim=1, keepdim=True).abs()
    assert drift[inside].mean() < 25
    assert torch.equal(images[:, :, :6], other[:, :, :6])


def test_exported_towers_give_what_torch_gives(trained, photos):
    task, out = trained
    encoder = BuiltinEncoder(weights=out)
    images = [Image.fromarray(pixels[16:128, 16:128]) for pixels in photos.images[:6]]
    image = task.module.image.eval()
    with torch.no_grad():
        pixels = torch.stack([torch.from_numpy(np.array(image)) for image in images]).permute(0, 3, 1, 2)
        ours = image.vector(image(pixels.float() / 255)[0]).numpy()
        texts = task.module.text(torch.tensor([[1, 2], [3, 0]])).numpy()
    assert (encoder.encode_batch("image", images) * ours).sum(axis=1).min() >= 0.999
    names = [trainer_word(out, number) for number in (1, 2, 3)]
    theirs = encoder.encode_batch("text", [f"{names[0]} {names[1]}", names[2]])
    assert (theirs * texts).sum(axis=1).min() >= 0.999


def trainer_word(out, number):
    terms = ConceptVocabulary.load(out / "vocabulary.json").terms
    return next(term for term, numbers in terms.items() if numbers == [number])


def test_words_that_no_picture_shows_are_left_out(trained):
    _, out = trained
    encoder = BuiltinEncoder(weights=out)
    assert encoder.encode_batch("text", ["红色的马克杯"]).any()
    assert not encoder.encode_batch("text", ["yellow sofa"]).any()


def test_a_run_leaves_a_log_with_its_recipe(trained):
    _, out = trained
    log = json.loads((out / "training_log.json").read_text())
    assert log["recipe"]["seed"] == 0
    assert log["steps"][0]["losses"]["loss"] > 0
    assert log["steps"][-1]["figures"]["score"] > 0


def test_nothing_about_the_machine_is_in_the_weights(trained):
    _, out = trained
    for name in ("image.onnx", "text.onnx"):
        content = (out / name).read_bytes()
        assert b"site-packages" not in content
        assert b".py" not in content


def test_renderings_tell_kind_colour_pattern_and_material(photos):
    concepts = lexicon().concepts
    target = dict(zip(concepts, photos.targets[6].tolist(), strict=True))
    assert {name for name, value in target.items() if value == 1} == {"mug", "navy", "plain", "ceramic"}
    assert target["red"] == 0


def test_pictures_of_one_product_stay_together(photos):
    training, held_out = split_by_group(photos, 0.25, seed=1)
    assert len(training) + len(held_out) == len(photos)
    assert not set(training.groups) & set(held_out.groups)
    assert photos.products[0] == photos.products[1] != photos.products[2]


def test_clothing_photos_get_measured_colours_and_keep_overlapping_kinds_open(tmp_path):
    _draw("ball", "red", 1).resize((300, 250)).save(tmp_path / "1.png")
    row = {"id": "a", "category": "Outwear", "sender": "7", "images": ["1.png"]}
    (tmp_path / "labels.jsonl").write_text(json.dumps(row) + "\n")
    words = lexicon()
    target = dict(zip(words.concepts, load_clothing(tmp_path, words).targets[0].tolist(), strict=True))
    assert (target["jacket"], target["coat"], target["dress"], target["mug"]) == (1, -1, 0, 0)
    assert (target["red"], target["blue"], target["leather"]) == (1, 0, -1)


@pytest.mark.parametrize("name", NAMES)
def test_every_colour_name_is_given_to_its_own_first_anchor(name):
    from tools.bundled_model.colour_naming import ANCHORS

    pixels = np.full((4, 4, 3), ANCHORS[name][0], np.uint8)
    assert NAMES[int(colour_shares(pixels, np.ones((4, 4), np.float32)).argmax())] == name


def test_the_mask_covers_the_product_and_not_the_ground():
    image = np.asarray(_draw("mug", "blue", 3).resize((72, 72)))
    mask = product_mask(image)
    blue = (image[..., 2].astype(int) - image[..., 0]) > 60
    assert mask[blue].mean() > 0.8
    assert mask[~blue].mean() < 0.1


def test_views_keep_size_and_range(photos):
    rng = torch.Generator().manual_seed(0)
    images = torch.from_numpy(photos.images[:8]).permute(0, 3, 1, 2)
    views, cover = random_views(images, torch.from_numpy(photos.masks[:8])[:, None], 40, CAMERA, rng)
    assert views.shape == (8, 3, 40, 40)
    assert cover.shape == (8, 1, 40, 40)
    assert views.min() >= 0
    assert views.max() <= 1


def test_a_hand_covers_part_of_the_product_and_of_its_mask(photos):
    images, masks = torch.from_numpy(photos.images[:8]).permute(0, 3, 1, 2), torch.from_numpy(photos.masks[:8])[:, None]
    views = [
        random_views(images, masks, 40, replace(CAMERA, hands=share, noise=0.0), torch.Generator().manual_seed(0))
        for share in (0.0, 1.0)
    ]
    (free, whole), (held, rest) = views
    assert (rest <= whole).all()
    assert rest.mean() < whole.mean()
    assert (free != held).any(dim=1).flatten(1).float().mean(dim=1).min() > 0.02


def test_concept_loss_by_hand():
    block, concepts = torch.tensor([[1.0, 0.0]]), torch.tensor([[2.0, 0.0], [0.0, 3.0]])
    loss = concept_loss(block, concepts, torch.tensor([[1, 0]]), torch.tensor(2.0))
    assert loss.item() == pytest.approx(np.log(1 + np.exp(-2)), abs=1e-5)
    unknown = concept_loss(block, concepts, torch.tensor([[-1, -1]]), torch.tensor(2.0))
    assert unknown.item() == 0


def test_captions_are_not_held_against_pictures_that_may_fit_them():
    images, texts = torch.eye(2), torch.eye(2)
    captions = torch.tensor([[True, False], [False, True]])
    sure = caption_loss(images, texts, captions, torch.tensor([[1, 0], [0, 1]]), torch.tensor(1.0))
    unsure = caption_loss(images, texts, captions, torch.tensor([[1, -1], [-1, 1]]), torch.tensor(1.0))
    assert sure.item() == pytest.approx(np.log(1 + np.exp(-1)), abs=1e-5)
    assert unsure.item() == pytest.approx(0, abs=1e-5)


def test_instance_loss_does_not_push_pictures_of_one_product_apart():
    views = torch.nn.functional.normalize(torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]]), dim=1)
    apart = instance_loss(torch.cat([views, views]), torch.tensor([0, 1, 2]), 0.1)
    together = instance_loss(torch.cat([views, views]), torch.tensor([0, 0, 2]), 0.1)
    assert together < apart


def test_texts_of_one_facet_leave_the_other_blocks_empty():
    space = Space()
    vector = TextTower(space, [0, 2])(torch.tensor([[2]]))[0]
    assert vector[: space.kind + space.style].abs().max() == 0
    assert vector.norm().item() == pytest.approx(1, abs=1e-5)


def test_finding_again_counts_ranks():
    photos = [Image.new("RGB", (20, 20), name) for name in ("red", "lime", "blue")]
    catalogue = np.eye(3, dtype=np.float32)
    queries = np.array([[0.9, 0.1, 0], [0.6, 0.5, 0.4], [0.5, 0.4, 0.3]], np.float32)  # ranks 1, 2 and 3
    answers = iter([catalogue, queries])
    figures = find_again(lambda _: next(answers), photos, cropped_and_turned("centre", "edge"))
    assert figures.first == pytest.approx(1 / 3)
    assert figures.mrr == pytest.approx((1 + 1 / 2 + 1 / 3) / 3)


def test_two_products_with_one_photo_are_both_found():
    photos = [_draw("mug", "red", 5), _draw("mug", "red", 5), _draw("ball", "blue", 6)]
    assert find_again(colour_histograms, photos, cropped_and_turned("centre", "white")).first == 1.0


def test_a_customers_photo_is_another_picture_and_follows_the_seed():
    photo = _draw("mug", "red", 7)
    first, again, other = (customers_photo(photo, random.Random(seed)) for seed in (1, 1, 2))
    assert np.array_equal(np.asarray(first), np.asarray(again))
    assert first.size != photo.size or not np.array_equal(np.asarray(first), np.asarray(photo))
    assert first.size != other.size or not np.array_equal(np.asarray(first), np.asarray(other))
