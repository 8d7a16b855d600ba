"""Checked entries → rows of the shop's tables, writing only what differs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from django.db import transaction
from django.db.models import Model, Prefetch
from django.db.models.fields.files import FieldFile
from django.utils.text import slugify

from shop.loading.files import BadReference, store_photo, store_sound
from shop.models import Brand, Category, Product, ProductPhoto

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from django.core.files.storage import Storage

    from shop.loading.entry import Entry

_COLUMNS = ("title", "title_zh", "description", "description_zh", "colour", "price", "in_stock", "attributes",
            "category", "brand", "photo", "sound")  # fmt: skip


class Rows:
    """Writes products; knows the categories, the brands and the products of the chunk at hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.products: dict[str, Product] = {}
        self.read_shelves()

    def read_shelves(self) -> None:
        """Read the categories and brands; anew where a rollback has taken some away."""
        self.categories = {category.name.casefold(): category for category in Category.objects.all()}
        self.slugs = {category.slug for category in self.categories.values()}
        self.brands = {brand.name.casefold(): brand for brand in Brand.objects.all()}

    def look_up(self, entries: Sequence[Entry]) -> None:
        """Fetch the products that the shop has already, with one query for all."""
        skus = [entry.sku for entry in entries]
        photos = Prefetch("photos", ProductPhoto.objects.only("product", "image", "position"))
        found = Product.objects.filter(sku__in=skus).only("sku", *_COLUMNS).prefetch_related(photos)
        self.products = {product.sku: product for product in found}

    def save(self, entry: Entry) -> tuple[Literal["created", "changed", "unchanged"], list[str]]:
        """Create or update one product with its photos; also returns what it had to do without."""
        product = self.products.get(entry.sku)
        photos, sound, warnings = self._store_files(entry)
        wanted = {
            **entry.columns,
            "category": self._category(entry),
            "brand": self._brand(entry.brand),
            "photo": photos[0] if photos else "",
            "sound": sound,
        }
        if product is None:
            product = Product.objects.create(sku=entry.sku, **wanted)
            _set_photos(product, photos[1:])
            return "created", warnings
        old_files = {product.photo.name, product.sound.name, *_photo_names(product)}
        changed = [_set_columns(product, wanted), _set_photos(product, photos[1:])]
        _delete_files(old_files - {sound, *photos})
        return ("changed" if any(changed) else "unchanged"), warnings

    def _store_files(self, entry: Entry) -> tuple[list[str], str, list[str]]:
        photos: dict[str, None] = {}
        warnings, sound = [], ""
        for reference in entry.images:
            try:
                photos[store_photo(self.folder, reference, entry.sku)] = None
            except BadReference as reason:
                warnings.append(f"the photo {reason}")
        try:
            sound = store_sound(self.folder, entry.audio, entry.sku) if entry.audio else ""
        except BadReference as reason:
            warnings.append(f"the sound {reason}")
        return list(photos), sound, warnings

    def _category(self, entry: Entry) -> Category | None:
        if not entry.category:
            return None
        category = self.categories.get(entry.category.casefold())
        if category is None:
            category = Category.objects.create(name=entry.category, slug=self._slug(entry.category))
            self.categories[entry.category.casefold()] = category
        if entry.category_zh and category.name_zh != entry.category_zh:
            category.name_zh = entry.category_zh
            category.save(update_fields=["name_zh"])
        return category

    def _slug(self, name: str) -> str:
        stem = slugify(name, allow_unicode=True)[:120] or "category"
        slug, number = stem, 2
        while slug in self.slugs:
            slug, number = f"{stem}-{number}", number + 1
        self.slugs.add(slug)
        return slug

    def _brand(self, name: str) -> Brand | None:
        if not name:
            return None
        if name.casefold() not in self.brands:
            self.brands[name.casefold()] = Brand.objects.create(name=name)
        return self.brands[name.casefold()]


def remove_everything() -> None:
    """Remove all products, and their files once that is certain."""
    with transaction.atomic():
        names = [name for pair in Product.objects.values_list("photo", "sound") for name in pair]
        names += ProductPhoto.objects.values_list("image", flat=True)
        Product.objects.all().delete()
        _delete_files(names)


def remove_unused() -> None:
    """Remove categories and brands that no product is left in."""
    Category.objects.filter(products=None).delete()
    Brand.objects.filter(products=None).delete()


def _photo_names(product: Product) -> list[str]:
    return [photo.image.name for photo in product.photos.all()]


def _set_columns(product: Product, wanted: dict[str, Any]) -> bool:
    """Save the columns that differ and say whether any did."""
    names = [name for name, value in wanted.items() if _plain(getattr(product, _stored(name))) != _plain(value)]
    for name in names:
        setattr(product, name, wanted[name])
    if names:
        product.save(update_fields=names)
    return bool(names)


def _set_photos(product: Product, names: Sequence[str]) -> bool:
    """Make ``names`` the further photos of a product, in this order, and say whether they were not yet."""
    old = list(product.photos.all())
    if [photo.image.name for photo in old] == list(names):
        return False
    kept = {photo.image.name: photo for photo in old if photo.image.name in names}
    for photo in old:
        if kept.get(photo.image.name) is not photo:
            photo.delete()
    for position, name in enumerate(names):
        photo = kept.get(name) or ProductPhoto(product=product, image=name)
        if photo.pk is None or photo.position != position:
            photo.position = position
            photo.save()
    return True


def _stored(name: str) -> str:
    return f"{name}_id" if name in ("category", "brand") else name


def _plain(value: Any) -> Any:
    """Return the name of a file and the key of a row, anything else as it is."""
    if isinstance(value, FieldFile):
        return value.name or ""
    return value.pk if isinstance(value, Model) else value


def _delete_files(names: Iterable[str]) -> None:
    """Delete files of the media folder with the commit, so that a rollback loses none."""
    storage: Storage = Product._meta.get_field("photo").storage
    for name in {name for name in names if name}:
        transaction.on_commit(partial(storage.delete, name))
