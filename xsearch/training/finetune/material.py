"""Everything that training and trial see, as arrays: vectors of photos and captions, and what belongs together."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from xsearch.encoders import Encoder
from xsearch.encoders.adapted import adapt
from xsearch.encoders.base import Vectors
from xsearch.training.finetune.catalogue import Catalogue
from xsearch.training.finetune.views import EncodedPhotos, encode_texts

Numbers = NDArray[np.int64]

_TWINS = 0.9999  # cosine of photos that are one and the same file to the encoder


@dataclass(frozen=True)
class Material:
    """Vectors with their relations; products, photos and captions go by their positions."""

    photos: EncodedPhotos
    captions: Vectors  # (c, d); every one of them says something to the encoder
    said: list[Numbers]  # for each product, the captions that fit it
    titles: list[Numbers]  # for each product, those of them that are its titles
    names: dict[str, Numbers]  # for each attribute, the captions of its values
    named: dict[str, Numbers]  # for each attribute and product, the position of its value in ``names``, -1 for none
    labels: dict[str, Numbers]  # the same among all values, also those whose names the encoder does not know
    looks: Numbers  # (n,) equal for products that show the same photo
    clicks: Numbers  # (k, 2) products that one query led to

    def digest(self) -> str:
        """Hash of all of it."""
        found = hashlib.sha256()
        arrays = (*vars(self.photos).values(), self.captions, *self.said, *self.labels.values(), self.clicks)
        for array in arrays:
            found.update(repr(array.shape).encode() + np.ascontiguousarray(array).tobytes())
        return found.hexdigest()

    def adapted(self, matrices: Mapping[str, Vectors]) -> Material:
        """Return the material as an adapter would have it; views, which only training sees, stay as they are."""
        image, photos = matrices["image"], self.photos
        queries = adapt(photos.queries.reshape(-1, photos.queries.shape[2]), image)
        queries = queries.reshape(*photos.queries.shape[:2], -1)
        captions = adapt(self.captions, matrices["text"]) if "text" in matrices else self.captions
        return replace(
            self, photos=replace(photos, clean=adapt(photos.clean, image), queries=queries), captions=captions
        )


def gather(catalogue: Catalogue, photos: EncodedPhotos, encoder: Encoder) -> Material:
    """Return the material of ``catalogue``, whose captions are encoded here if ``encoder`` reads."""
    values = catalogue.attributes()
    texts = {text for product in catalogue.products for text in product.captions}
    known, vectors = _encoded(sorted(texts) if "text" in encoder.modalities else [], encoder)
    names = {name: [value for value in found if value in known] for name, found in values.items()}
    names = {name: found for name, found in names.items() if len(found) > 1}
    return Material(
        photos=photos,
        captions=vectors,
        said=[_positions(known, product.captions) for product in catalogue.products],
        titles=[_positions(known, product.titles) for product in catalogue.products],
        names={name: _positions(known, found) for name, found in names.items()},
        named={name: _labels(catalogue, name, found) for name, found in names.items()},
        labels={name: _labels(catalogue, name, found) for name, found in values.items()},
        looks=_looks(photos, len(catalogue.products)),
        clicks=np.array(catalogue.clicks, np.int64).reshape(-1, 2),
    )


def _encoded(texts: list[str], encoder: Encoder) -> tuple[dict[str, int], Vectors]:
    """Return the texts that say something to the encoder, each with its row, and the rows."""
    vectors = encode_texts(encoder, texts)
    kept = np.abs(vectors).max(axis=1, initial=0.0) > 0
    known = [text for text, is_kept in zip(texts, kept.tolist(), strict=True) if is_kept]
    return {text: row for row, text in enumerate(known)}, vectors[kept]


def _positions(known: dict[str, int], texts: list[str]) -> Numbers:
    return np.array([known[text] for text in texts if text in known], np.int64)


def _labels(catalogue: Catalogue, name: str, values: list[str]) -> Numbers:
    position = {value: number for number, value in enumerate(values)}
    return np.array([position.get(product.values.get(name, ""), -1) for product in catalogue.products], np.int64)


def _looks(photos: EncodedPhotos, count: int) -> Numbers:
    """Give products that share a photo one number: nobody could tell which of them a customer means."""
    looks = np.arange(count)
    for start in range(0, len(photos.clean), 512):
        near = photos.clean[start : start + 512] @ photos.clean.T
        for one, other in np.argwhere(near > _TWINS).tolist():
            first, second = looks[photos.owners[start + one]], looks[photos.owners[other]]
            looks[looks == max(first, second)] = min(first, second)
    return looks
