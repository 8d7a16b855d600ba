"""Print the figures of the model card: ``python -m tools.bundled_model.evaluate --help``."""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from tools.bundled_model.lexicon import lexicon
from tools.bundled_model.photos import load_renderings
from tools.bundled_model.retrieval_trials import (
    catalogue_photos,
    colour_histograms,
    cropped_and_turned,
    customers_photo,
    find_again,
    ranked_again,
    spoilt,
)
from tools.bundled_model.sources import gather
from xsearch.encoders.base import normalise
from xsearch.encoders.builtin import FILES, BuiltinEncoder
from xsearch.training.photos import hard_photo

if TYPE_CHECKING:
    from tools.bundled_model.lexicon import Lexicon
    from tools.bundled_model.photos import PhotoSet

KIND_SIZE = 72  # numbers of the first block of a vector

#: Names under which the clothing categories are looked for, English and Chinese.
CLASS_NAMES = {
    "t_shirt": ("t-shirt", "T恤"), "longsleeve": ("long sleeve", "长袖"), "shirt": ("shirt", "衬衫"),
    "blouse": ("blouse", "女衬衫"), "polo": ("polo shirt", "polo衫"), "top": ("top", "女式上衣"),
    "undershirt": ("undershirt", "背心"), "hoodie": ("hoodie", "连帽衫"), "blazer": ("blazer", "西装外套"),
    "jacket": ("outwear", "外套"), "dress": ("dress", "连衣裙"), "skirt": ("skirt", "半身裙"),
    "pants": ("pants", "裤子"), "shorts": ("shorts", "短裤"), "shoes": ("shoes", "鞋子"), "hat": ("hat", "帽子"),
    "bodysuit": ("bodysuit", "连体衣"),
}  # fmt: skip


def shop_figures(encoder: BuiltinEncoder, shops: Path) -> dict[str, Any]:
    """Return how well the photos of real catalogues are found again."""
    photos = catalogue_photos(shops)
    figures: dict[str, Any] = {"products": len(photos)}
    for where in ("centre", "random"):
        for fill in ("white", "edge"):
            spoil = cropped_and_turned(where, fill)
            figures[f"{where} crop, {fill}"] = find_again(_images(encoder), photos, spoil).first
            figures[f"{where} crop, {fill}, histogram"] = find_again(colour_histograms, photos, spoil).first
    return {**figures, **_mean_reciprocal_ranks(encoder, photos)}


def held_out_figures(encoder: BuiltinEncoder, photos: PhotoSet, lexicon: Lexicon) -> dict[str, Any]:
    """Return how well held-out pictures are found again, named, and found by kind and colour."""
    images = [Image.fromarray(pixels) for pixels in photos.images]
    firsts = np.unique(photos.products, return_index=True)[1][:600]
    some = [images[index] for index in firsts]
    figures: dict[str, Any] = {"pictures": len(images)}
    figures.update(_mean_reciprocal_ranks(encoder, some))
    vectors = encoder.encode_batch("image", images)
    for facet in ("kind", "colour", "style"):
        figures[f"{facet} named right"] = _named_right(encoder, vectors, photos, lexicon, facet)
    pairs = [(colour, kind) for colour in _words_of(lexicon, "colour") for kind in _words_of(lexicon, "kind")]
    figures["kind, precision@10"] = _found_by_words(
        encoder, vectors, photos, lexicon, [(kind,) for kind in _words_of(lexicon, "kind")]
    )
    figures["colour and kind, precision@10"] = _found_by_words(encoder, vectors, photos, lexicon, pairs)
    if len(np.unique(photos.products)) < len(photos):
        figures["another picture of the product first"] = _siblings(vectors, photos.products)
    return figures


def zero_shot(encoder: BuiltinEncoder, photos: PhotoSet, lexicon: Lexicon, language: int) -> float:
    """Return the share of photos whose category is nearest among the names of all in one language."""
    names = [pair[language] for pair in CLASS_NAMES.values()]
    columns = [lexicon.concepts.index(key) for key in CLASS_NAMES]
    labelled = (photos.targets[:, columns] == 1).any(axis=1)
    truth = (photos.targets[labelled][:, columns] == 1).argmax(axis=1)
    images = encoder.encode_batch("image", [Image.fromarray(pixels) for pixels in photos.images[labelled]])
    scores = images @ encoder.encode_batch("text", names).T
    return float((scores.argmax(axis=1) == truth).mean())


def _named_right(encoder: BuiltinEncoder, vectors: Any, photos: PhotoSet, lexicon: Lexicon, facet: str) -> float | None:
    """Share of pictures, among those whose names are known, for which a shown concept scores highest."""
    known = _words_of(lexicon, facet)
    words = [_word(lexicon, name) for name in known]
    texts = encoder.encode_batch("text", words)
    columns = [i for i, text in enumerate(texts) if text.any()]
    targets = photos.targets[:, [lexicon.concepts.index(known[i]) for i in columns]]
    told = (targets == 1).any(axis=1)
    if not told.any():
        return None
    scores = np.where(targets == -1, -2, vectors @ texts[columns].T)[told]
    best = scores.argmax(axis=1)
    return float((targets[told][np.arange(len(best)), best] == 1).mean())


