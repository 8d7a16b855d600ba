"""Synonyms of the shop, edited in the admin and in force with the next search."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Sum
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from xsearch.models import Synonym, Term
from xsearch.search.words.synonyms import MAX_WORDS, key_of, pairs_of, terms_in

_FIELDS = ("terms", "replacements", "direction", "language")
_ROWS = {"rows": 3}


class SynonymForm(forms.ModelForm):  # type: ignore[type-arg]
    """Checks that a synonym expands to something new."""

    class Meta:
        model = Synonym
        fields = _FIELDS
        widgets = {"terms": forms.Textarea(_ROWS), "replacements": forms.Textarea(_ROWS)}

    def clean_terms(self) -> str:
        """Return the words, each once."""
        return _checked(self.cleaned_data["terms"])

    def clean_replacements(self) -> str:
        """Return the replacements, each once."""
        return _checked(self.cleaned_data["replacements"])

    def clean(self) -> dict[str, Any]:
        """Refuse a synonym that expands to nothing, or that repeats another one."""
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        synonym = Synonym(**{name: cleaned.get(name, "") for name in _FIELDS})
        pairs = list(pairs_of(synonym))
        if synonym.direction == Synonym.Direction.ONE_WAY and not terms_in(synonym.replacements):
            self.add_error("replacements", _("One way needs at least one replacement."))
        elif not pairs:
            self.add_error("terms", _("Give at least two words that differ: these are one and the same to the search."))
        else:
            self._refuse_repetition(synonym, pairs)
        return cleaned

    def _refuse_repetition(self, synonym: Synonym, pairs: list[tuple[str, str]]) -> None:
        keys = {(key_of(term), key_of(other)): (term, other) for term, other in pairs}
        for earlier in Synonym.objects.filter(language__in={"", synonym.language}).exclude(pk=self.instance.pk):
            for term, other in pairs_of(earlier):
                if (key_of(term), key_of(other)) in keys:
                    detail = _("“%(term)s” finds “%(other)s” already: change the synonym “%(synonym)s” instead.")
                    raise ValidationError(detail % {"term": term, "other": other, "synonym": earlier})


def _checked(text: str) -> str:
    terms = terms_in(text)
    for term in terms:
        length = len(key_of(term))
        if not length:
            raise ValidationError(_("“%(term)s” has no word that can be searched for.") % {"term": term})
        if length > MAX_WORDS:
            detail = _("“%(term)s” has %(length)s words; at most %(limit)s are allowed. Separate words by commas.")
            raise ValidationError(detail % {"term": term, "length": length, "limit": MAX_WORDS})
    return ", ".join(terms)


@admin.register(Synonym)
class SynonymAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Synonyms with their expansions."""

    form = SynonymForm
    list_display = ("terms", "direction_sign", "replacements", "language")
    list_filter = ("direction", "language")
    search_fields = ("terms", "replacements")
    search_help_text = gettext_lazy("A word of what you look for.")
    readonly_fields = ("preview",)
    fields = (*_FIELDS, "preview")

    def save_model(self, request: HttpRequest, obj: Synonym, form: Any, change: bool) -> None:
        """Save, and show the expansions of the next search."""
        super().save_model(request, obj, form, change)
        found = "; ".join(f"{term} → {', '.join(others)}" for term, others in _by_term(obj).items())
        self.message_user(request, _("In force at once: %(expansions)s.") % {"expansions": found}, messages.INFO)

    @admin.display(description="")
    def direction_sign(self, synonym: Synonym) -> str:
        """Return an arrow."""
        return "↔" if synonym.direction == Synonym.Direction.BOTH else "→"

    @admin.display(description=gettext_lazy("what it expands to"))
    def preview(self, synonym: Synonym) -> SafeString | str:
        """Return the expansions of each term, with the number of products that have them."""
        if synonym.pk is None:
            return _("Shown after saving.")
        rows = [
            (term, ", ".join(f"{other} ({_in_products(other)})" for other in others))
            for term, others in _by_term(synonym).items()
        ]
        return format_html("<ul>{}</ul>", format_html_join("", "<li><strong>{}</strong> → {}</li>", rows))


def _by_term(synonym: Synonym) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for term, other in pairs_of(synonym):
        found.setdefault(term, []).append(other)
    return found


def _in_products(term: str) -> str:
    """Return the greatest possible number of products with a term: those with its rarest word."""
    with_lexeme = Term.objects.filter(lexeme__in=key_of(term)).values("lexeme").annotate(sum=Sum("objects_with"))
    counts = dict(with_lexeme.values_list("lexeme", "sum"))
    count = min((counts.get(lexeme, 0) for lexeme in key_of(term)), default=0)
    return ngettext("in %(count)s product", "in %(count)s products", count) % {"count": count}
