"""Write the demonstration catalogue into a folder, in several processes."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from tools.demo_catalogue.posts import DemoPost, demo_posts
from tools.demo_catalogue.products import DemoProduct, demo_products
from tools.demo_catalogue.questions import photo_queries, photographed, spoken_queries
from tools.demo_catalogue.sounds import SOUNDS, as_flac, product_sound
from tools.rendering import KINDS, render_customer_photo, render_product, render_scene

PHOTO_SIZE = 480  # pixels
CUSTOMER_PHOTO_SIZE = 480  # pixels
POST_SIZE = 480  # pixels
WEBP = {"quality": 82, "method": 6}  # half as large as JPEG; the demo ships these files
JPEG_QUALITY = 80  # of customer photos: phones send JPEG
_SECOND_PHOTO_OF = (0, 3)  # the first and the fourth product of each kind
_PRODUCTS_A_TASK = 4


def write_catalogue(
    folder: Path, *, products: int | None = None, processes: int = 2, progress: Callable[[int, int], None]
) -> int:
    """Write catalogue, style posts, pictures, sounds and example queries; returns the number of products.

    The catalogue file comes last, so that one that exists is complete.
    """
    chosen = some_products(products)
    posts = demo_posts(chosen)
    for name in ("images", "sounds", "customer_photos", "posts"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "catalogue.jsonl").unlink(missing_ok=True)
    lines = []
    context = multiprocessing.get_context("spawn")  # forking a process with database connections is unsafe
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        photos = pool.map(partial(_write_customer_photo, folder), photographed(chosen))
        scenes = pool.map(partial(_write_scene, folder), posts)
        for line in pool.map(partial(_write_files, folder), chosen, chunksize=_PRODUCTS_A_TASK):
            lines.append(line)
            progress(len(lines), len(chosen))
        for _ in chain(photos, scenes):
            pass  # raises what went wrong in the other process
    _write_lines(folder / "spoken_queries.jsonl", spoken_queries(chosen))
    _write_lines(folder / "photo_queries.jsonl", photo_queries(chosen))
    _write_lines(folder / "posts.jsonl", [post.line for post in posts])
    _write_lines(folder / "catalogue.jsonl", lines)
    return len(lines)


def some_products(count: int | None) -> list[DemoProduct]:
    """Return all products, or ``count`` of them that cover as many kinds as possible."""
    products = demo_products()
    if count is None or count >= len(products):
        return products
    by_turn = sorted(products, key=lambda product: int(product.sku.rpartition("-")[2]))
    if count >= len(KINDS):
        return by_turn[:count]
    return [by_turn[number * len(KINDS) // count] for number in range(count)]


def _write_files(folder: Path, product: DemoProduct) -> dict[str, Any]:
    """Write a product's pictures and sound and return its line with their paths."""
    number = int(product.sku.rpartition("-")[2]) - 1
    images = []
    for view in (0, 1) if number in _SECOND_PHOTO_OF else (0,):
        name = f"images/{product.sku}-{view + 1}.webp"
        render_product(product.look, size=PHOTO_SIZE, view=view).save(folder / name, **WEBP)
        images.append(name)
    line = {**product.line, "images": images}
    if product.look.kind in SOUNDS:
        line["audio"] = f"sounds/{product.sku}.flac"
        sound = product_sound(product.look.kind, product.look.shape_seed) or b""
        (folder / line["audio"]).write_bytes(as_flac(sound))
    return line


def _write_customer_photo(folder: Path, product: DemoProduct) -> None:
    photo = render_customer_photo(product.look, seed=product.look.shape_seed, size=CUSTOMER_PHOTO_SIZE)
    photo.save(folder / "customer_photos" / f"{product.sku}.jpg", quality=JPEG_QUALITY)


def _write_scene(folder: Path, post: DemoPost) -> None:
    photo = render_scene(post.looks, seed=post.seed, size=POST_SIZE)
    photo.save(folder / post.line["image"], **WEBP)


def _write_lines(path: Path, objects: Iterable[dict[str, Any]]) -> None:
    text = "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in objects)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)
