"""Everything that fine-tuning sees: vectors of photos, of views of them, and of captions, and what belongs together.

Training sees vectors only, so that any encoder will do.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.numpy import load_file, save_file

from xsearch.encoders import Encoder
from xsearch.encoders.adapted import adapt
from xsearch.encoders.base import Vectors
from xsearch.encoders.builtin import square
from xsearch.indexing.inputs import FileRefusedError, MediaFile, read
from xsearch.media import MediaError, load_image
from xsearch.training.augment import CAMERA, random_views
from xsearch.training.catalogue import Catalogue
from xsearch.training.loop import generator, write_atomically
from xsearch.training.photos import balanced, hard_photo, product_mask

SIDE = 224  # pixels of the views that training sees
_MASK_SIDE = 72
_MAX_SIDE = 512  # pixels of the photos that are spoilt for the trial: more than any model looks at
_CHUNK = 48  # photos that are read, spoilt, encoded and stored together; a killed run keeps them
_TEXTS = 256
_TWINS = 0.9999  # cosine of photos that are the same file to the encoder

Numbers = NDArray[np.int64]
Notify = Callable[[str], None]


@dataclass(frozen=True)
class Amounts:
    """Number of views of each photo: for training, and spoilt photos for the trial."""

    views: int = 6
    queries: int = 3


@dataclass(frozen=True)
class EncodedPhotos:
    """Vectors of the p photos that could be read; d is the encoder's dimension."""

    owners: Numbers  # (p,) position of the product
    clean: Vectors  # (p, d) as indexed
    views: Vectors  # (p, views, d) by ``augment.random_views``
    queries: Vectors  # (p, queries, d) by ``photos.hard_photo``


@dataclass(frozen=True)
class Material:
    """Vectors with their relations; products, photos and captions are referred to by position."""

    photos: EncodedPhotos
    captions: Vectors  # (c, d); none is zero
    said: list[Numbers]  # for each product, the captions that fit it
    titles: list[Numbers]  # for each product, the captions that are its titles
    names: dict[str, Numbers]  # for each attribute, the captions of its values
    named: dict[str, Numbers]  # for each attribute and product, the position of its value in ``names``, -1 for none
    labels: dict[str, Numbers]  # the same among all values, including names that the encoder does not know
    looks: Numbers  # (n,) equal for products that show the same photo
    clicks: Numbers  # (k, 2) products chosen from the results of one query

    def digest(self) -> str:
        """Return a hash of everything."""
        found = hashlib.sha256()
        arrays = (*vars(self.photos).values(), self.captions, *self.said, *self.labels.values(), self.clicks)
        for array in arrays:
            found.update(repr(array.shape).encode() + np.ascontiguousarray(array).tobytes())
        return found.hexdigest()

    def adapted(self, matrices: Mapping[str, Vectors]) -> Material:
        """Return the material with adapted vectors; views stay, because only training uses them."""
        image, photos = matrices["image"], self.photos
        queries = adapt(photos.queries.reshape(-1, photos.queries.shape[2]), image)
        queries = queries.reshape(*photos.queries.shape[:2], -1)
        captions = adapt(self.captions, matrices["text"]) if "text" in matrices else self.captions
        return replace(
            self, photos=replace(photos, clean=adapt(photos.clean, image), queries=queries), captions=captions
        )


def encode_photos(
    catalogue: Catalogue, encoder: Encoder, amounts: Amounts, seed: int, folder: Path, progress: Notify
) -> EncodedPhotos:
    """Encode the photos of ``catalogue`` and their views; results of an earlier run in ``folder`` are used again.

    Photos that cannot be read are left out. Raises what the encoder raises.
    """
    folder.mkdir(parents=True, exist_ok=True)
    jobs = [(number, photo) for number, product in enumerate(catalogue.products) for photo in product.photos]
    key = (encoder.fingerprint, [(number, str(photo)) for number, photo in jobs], amounts, seed, _CHUNK)
    run = hashlib.sha256(repr(key).encode()).hexdigest()[:16]
    for file in folder.iterdir():
        if not file.name.startswith(run):  # of other photos, or of another encoder
            file.unlink()
    chunks = []
    for start in range(0, len(jobs), _CHUNK):
        file = folder / f"{run}-{start:06}.safetensors"
        if not file.is_file():
            arrays = _encode_chunk(jobs[start : start + _CHUNK], encoder, amounts, seed * 1_000_003 + start)
            write_atomically(file, partial(save_file, arrays))
            progress(f"{min(start + _CHUNK, len(jobs))}/{len(jobs)} photos encoded")
        chunks.append(load_file(file))
    return EncodedPhotos(**{name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]})


def encode_texts(encoder: Encoder, texts: Sequence[str]) -> Vectors:
    """Return the vectors of ``texts``, shape (n, d)."""
    groups = (texts[start : start + _TEXTS] for start in range(0, len(texts), _TEXTS))
    none = np.zeros((0, encoder.dimension), np.float32)
    return np.concatenate([none, *(encoder.encode_batch("text", group) for group in groups)])


