"""Photos with a kind and a colour each, of the demonstration shop and of clothes of senders no model was trained on."""

import io
import random
from dataclasses import dataclass

from PIL import Image

from tests.clothing_catalogue import rows_of_held_out_senders
from tools.bundled_model.colour_naming import NAMES, colour_shares
from tools.demo_catalogue.products import demo_products
from tools.rendering import KINDS, render_customer_photo, render_product
from tools.rendering.look import recoloured
from xsearch.encoders.builtin import square
from xsearch.training.photos import balanced, product_mask

SIZE = 240  # pixels
COLOURS_EACH = 4
CLEAR = 0.5  # share of a photo's product that its colour must have, for anyone to agree on it
_LOOKS_EACH = 2


@dataclass(frozen=True)
class Shown:
    """A photo of a catalogue: variants of one product have the same ``product``."""

    name: str
    product: str
    colour: str
    photo: bytes


@dataclass(frozen=True)
class Pair:
    """A photo, whose own product is ``of``, and the colour that is wanted instead."""

    id: str
    photo: bytes
    of: str
    product: str
    colour: str


def demo_pairs():
    """Return (catalogue, pairs): every product in up to four colours; a customer's photo of it in the first."""
    rng, shown, pairs, count = random.Random("composition"), [], [], {}
    for look in (product.look for product in demo_products()):
        number = count[look.kind] = count.get(look.kind, 0) + 1
        if number > _LOOKS_EACH:
            continue
        others = [colour for colour in KINDS[look.kind].colours if colour not in (look.colour, look.second_colour)]
        colours = [look.colour, *rng.sample(others, min(COLOURS_EACH - 1, len(others)))]
        product = f"{look.kind}-{number}"
        for colour in colours:
            picture = as_jpeg(render_product(recoloured(look, colour), size=SIZE))
            shown.append(Shown(f"{product}-{colour}", product, colour, picture))
        photo = as_jpeg(render_customer_photo(look, seed=number, size=SIZE))
        pairs += [Pair(f"{product}-{c}", photo, f"{product}-{look.colour}", product, c) for c in colours[1:]]
    return shown, pairs


def clothing_pairs(data_dir, seed=0):
    """Return (catalogue, pairs): clothes of one category count as one product in several colours."""
    shown = list(_clothes(data_dir, seed))
    rng, pairs = random.Random(f"clothing:{seed}"), []
    for one in shown:
        others = [other for other in shown if other.product == one.product and other.colour != one.colour]
        if others:
            pairs.append(Pair(one.name, one.photo, one.name, one.product, rng.choice(others).colour))
    return shown, pairs


def _clothes(data_dir, seed):
    """Yield clear photos of the senders that training with ``seed`` holds out."""
    for row in rows_of_held_out_senders(data_dir, seed):
        content = (data_dir / row["images"][0]).read_bytes()
        pixels = balanced(square(Image.open(io.BytesIO(content)).convert("RGB"), 144))
        shares = colour_shares(pixels, product_mask(pixels))
        if shares.max() > CLEAR:
            yield Shown(row["id"], row["category"], NAMES[int(shares.argmax())], content)


def as_jpeg(image):
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=88)
    return stream.getvalue()
