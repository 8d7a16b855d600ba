"""Recipes of photos → photos, as a customer's phone would have taken them, and a query file that names them."""

import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

SHOPS = ("eshop", "tailwind", "contoso")
QUERIES = Path(__file__).with_name("queries.jsonl")


def catalogue_files(data_dir):
    """Return the catalogues of all three shops."""
    return [data_dir / "shops" / shop / "catalogue.jsonl" for shop in SHOPS]


def build(data_dir, folder):
    """Write queries.jsonl and its photos into ``folder``; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    originals = dict(_photos(data_dir))
    queries = [json.loads(line) for line in QUERIES.read_text(encoding="utf-8").splitlines()]
    for query in queries:
        if recipe := query.pop("photo", None):
            query["image"] = f"{query['id']}.jpg"
            photographed(originals[recipe["of"]], recipe).save(folder / query["image"], "JPEG", quality=recipe["jpeg"])
    path = folder / "queries.jsonl"
    path.write_text("".join(json.dumps(query, ensure_ascii=False) + "\n" for query in queries), encoding="utf-8")
    return path


def photographed(path, recipe):
    """Return the product's photo cropped, turned, lit, blurred and noisy, as the recipe says."""
    image = Image.open(path).convert("RGB")
    x, y, width, height = recipe["crop"]
    corners = (x * image.width, y * image.height, (x + width) * image.width, (y + height) * image.height)
    image = image.crop(tuple(round(corner) for corner in corners))
    image = image.rotate(recipe["turn"], expand=True, fillcolor="white", resample=Image.Resampling.BICUBIC)
    image = ImageEnhance.Brightness(image).enhance(recipe["light"])
    image = image.filter(ImageFilter.GaussianBlur(recipe["blur"]))
    noise = np.random.default_rng(recipe["seed"]).normal(0, recipe["noise"], (image.height, image.width, 3))
    return Image.fromarray(np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8))


def _photos(data_dir):
    for file in catalogue_files(data_dir):
        for line in file.read_text(encoding="utf-8").splitlines():
            product = json.loads(line)
            yield product["id"], file.parent / product["images"][0]