def _encode_chunk(jobs: Sequence[tuple[int, MediaFile]], encoder: Encoder, amounts: Amounts, seed: int) -> Any:
    with ThreadPoolExecutor() as pool:
        read_ones = list(pool.map(lambda job: _readable(job[1]), jobs))
        found = [(owner, image) for (owner, _file), image in zip(jobs, read_ones, strict=True) if image]
        images = [image for _owner, image in found]
        spoilt = list(pool.map(partial(_spoilt, amounts.queries), images, range(seed, seed + len(images))))
    views = list(zip(*_views(images, amounts.views, seed), strict=True)) if images else []

    def encoded(several: Sequence[Iterable[Image.Image]], count: int) -> Vectors:
        vectors = encoder.encode_batch("image", list(chain.from_iterable(several)))
        return vectors.reshape(len(images), count, encoder.dimension)

    return {
        "owners": np.array([owner for owner, _image in found], np.int64),
        "clean": encoder.encode_batch("image", images),
        "views": encoded(views, amounts.views),
        "queries": encoded(spoilt, amounts.queries),
    }


def _readable(file: MediaFile) -> Image.Image | None:
    try:
        return load_image(read(file))
    except (FileRefusedError, MediaError):
        return None


def _spoilt(count: int, image: Image.Image, seed: int) -> list[Image.Image]:
    small = image.copy()
    small.thumbnail((_MAX_SIDE, _MAX_SIDE))
    rng = random.Random(seed)
    return [hard_photo(small, rng) for _ in range(count)]


def _views(images: Sequence[Image.Image], count: int, seed: int) -> Iterator[list[Image.Image]]:
    """Yield views of the photos, each with another crop, angle, light and background, blurred and noisy."""
    pixels = np.stack([square(image, SIDE) for image in images])
    small = [Image.fromarray(one).resize((_MASK_SIDE, _MASK_SIDE), Image.Resampling.BOX) for one in pixels]
    masks = np.stack([(product_mask(balanced(np.asarray(one))) * 255).astype(np.uint8) for one in small])
    tensors = torch.from_numpy(pixels).permute(0, 3, 1, 2), torch.from_numpy(masks)[:, None]
    for number in range(count):
        views, _cover = random_views(*tensors, SIDE, CAMERA, generator(seed, number))
        rows = (views * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
        yield [Image.fromarray(row) for row in rows]


def gather(catalogue: Catalogue, photos: EncodedPhotos, encoder: Encoder) -> Material:
    """Return the material of ``catalogue``; encodes its captions if ``encoder`` encodes text."""
    values = catalogue.attributes()
    texts = {text for product in catalogue.products for text in product.captions}
    rows, vectors = _encoded(sorted(texts) if "text" in encoder.modalities else [], encoder)
    names = {name: [value for value in found if value in rows] for name, found in values.items()}
    names = {name: found for name, found in names.items() if len(found) > 1}
    return Material(
        photos=photos,
        captions=vectors,
        said=[_positions(rows, product.captions) for product in catalogue.products],
        titles=[_positions(rows, product.titles) for product in catalogue.products],
        names={name: _positions(rows, found) for name, found in names.items()},
        named={name: _labels(catalogue, name, found) for name, found in names.items()},
        labels={name: _labels(catalogue, name, found) for name, found in values.items()},
        looks=_looks(photos, len(catalogue.products)),
        clicks=np.array(catalogue.clicks, np.int64).reshape(-1, 2),
    )


def _encoded(texts: list[str], encoder: Encoder) -> tuple[dict[str, int], Vectors]:
    """Return the texts whose vectors are not zero, each with its row, and the rows."""
    vectors = encode_texts(encoder, texts)
    kept = np.abs(vectors).max(axis=1, initial=0.0) > 0
    readable = [text for text, is_kept in zip(texts, kept.tolist(), strict=True) if is_kept]
    return {text: row for row, text in enumerate(readable)}, vectors[kept]


def _positions(rows: dict[str, int], texts: list[str]) -> Numbers:
    return np.array([rows[text] for text in texts if text in rows], np.int64)


def _labels(catalogue: Catalogue, name: str, values: list[str]) -> Numbers:
    position = {value: number for number, value in enumerate(values)}
    return np.array([position.get(product.values.get(name, ""), -1) for product in catalogue.products], np.int64)


def _looks(photos: EncodedPhotos, count: int) -> Numbers:
    """Give products that share a photo one number: a photo cannot tell them apart."""
    looks = np.arange(count)
    for start in range(0, len(photos.clean), 512):
        near = photos.clean[start : start + 512] @ photos.clean.T
        for one, other in np.argwhere(near > _TWINS).tolist():
            first, second = looks[photos.owners[start + one]], looks[photos.owners[other]]
            looks[looks == max(first, second)] = min(first, second)
    return looks
