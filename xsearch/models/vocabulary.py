"""Terms of the catalogue, synonyms of the shop, and suggestions for what customers type."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.translation import gettext_lazy as _

from xsearch.models.routing import PrimaryManager
from xsearch.text.prefix_keys import MAX_KEY


class Term(models.Model):
    """Document frequency of a lexeme; rare words weigh more. The empty lexeme counts all documents."""

    content_type = models.ForeignKey(ContentType, models.DO_NOTHING, db_constraint=False, related_name="+")
    lexeme = models.CharField(max_length=255)
    objects_with = models.PositiveIntegerField()
    #: The most frequent spellings in titles, brands and categories, for the correction of typing errors.
    written = models.CharField(max_length=255, blank=True, default="")
    #: Pinyin of a Chinese word, syllable by syllable, without tones.
    sound = models.CharField(max_length=255, blank=True, default="")

    objects = PrimaryManager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["content_type", "lexeme"], name="xsearch_term_lexeme")]

    def __str__(self) -> str:
        return f"{self.lexeme}: {self.objects_with}"


class Synonym(models.Model):
    """Words with the same meaning, or words that include others; edited in the admin, effective at once."""

    class Direction(models.TextChoices):
        BOTH = "both", _("each finds all the others")
        ONE_WAY = "one", _("the words find the replacements, not the other way round")

    class Language(models.TextChoices):
        ANY = "", _("any language")
        ENGLISH = "en", _("English")
        CHINESE = "zh", _("Chinese")

    terms = models.TextField(_("words"), help_text=_("What customers type: words or phrases, separated by commas."))
    replacements = models.TextField(
        _("replacements"), blank=True, help_text=_("What is searched for as well, separated by commas.")
    )
    direction = models.CharField(_("direction"), max_length=4, choices=Direction.choices, default=Direction.BOTH)
    language = models.CharField(
        _("language"), max_length=2, choices=Language.choices, default=Language.ANY, blank=True,
        help_text=_("Of the queries that it applies to."),
    )  # fmt: skip

    objects = PrimaryManager()

    class Meta:
        verbose_name = _("synonym")
        verbose_name_plural = _("synonyms")
        ordering: ClassVar = ["terms", "pk"]

    def __str__(self) -> str:
        arrow = "↔" if self.direction == self.Direction.BOTH else "→"
        return f" {arrow} ".join(text for text in (self.terms, self.replacements) if text)


class Suggestion(models.Model):
    """A phrase of the catalogue (a title, a brand), or the value of a facet; each with objects that have it."""

    content_type = models.ForeignKey(ContentType, models.DO_NOTHING, db_constraint=False, related_name="+")
    #: The facet; empty for a phrase.
    facet = models.CharField(max_length=100, blank=True, default="")
    #: The phrase, or the value that filters by the facet.
    text = models.CharField(max_length=200)
    #: {language: label} of a facet's value, as the pages show it.
    labels = models.JSONField(default=dict)
    objects_with = models.PositiveIntegerField()
    #: Primary keys of some of these objects, as text: a suggestion must lead to a visible object.
    examples = models.JSONField(default=list)

    objects = PrimaryManager()

    def __str__(self) -> str:
        return f"{self.facet}: {self.text}" if self.facet else self.text


class SuggestionKey(models.Model):
    """A key by which a suggestion is found; ordered by ``tier`` and ``key``, all with one prefix are adjacent."""

    content_type = models.ForeignKey(
        ContentType, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False
    )
    suggestion = models.ForeignKey(Suggestion, on_delete=models.CASCADE, related_name="keys")
    #: Order of magnitude of the suggestion's frequency; facet values have a tier of their own.
    tier = models.PositiveSmallIntegerField()
    #: Compared byte by byte, whatever the language of the database.
    key = models.CharField(max_length=MAX_KEY, db_collation="C")

    objects = PrimaryManager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["content_type", "tier", "key"], name="xsearch_suggestion_key")]

    def __str__(self) -> str:
        return self.key
