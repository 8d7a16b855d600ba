"""Models of kinds that the demonstration shop does not have."""

import uuid

from django.db import models

from tests.showcase.garments import *  # noqa: F403
from tests.showcase.trees import *  # noqa: F403
from xsearch.models import EmbeddedModel


class Country(models.Model):
    name = models.CharField(max_length=50)


class Maker(models.Model):
    name = models.CharField(max_length=50)
    country = models.ForeignKey(Country, null=True, on_delete=models.SET_NULL)


class Tag(models.Model):
    name = models.CharField(max_length=50)


class Shelf(models.Model):
    name = models.CharField(max_length=50)


class Instrument(models.Model):
    """A product that must not be changed: its vectors live in a companion, its key is a UUID."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=100)
    is_visible = models.BooleanField(default=True)
    maker = models.ForeignKey(Maker, null=True, on_delete=models.SET_NULL)
    tags = models.ManyToManyField(Tag)
    shelves = models.ManyToManyField(Shelf, through="Placement")
    matching = models.ManyToManyField("self")
    picture = models.ImageField(upload_to="instruments/", blank=True)


class Placement(models.Model):
    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE)
    shelf = models.ForeignKey(Shelf, on_delete=models.CASCADE)


class InstrumentVectors(EmbeddedModel):
    instrument = models.OneToOneField(Instrument, on_delete=models.CASCADE, related_name="vectors")


class InstrumentPhoto(EmbeddedModel):
    """Photos without a related_name: "instrumentphoto" in lookups, "instrumentphoto_set" on instances."""

    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE)
    file = models.ImageField(upload_to="instruments/")


class Scan(models.Model):
    """A photo that must not be changed: its vector lives in a companion of its own."""

    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="scans")
    file = models.ImageField(upload_to="instruments/")


class ScanVectors(EmbeddedModel):
    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="scan_vectors")
    scan = models.OneToOneField(Scan, on_delete=models.CASCADE)


class Furniture(EmbeddedModel):
    title = models.CharField(max_length=100)
    front = models.ImageField(upload_to="furniture/", blank=True)
    back = models.ImageField(upload_to="furniture/", blank=True)


class Chair(Furniture):
    """Inherits the columns by multi-table inheritance."""

    legs = models.PositiveSmallIntegerField(default=4)


class Bargain(Furniture):
    class Meta:
        proxy = True


class Offer(models.Model):
    """What a seller asks for a piece of furniture or an instrument, and in which sizes: values that live elsewhere."""

    furniture = models.ForeignKey(Furniture, null=True, on_delete=models.CASCADE, related_name="offers")
    instrument = models.ForeignKey(Instrument, null=True, on_delete=models.CASCADE, related_name="offers")
    price = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    size = models.CharField(max_length=20, blank=True)
    quantity = models.PositiveIntegerField(default=0)
    since = models.DateField(null=True)


class Rarity(Furniture):
    class Meta:
        proxy = True


class Plain(models.Model):
    """Has nowhere to keep vectors."""

    title = models.CharField(max_length=100)


class LongKey(EmbeddedModel):
    code = models.CharField(primary_key=True, max_length=200)


class Variant(EmbeddedModel):
    """A product, or a variant of one: a parent has no parent."""

    title = models.CharField(max_length=100)
    colour = models.CharField(max_length=20, blank=True)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="children")


class Delivery(EmbeddedModel):
    """Has a key of two columns."""

    pk = models.CompositePrimaryKey("depot", "number")
    depot = models.CharField(max_length=10)
    number = models.IntegerField()
    title = models.CharField(max_length=100)


class Poster(EmbeddedModel):
    """Its photo is elsewhere in the web."""

    title = models.CharField(max_length=100)
    photo = models.URLField(blank=True)
    address = models.CharField(max_length=300, blank=True)

    @property
    def cdn(self):
        return f"{self.address}?small" if self.address else ""


class PresentManager(models.Manager):
    """Hides what was deleted softly."""

    def get_queryset(self):
        return super().get_queryset().filter(is_deleted=False)


class Album(EmbeddedModel):
    """Rows are deleted softly, and the default manager hides them."""

    title = models.CharField(max_length=100)
    is_deleted = models.BooleanField(default=False)

    objects = PresentManager()


class PageManager(PresentManager):
    """Hides what was deleted softly; tests narrow it further."""

    narrow = staticmethod(lambda rows: rows)

    def get_queryset(self):
        return self.narrow(super().get_queryset())


class Page(EmbeddedModel):
    album = models.ForeignKey(Album, on_delete=models.CASCADE, related_name="pages")
    file = models.ImageField(upload_to="pages/")
    is_deleted = models.BooleanField(default=False)

    objects = PageManager()