def _found_by_words(
    encoder: BuiltinEncoder, vectors: Any, photos: PhotoSet, lexicon: Lexicon, queries: Sequence[Sequence[str]]
) -> float:
    """Mean precision of the first ten for the words of each query, over all that at least ten pictures show."""
    shares = []
    for concepts in queries:
        shown = photos.targets[:, [lexicon.concepts.index(concept) for concept in concepts]]
        if (shown == 1).all(axis=1).sum() < 10:
            continue
        query = encoder.encode_batch("text", [" ".join(_word(lexicon, concept) for concept in concepts)])[0]
        scores = np.where((shown == -1).any(axis=1), -2, vectors @ query)
        shares.append((shown[np.argsort(-scores)[:10]] == 1).all(axis=1).mean())
    return float(np.mean(shares))


def _words_of(lexicon: Lexicon, facet: str) -> list[str]:
    return [name for name in lexicon.of_facet(facet) if name not in ("dark", "light")]


def _mean_reciprocal_ranks(encoder: BuiltinEncoder, photos: Sequence[Image.Image]) -> dict[str, float]:
    """Return how well photos are found again, by the model, by its first block alone and by a histogram."""
    figures: dict[str, float] = {}
    shown, histograms = encoder.encode_batch("image", photos), colour_histograms(photos)
    for trial, spoil in {"hard photos": hard_photo, "customers' photos": customers_photo}.items():
        views = spoilt(photos, spoil)
        queries = encoder.encode_batch("image", views)
        figures[f"{trial}, MRR"] = ranked_again(shown, queries).mrr
        figures[f"{trial}, MRR, kind alone"] = ranked_again(_kinds(shown), _kinds(queries)).mrr
        figures[f"{trial}, MRR, histogram"] = ranked_again(histograms, colour_histograms(views)).mrr
    return figures


def _siblings(vectors: Any, products: Any) -> float:
    """Share of pictures, among those with siblings, whose nearest neighbour shows the same product."""
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -2)
    counts = np.bincount(products)[products]
    return float((products[scores.argmax(axis=1)] == products)[counts > 1].mean())


def _word(lexicon: Lexicon, concept: str) -> str:
    return next(term for term, names in lexicon.terms.items() if names == (concept,))


def _images(encoder: BuiltinEncoder) -> Any:
    return lambda images: encoder.encode_batch("image", images)


def _kinds(vectors: Any) -> Any:
    """Return vectors by their kind alone, as those of a net trained for classes are."""
    return normalise(vectors[:, :KIND_SIZE])


def milliseconds_each(encoder: BuiltinEncoder, modality: str, items: Sequence[Any]) -> float:
    """Return the median time of encoding one item."""
    encoder.encode_batch(modality, items[:1])
    times = []
    for item in items[:50]:
        started = time.perf_counter()
        encoder.encode_batch(modality, [item])
        times.append(time.perf_counter() - started)
    return float(np.median(times)) * 1000


def price(encoder: BuiltinEncoder, photos: Sequence[Image.Image]) -> dict[str, float]:
    """Return what encoding costs in time, and what the model takes on disk; the process is at its peak."""
    texts = [f"{name} {number}" for number in range(3) for pair in CLASS_NAMES.values() for name in pair]
    return {
        "ms a photo": milliseconds_each(encoder, "image", photos),
        "ms a text": milliseconds_each(encoder, "text", texts),
        "MB on disk": sum((encoder.folder / name).stat().st_size for name in FILES) / 1e6,
        "MB of memory, at most": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Evaluate from the command line."""
    parser = argparse.ArgumentParser(description="Print the figures of the bundled model as JSON.")
    parser.add_argument("--weights", type=Path, help="folder of a trained model; default: the bundled one")
    parser.add_argument("--clothing", type=Path, help="as in training; the same seed holds the same out")
    parser.add_argument("--renderings", type=Path, help="as in training")
    parser.add_argument("--unseen", type=Path, help="renderings of a seed that training never saw")
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--shops", type=Path, help="folder with <shop>/catalogue.jsonl, never trained on")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    encoder = BuiltinEncoder(weights=options.weights)
    figures: dict[str, Any] = {"fingerprint": encoder.fingerprint}
    if options.shops:
        figures["price"] = price(encoder, catalogue_photos(options.shops)[:20])
        figures["shops"] = shop_figures(encoder, options.shops)
    if options.clothing or options.renderings:
        _, held_out, words = gather(options.clothing, options.renderings, options.cache, options.seed)
        for name, photos in held_out.items():
            figures[name] = held_out_figures(encoder, photos, words)
        if "clothing" in held_out:
            for index, language in enumerate(("en", "zh")):
                figures[f"17 classes, {language}"] = zero_shot(encoder, held_out["clothing"], words, index)
    if options.unseen:
        words = lexicon()
        figures["unseen renderings"] = held_out_figures(encoder, load_renderings(options.unseen, words), words)
    print(json.dumps(figures, indent=1, default=lambda value: None if value is None else float(value)))


if __name__ == "__main__":
    main()
