"""Training pictures: decoded once, squared, with what is known about each as a row of targets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tools.bundled_model.colour_naming import NAMES, colour_shares
from tools.bundled_model.lexicon import CLOTHING_CATEGORIES, OVERLAPS, RENDERED_KINDS, Lexicon
from xsearch.encoders.builtin import square
from xsearch.training.photos import balanced, lab, product_mask

SIZE = 144  # pixels; larger than the network's input, so that crops keep detail
MASK_SIZE = 36


@dataclass
class PhotoSet:
    """Pictures with targets; ``targets`` is 1 where a concept is shown, 0 where not, -1 where nobody knows."""

    images: NDArray[np.uint8]  # (n, SIZE, SIZE, 3) sRGB
    masks: NDArray[np.uint8]  # (n, MASK_SIZE, MASK_SIZE), 255 = product
    targets: NDArray[np.int8]  # (n, concepts)
    products: NDArray[np.int64]  # (n,), equal for pictures of one product
    groups: NDArray[np.str_]  # (n,), pictures of one group never fall on both sides of a split

    def __len__(self) -> int:
        return len(self.images)

    def take(self, rows: NDArray[Any]) -> PhotoSet:
        """Return the pictures at ``rows`` (numbers or booleans)."""
        return PhotoSet(*(getattr(self, field.name)[rows] for field in fields(self)))

    def joined(self, other: PhotoSet) -> PhotoSet:
        """Return the pictures of both sets; products stay apart."""
        moved = other.products + (self.products.max() + 1 if len(self) else 0)
        parts = {field.name: (getattr(self, field.name), getattr(other, field.name)) for field in fields(self)}
        parts["products"] = (self.products, moved)
        return PhotoSet(**{name: np.concatenate(pair) for name, pair in parts.items()})


def load_clothing(folder: Path, lexicon: Lexicon, limit: int | None = None) -> PhotoSet:
    """Read the clothing photos of ``folder`` (``labels.jsonl`` with category, sender and images)."""
    rows = _read_labels(folder / "labels.jsonl", limit)
    pictures = [_picture(_image_path(folder, row)) for row in rows]
    targets = [_clothing_targets(row, picture, lexicon) for row, picture in zip(rows, pictures, strict=True)]
    return _photo_set(pictures, targets, [str(row["id"]) for row in rows], [str(row["sender"]) for row in rows])


def load_renderings(folder: Path, lexicon: Lexicon, limit: int | None = None) -> PhotoSet:
    """Read rendered training pictures (``labels.jsonl`` with kind, colour, pattern, material, product)."""
    rows = _read_labels(folder / "labels.jsonl", limit)
    pictures = [_picture(_image_path(folder, row)) for row in rows]
    targets = [rendering_targets(row, lexicon.concepts) for row in rows]
    products = [str(row["product"]) for row in rows]
    return _photo_set(pictures, targets, products, products)


def split_by_group(photos: PhotoSet, share: float, seed: int) -> tuple[PhotoSet, PhotoSet]:
    """Split into (training, held out) so that about ``share`` of the groups are held out whole."""
    groups = np.unique(photos.groups)
    chosen = np.random.default_rng(seed).permutation(groups)[: round(len(groups) * share)]
    held_out = np.isin(photos.groups, chosen)
    return photos.take(~held_out), photos.take(held_out)


def rendering_targets(row: dict[str, Any], concepts: Sequence[str]) -> NDArray[np.int8]:
    """Return the targets of one rendering: everything is known but what a second colour is called."""
    targets = np.zeros(len(concepts), np.int8)
    kinds = RENDERED_KINDS.get(row["kind"], (row["kind"],))
    unsure = [*_colour_concepts(row.get("second_colour")), *OVERLAPS.get(kinds[0], ())]
    if row["colour"] in ("black", "white"):
        unsure += ["dark", "light"]
    if row["colour"] == "navy":  # a customer who asks for blue wants a plainer blue first
        unsure += ["blue", "dark"]
    _set(targets, concepts, unsure, -1)
    shown = [*kinds, *_colour_concepts(row["colour"]), row.get("pattern"), row.get("material")]
    _set(targets, concepts, shown, 1)
    return targets


def _colour_concepts(colour: str | None) -> tuple[str, ...]:
    return (colour,) if colour else ()


def _clothing_targets(row: dict[str, Any], picture: Picture, lexicon: Lexicon) -> NDArray[np.int8]:
    concepts = lexicon.concepts
    targets = np.full(len(concepts), -1, np.int8)
    label = CLOTHING_CATEGORIES.get(row["category"])
    if label is not None:
        _set(targets, concepts, lexicon.of_facet("kind"), 0)
        _set(targets, concepts, OVERLAPS.get(label, ()), -1)
        _set(targets, concepts, [label], 1)
    for name, value in picture.colours.items():
        _set(targets, concepts, [name], value)
    return targets


def _set(targets: NDArray[np.int8], concepts: Sequence[str], names: Iterable[str | None], value: int) -> None:
    for name in names:
        if name is not None and name in concepts:
            targets[list(concepts).index(name)] = value


@dataclass
class Picture:
    """One decoded picture with its product mask and measured colours."""

    pixels: NDArray[np.uint8]
    mask: NDArray[np.float32]
    colours: dict[str, int]


def _picture(path: Path) -> Picture:
    with Image.open(path) as image:
        pixels = square(image.convert("RGB"), SIZE)
    small = np.asarray(Image.fromarray(pixels).resize((MASK_SIZE * 2,) * 2, Image.Resampling.BOX))
    lit = balanced(small)
    mask = product_mask(lit)
    halved = mask.reshape(MASK_SIZE, 2, MASK_SIZE, 2).mean(axis=(1, 3))
    return Picture(pixels, halved, measured_colours(lit, mask))


def measured_colours(rgb: NDArray[np.uint8], mask: NDArray[np.float32]) -> dict[str, int]:
    """Return 1, 0 or -1 (unsure) for each colour name and for "dark" and "light"."""
    shares = colour_shares(rgb, mask)
    colours = {name: 1 if share > 0.34 else 0 if share < 0.14 else -1
               for name, share in zip(NAMES, shares, strict=True)}  # fmt: skip
    lightness = float((lab(rgb)[..., 0] * mask).sum() / mask.sum())
    if NAMES[int(shares.argmax())] in ("black", "white"):
        return {**colours, "dark": -1, "light": -1, "navy": -1 if colours["blue"] else 0}
    dark = 1 if lightness < 34 else 0 if lightness > 42 else -1
    light = 1 if lightness > 72 else 0 if lightness < 62 else -1
    navy = 0 if 0 in (dark, colours["blue"]) else min(dark, colours["blue"])
    return {**colours, "dark": dark, "light": light, "navy": navy}


def _photo_set(
    pictures: list[Picture], targets: list[NDArray[np.int8]], products: list[str], groups: list[str]
) -> PhotoSet:
    masks = np.stack([picture.mask for picture in pictures])
    return PhotoSet(
        images=np.stack([picture.pixels for picture in pictures]),
        masks=(masks * 255).astype(np.uint8),
        targets=np.stack(targets),
        products=np.unique(products, return_inverse=True)[1].astype(np.int64),
        groups=np.array(groups),
    )


def _read_labels(path: Path, limit: int | None) -> list[dict[str, Any]]:
    if not path.is_file():
        raise SystemExit(f"No {path}: give a folder with labels.jsonl and the images it names.")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return rows[:limit]


def _image_path(folder: Path, row: dict[str, Any]) -> Path:
    name = str(row["images"][0] if "images" in row else row["image"])
    inside = folder / name
    return inside if inside.is_file() else folder.parent / name
