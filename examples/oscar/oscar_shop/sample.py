"""The sample catalogue: a tree of categories, products with photos, prices and stock, and products in several sizes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile
from django.db import transaction
from oscar.apps.catalogue.categories import create_from_breadcrumbs
from oscar.core.loading import get_model

#: The catalogue of django-xsearch's demonstration shop.
SAMPLES = Path(__file__).resolve().parents[3] / "shop" / "demo_catalogue"
STAFF = {"email": "owner@example.com", "password": "oscar-owner"}

#: Where the categories of the samples are in the tree of this shop.
TREE = {
    "Tops": "Clothing > Tops",
    "Trousers & Shorts": "Clothing > Trousers & Shorts",
    "Dresses & Skirts": "Clothing > Dresses & Skirts",
    "Coats & Jackets": "Clothing > Coats & Jackets",
    "Hats, Scarves & Socks": "Clothing > Accessories > Hats, Scarves & Socks",
    "Accessories": "Clothing > Accessories > Jewellery & Belts",
    "Shoes": "Clothing > Shoes",
    "Bags & Luggage": "Travel > Bags & Luggage",
    "Kitchen & Table": "Home > Kitchen & Table",
    "Home Accents": "Home > Home Accents",
    "Furniture & Lighting": "Home > Furniture & Lighting",
    "Toys": "Play > Toys",
    "Musical Instruments": "Play > Musical Instruments",
}

Product, ProductClass, ProductImage = (
    get_model("catalogue", name) for name in ("Product", "ProductClass", "ProductImage")
)
Partner, StockRecord = (get_model("partner", name) for name in ("Partner", "StockRecord"))


def read(per_category: int | None = None) -> Iterator[dict[str, Any]]:
    """Yield the samples, at most ``per_category`` of each category."""
    seen: dict[str, int] = {}
    for line in (SAMPLES / "catalogue.jsonl").read_text().splitlines():
        sample = json.loads(line)
        seen[sample["category"]] = seen.get(sample["category"], 0) + 1
        if per_category is None or seen[sample["category"]] <= per_category:
            yield sample


@transaction.atomic
def load(per_category: int | None = None) -> int:
    """Fill an empty shop, with somebody who may use its dashboard; returns the number of products."""
    kinds = {name: _product_class(name) for name in ("General", "Sized")}
    partner = Partner.objects.create(name="Warehouse")
    user = get_user_model()(username="owner", email=STAFF["email"], is_staff=True, is_superuser=True)
    user.set_password(STAFF["password"])
    user.save()
    return sum(_add(sample, kinds, partner) for sample in read(per_category))


def _product_class(name: str) -> Any:
    return ProductClass.objects.create(name=name, requires_shipping=True, track_stock=True)


def _add(sample: dict[str, Any], kinds: dict[str, Any], partner: Any) -> int:
    has_variants = TREE[sample["category"]].startswith("Clothing") and len(sample.get("sizes", ())) > 1
    sizes = sample["sizes"] if has_variants else []
    product = Product.objects.create(
        upc=sample["id"],
        title=sample["title"],
        description=f"<p>{sample['description']}</p>",
        structure=Product.PARENT if sizes else Product.STANDALONE,
        product_class=kinds["Sized" if sizes else "General"],
    )
    product.categories.add(create_from_breadcrumbs(TREE[sample["category"]]))
    for order, name in enumerate(sample["images"]):
        photo = ProductImage(product=product, display_order=order)
        photo.original.save(Path(name).name, ContentFile((SAMPLES / name).read_bytes()))
    for size in sizes:
        child = Product.objects.create(
            upc=f"{sample['id']}-{size}", title=f"Size {size}", structure=Product.CHILD, parent=product
        )
        _stock(child, sample, partner)
    if not sizes:
        _stock(product, sample, partner)
    return 1 + len(sizes)


def _stock(product: Any, sample: dict[str, Any], partner: Any) -> None:
    StockRecord.objects.create(
        product=product,
        partner=partner,
        partner_sku=product.upc,
        price=str(sample["price"]),
        num_in_stock=20 if sample["in_stock"] else 0,
    )
