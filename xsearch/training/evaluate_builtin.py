"""Print the figures of the model card: ``python -m xsearch.training.evaluate_builtin --help``."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from xsearch.encoders.builtin import BuiltinEncoder
from xsearch.training.lexicon import lexicon
from xsearch.training.photos import load_renderings
from xsearch.training.retrieval_trials import (
    catalogue_photos,
    colour_histograms,
    cropped_and_turned,
    find_again,
    hard_photo,
)
from xsearch.training.sources import gather

if TYPE_CHECKING:
    from xsearch.training.lexicon import Lexicon
    from xsearch.training.photos import PhotoSet

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
    figures["hard photos, MRR"] = find_again(_images(encoder), photos, hard_photo).mrr
    figures["hard photos, MRR, histogram"] = find_again(colour_histograms, photos, hard_photo).mrr
    return figures


def held_out_figures(encoder: BuiltinEncoder, photos: PhotoSet, lexicon: Lexicon) -> dict[str, Any]:
    """Return how well held-out pictures are found again, named, and found by kind and colour."""
    images = [Image.fromarray(pixels) for pixels in photos.images]
    firsts = np.unique(photos.products, return_index=True)[1][:600]
    some = [images[index] for index in firsts]
    figures: dict[str, Any] = {"pictures": len(images)}
    figures["hard photos, MRR"] = find_again(_images(encoder), some, hard_photo).mrr
    figures["hard photos, MRR, histogram"] = find_again(colour_histograms, some, hard_photo).mrr
    vectors = encoder.encode_batch("image", images)
    for facet in ("kind", "colour", "style"):
        figures[f"{facet} named right"] = _named_right(encoder, vectors, photos, lexicon, facet)
    figures["kind and colour: precision of the first 5"] = _found_by_words(encoder, vectors, photos, lexicon)
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
    known = [name for name in lexicon.of_facet(facet) if name not in ("dark", "light")]
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


def _found_by_words(encoder: BuiltinEncoder, vectors: Any, photos: PhotoSet, lexicon: Lexicon) -> float:
    """Mean precision of the first five for "colour kind", over all pairs that at least five pictures show."""
    shares = []
    for colour in lexicon.of_facet("colour"):
        for kind in lexicon.of_facet("kind"):
            pair = photos.targets[:, [lexicon.concepts.index(colour), lexicon.concepts.index(kind)]]
            if (pair == 1).all(axis=1).sum() < 5 or colour in ("dark", "light"):
                continue
            query = encoder.encode_batch("text", [f"{_word(lexicon, colour)} {_word(lexicon, kind)}"])[0]
            scores = np.where((pair == -1).any(axis=1), -2, vectors @ query)
            shares.append((pair[np.argsort(-scores)[:5]] == 1).all(axis=1).mean())
    return float(np.mean(shares))


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


def milliseconds_a_photo(encoder: BuiltinEncoder, photos: Sequence[Image.Image]) -> float:
    """Return the median time of encoding one photo."""
    encoder.encode_batch("image", photos[:1])
    times = []
    for photo in photos[:50]:
        started = time.perf_counter()
        encoder.encode_batch("image", [photo])
        times.append(time.perf_counter() - started)
    return float(np.median(times)) * 1000


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
        figures["shops"] = shop_figures(encoder, options.shops)
        figures["ms a photo"] = milliseconds_a_photo(encoder, catalogue_photos(options.shops))
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
