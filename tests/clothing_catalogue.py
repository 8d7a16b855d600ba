"""``XSEARCH_DATA=… python -m tests.clothing_catalogue FOLDER``: photos of clothes as the catalogue of a shop.

Only photos of senders that the bundled model was not trained on. Their titles are the category with the colour that
is measured from the pixels, where one is clear.
"""

import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from tools.bundled_model.colour_naming import NAMES
from tools.bundled_model.photos import MASK_SIZE, SIZE, measured_colours
from tools.bundled_model.sources import HELD_OUT
from xsearch.encoders.builtin import square
from xsearch.training.photos import balanced, product_mask

NOT_KINDS = {"Not sure", "Other", "Skip"}


def rows_of_held_out_senders(data_dir, seed=0):
    """Return the labelled photos of the senders that training with ``seed`` holds out, but those of no kind."""
    with (data_dir / "clothing" / "labels.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    senders = np.unique([str(row["sender"]) for row in rows])
    held_out = set(np.random.default_rng(seed).permutation(senders)[: round(len(senders) * HELD_OUT)])
    return [row for row in rows if str(row["sender"]) in held_out and row["category"] not in NOT_KINDS]


def product_of(row, path):
    """Return the labelled photo at ``path`` as a line of a catalogue beside it."""
    with Image.open(path) as image:
        pixels = Image.fromarray(square(image.convert("RGB"), SIZE))
    lit = balanced(np.asarray(pixels.resize((MASK_SIZE * 2,) * 2, Image.Resampling.BOX)))
    measured = measured_colours(lit, product_mask(lit))
    colours = [name for name in NAMES if measured.get(name) == 1]
    colour = colours[0] if len(colours) == 1 else ""
    title = f"{colour} {row['category']}".strip()
    return {
        "id": f"clothing-{row['id']}",
        "title": title,
        "category": row["category"],
        "colour": colour,
        "images": [path.name],
    }


def main(data_dir, folder):
    folder.mkdir(parents=True, exist_ok=True)
    rows = rows_of_held_out_senders(data_dir)
    products = [product_of(row, Path(shutil.copy(data_dir / row["images"][0], folder))) for row in rows]
    lines = "".join(json.dumps(product) + "\n" for product in products)
    (folder / "catalogue.jsonl").write_text(lines, encoding="utf-8")
    print(f"{len(products)} products in {folder / 'catalogue.jsonl'}")


if __name__ == "__main__":
    if len(sys.argv) != 2 or not os.environ.get("XSEARCH_DATA"):
        sys.exit("Name the folder to write to, and the folder that has clothing/labels.jsonl in XSEARCH_DATA.")
    main(Path(os.environ["XSEARCH_DATA"]).resolve(), Path(sys.argv[1]))
