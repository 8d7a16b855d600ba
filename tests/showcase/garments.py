"""Products whose filters lead to columns and relations of every kind."""

import uuid

from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.fields import ArrayField
from django.db import models

from xsearch.models import EmbeddedModel


class House(models.Model):
    """Its key is a UUID, and names repeat."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=50)

    def __str__(self):
        return self.name


class Season(models.Model):
    """Its key is a text."""

    slug = models.SlugField(primary_key=True)
    name = models.CharField(max_length=50)
    house = models.ForeignKey(House, null=True, on_delete=models.SET_NULL)

    def __str__(self):
        return self.name


class Line(models.Model):
    """Foreign keys refer to its code."""

    code = models.CharField(max_length=10, unique=True)
    name = models.CharField(max_length=50)

    def __str__(self):
        return self.name


class Department(models.Model):
    """A tree by the field ``parent``; a department is called by its whole path."""

    name = models.CharField(max_length=50)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE)

    def __str__(self):
        return f"{self.parent} > {self.name}" if self.parent else self.name


class Garment(EmbeddedModel):
    title = models.CharField(max_length=100)
    price = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    stock = models.IntegerField(default=0)
    views = models.BigIntegerField(default=0)
    is_organic = models.BooleanField(null=True)
    house = models.ForeignKey(House, null=True, on_delete=models.SET_NULL)
    season = models.ForeignKey(Season, null=True, on_delete=models.SET_NULL)
    line = models.ForeignKey(Line, null=True, to_field="code", on_delete=models.SET_NULL)
    department = models.ForeignKey(Department, null=True, on_delete=models.SET_NULL)
    departments = models.ManyToManyField(Department, related_name="all_garments")
    sizes = ArrayField(models.CharField(max_length=5), default=list)
    widths = ArrayField(models.IntegerField(), null=True)
    details = models.JSONField(default=dict)
    released = models.DateField(null=True)
    added = models.DateTimeField(null=True)
    worn = models.DurationField(null=True)
    manual = models.FileField(blank=True)
    pattern = models.BinaryField(blank=True)
    spans = ArrayField(ArrayField(models.IntegerField()), default=list)
    stickers = GenericRelation("showcase.Sticker")
    is_hidden = models.BooleanField(default=False)

    def __str__(self):
        return self.title

    @property
    def discount(self):
        return 10


class GarmentVariant(models.Model):
    garment = models.ForeignKey(Garment, on_delete=models.CASCADE, related_name="variants")
    price = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    size = models.CharField(max_length=5, blank=True)
    colour = models.CharField(max_length=20, blank=True)


class Sticker(models.Model):
    """May be on anything."""

    name = models.CharField(max_length=50)
    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE, db_constraint=False)
    object_id = models.PositiveBigIntegerField()
    thing = GenericForeignKey()

    def __str__(self):
        return self.name
