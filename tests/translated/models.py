"""Models whose texts have a column for each language, by django-modeltranslation (``translation.py``)."""

from django.db import models

from xsearch.models import EmbeddedModel


class Genre(models.Model):
    name = models.CharField(max_length=50)

    def __str__(self):
        return self.name


class Book(EmbeddedModel):
    title = models.CharField(max_length=100)
    summary = models.TextField(blank=True)
    binding = models.CharField(max_length=30, blank=True)
    genre = models.ForeignKey(Genre, null=True, on_delete=models.SET_NULL, related_name="books")
    price = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    cover = models.ImageField(upload_to="books/", blank=True)

    class Meta:
        ordering = ["title"]

    def __str__(self):
        return self.title
