"""Suggestions for what customers type, and the keys for looking them up by prefix."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.contenttypes.models import ContentType
from django.db import models

from xsearch.text.prefix_keys import MAX_KEY

_MAX_TEXT = 200  # characters, as of the phrases of a record


class Suggestion(models.Model):
    """A phrase of the catalogue (a title, a brand), or the value of a facet; each with objects that have it."""

    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE, related_name="+")
    #: The facet; empty for a phrase.
    facet = models.CharField(max_length=100, blank=True, default="")
    #: The phrase, or the value that filters by the facet.
    text = models.CharField(max_length=_MAX_TEXT)
    #: {language: label} of a facet's value, as the pages show it.
    labels = models.JSONField(default=dict)
    objects_with = models.PositiveIntegerField()
    #: Primary keys of some of these objects, as text: a suggestion must lead to a visible object.
    examples = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.facet}: {self.text}" if self.facet else self.text


class SuggestionKey(models.Model):
    """A key by which a suggestion is found; ordered by ``tier`` and ``key``, all with one prefix are adjacent."""

    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE, related_name="+", db_index=False)
    suggestion = models.ForeignKey(Suggestion, on_delete=models.CASCADE, related_name="keys")
    #: Order of magnitude of the suggestion's frequency; facet values have a tier of their own.
    tier = models.PositiveSmallIntegerField()
    #: Compared byte by byte, whatever the language of the database.
    key = models.CharField(max_length=MAX_KEY, db_collation="C")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["content_type", "tier", "key"], name="xsearch_suggestion_key")]

    def __str__(self) -> str:
        return self.key
