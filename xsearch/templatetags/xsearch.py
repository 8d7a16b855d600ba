"""``{% load xsearch %}``: the search bar, the results, similar objects.

A page with a search needs three lines::

    {% load xsearch %}
    {% xsearch_assets %}                      {# in <head>: the style sheets and the script #}
    {% xsearch_bar action="/search/" %}       {# on any page #}
    {% xsearch_results %}                     {# on the page that xsearch.views.SearchView serves #}

Shops restyle them with the custom properties at the top of ``xsearch/bar.css`` and replace any of the
templates in ``xsearch/`` (``hit.html`` is one result) by one of the same name in their own folder. These have
the variables of the page, ``request`` and those of the context processors too.

Static files may have hashed names and come from another origin: the script is one classic script. Nothing is
inline, so that a strict content security policy is fulfilled; its nonce, if any, is Django's ``csp_nonce``, or
``{% xsearch_assets nonce=request.csp_nonce %}`` for django-csp.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django import template
from django.db import DatabaseError, transaction
from django.db.models import Model
from django.shortcuts import resolve_url
from django.template import Context
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from xsearch.conf import settings
from xsearch.index.registry import get_index, registered
from xsearch.search import SearchResults, similar
from xsearch.search.context import read_alias
from xsearch.visitors.identity import is_unasked, remembered_visitor
from xsearch.web.parameters import EXAMPLES
from xsearch.web.problems import Problem
from xsearch.widgets import facets, hits
from xsearch.widgets.query import PageQuery
from xsearch.widgets.sorting import sort_menu

logger = logging.getLogger("xsearch.widgets")
register = template.Library()

#: Limit of a spoken query in the browser, even if the server reads longer recordings.
_SPEECH_MAX_S = 15
#: Texts of the search bar's script by name; the script fills in ``{…}``.
_SCRIPT_TEXTS = {
    "photo": _("Your photo"),
    "removePhoto": _("Remove the photo"),
    "photoRemoved": _("Photo removed."),
    "notAPhoto": _("That is not a photo. Choose a JPEG, PNG or WebP picture."),
    "tooManyPhotos": _("At most {count} photos of one thing. Remove one first."),
    "photoTooLarge": _("The photo is too large. Choose a smaller one."),
    "cameraDenied": _("The camera is blocked. Allow it in the browser's settings, or choose a photo instead."),
    "cameraMissing": _("No camera was found. Choose a photo instead."),
    "asking": _("Allow the microphone, please …"),
    "listening": _("Listening … say what you are looking for."),
    "hearingNothing": _("I cannot hear anything. Is the microphone on?"),
    "transcribing": _("Understanding …"),
    "heard": _("Heard: “{text}”"),
    "removeHeard": _("Forget what was heard"),
    "didYouSay": _("Did you say"),
    "unsure": _("Did you say this? Correct it, or press Enter to search."),
    "notUnderstood": _("I did not understand that. Try again, or type."),
    "microphoneDenied": _("The microphone is blocked. Allow it in the browser's settings, or type."),
    "microphoneMissing": _("No microphone was found. You can type instead."),
    "microphoneUnsupported": _("This browser cannot record here. Voice search needs a secure (https) page."),
    "speechUnavailable": _("Speech could not be understood right now. You can type instead."),
    "speechLanguage": _("Speech in this language is not understood here yet. You can type instead."),
    "soundSearch": _("Search for this sound"),
    "sound": _("Your recording"),
    "removeSound": _("Remove the recording"),
    "suggestions": _("{count} suggestions. Use the arrow keys."),
    "suggestionsFor": _("Suggestions for “{text}”"),
    "suggestionTexts": _("Searches"),
    "popularQueries": _("Popular searches"),
    "categories": _("Categories"),
    "products": _("Products"),
    "searching": _("Searching …"),
    "failed": _("The search did not answer. Check the connection and try again."),
}


@register.inclusion_tag("xsearch/assets.html", takes_context=True)
def xsearch_assets(context: Context, nonce: Any = None) -> dict[str, Any]:
    """Link the style sheets and the script; without this tag, the first widget of the page links them.

    ``nonce`` is that of the page's content security policy.
    """
    return _with_assets(context, **({} if nonce is None else {"nonce": str(nonce)}))


@register.inclusion_tag("xsearch/bar.html", takes_context=True)
def xsearch_bar(
    context: Context,
    action: str = "",
    model: type[Model] | str | None = None,
    placeholder: str = "",
    autofocus: bool = False,
    filters: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Render the search bar: text with suggestions, photo, camera, microphone, paste, drag and drop.

    ``action`` is the address of a page served by ``xsearch.views.SearchView``, or the name of its URL (default: this
    page).
    ``filters`` (a dict of filter name to value or list) limits every search from this bar, such as to
    the category of the page; without it the filters chosen on the results page are kept. ``model`` limits
    them to one of several registered models; the page may still offer the others.
    """
    query = context.get("query")
    if not isinstance(query, PageQuery) or query.index is not get_index(model or query.index.label):
        query = PageQuery(get_index(model), {})
    is_limited = model is not None and len(registered()) > 1
    scope = [("model", query.index.label)] if is_limited else query.scope_pairs()
    kept = PageQuery(query.index, filters).filters if filters else query.filters
    notes = _notes(context)
    notes["bars"] = notes.get("bars", 0) + 1
    return _with_assets(
        context,
        id=f"xsearch-{notes['bars']}",
        action=resolve_url(action) if action else "",
        q=query.q,
        placeholder=placeholder,
        autofocus=autofocus,
        kept=[*scope, *query.example_pairs(), *((name, text) for name, texts in kept.items() for text in texts)],
        config=_config(query, fixed=bool(filters), has_scope=is_limited or len(query.indexes) > 1),
    )


@register.inclusion_tag("xsearch/results.html", takes_context=True)
def xsearch_results(
    context: Context,
    results: SearchResults | None = None,
    query: PageQuery | None = None,
    error: Problem | None = None,
) -> dict[str, Any]:
    """Render the results in the context, or an empty element that the search bar fills.

    The arguments default to the context variables of the same name, which ``SearchView`` provides.
    """
    return _with_assets(
        context,
        results=results if results is not None else context.get("results"),
        query=query or context.get("query"),
        error=error or context.get("error"),
    )


@register.inclusion_tag("xsearch/results_parts.html", takes_context=True)
def xsearch_results_content(context: Context) -> dict[str, Any]:
    """Render the content of ``{% xsearch_results %}``, which the search bar replaces."""
    results, query, error = context.get("results"), context.get("query"), context.get("error")
    base = _on_page(context, results=results, query=query, error=error, events_url=_address("events"))
    if results is None:
        return base
    if not isinstance(query, PageQuery):
        query = PageQuery(get_index(type(results.hits[0].object) if results.hits else None), {})
    request = _request(context)
    chips = hits.chips(query, results)
    # A photo can be searched for again only by the script.
    can_refine = not query.has_media or (request is not None and request.headers.get("X-Xsearch") == "fragment")
    is_paused = not query.personal and request is not None and remembered_visitor(request) is not None
    return base | {
        "query": query,
        "index": query.index,
        "cards": hits.cards(results, query),
        "examples": hits.examples(query, results),
        "scopes": facets.scopes(query, results),
        "shows_kinds": len(query.shown) > 1,
        "facet_groups": facets.facet_groups(query, results),
        "sort_menu": sort_menu(query, results),
        "is_counted": results.is_final or not (can_refine and settings.COUNT_ALL),
        "chosen": facets.chosen_in_all(query, results),
        "chips": chips,
        "relaxed": [chip.label for chip in chips if chip.relaxed],
        "notices": hits.notices(results.degraded),
        "next": query.url(page=results.page + 1) if results.has_next else None,
        "as_typed": query.url(literal=True),
        "did_you_say": hits.did_you_say(query, results),
        "shown_q": results.corrected or query.q,
        "is_remembered": results.is_personal or is_paused,
        "switch": query.url(personal=not query.personal),
        "known_url": _address("known", "xsearch_visitor"),
        "first": query.url(),
        "previous": query.url(page=results.page - 1) if results.page > 1 else None,
        "everything": query.without_filters(),
        "can_refine": can_refine,
    }


@register.inclusion_tag("xsearch/similar.html", takes_context=True)
def xsearch_similar(
    context: Context, obj: Model, limit: int = 8, model: type[Model] | str | None = None, title: str = ""
) -> dict[str, Any]:
    """Render the objects that are most like ``obj``; nothing when there are none or the search is down.

    ``model`` names another registered model to find them in, such as posts that show something like a product.
    """
    index = get_index(type(obj) if model is None else model)
    try:
        objects = index.get_queryset()
        using = read_alias(objects, [obj])
        with transaction.atomic(using=using):  # an error must not spoil the transaction of the page
            found = similar(objects.using(using), obj, page_size=limit)
    except DatabaseError:
        logger.exception("Similar objects cannot be searched")
        return {}
    return _with_assets(
        context,
        results=found,
        index=index,
        title=title,
        cards=hits.cards(found),
        events_url=_address("events"),
    )


@register.inclusion_tag("xsearch/consent.html", takes_context=True)
def xsearch_consent(context: Context) -> dict[str, Any]:
    """Ask once whether the search may remember the visitor; put this tag at the end of every page.

    It renders nothing if ``xsearch.urls`` is not mounted, and on the page that shows the stored data.
    """
    request = _request(context)
    known_url = _address("known", "xsearch_visitor")
    if request is None or known_url is None or request.path.startswith(known_url) or not is_unasked(request):
        return {}
    here = request.get_full_path() if request.method == "GET" else request.path
    return _with_assets(context, is_unasked=True, here=here)


@register.inclusion_tag("xsearch/viewed.html", takes_context=True)
def xsearch_viewed(context: Context, obj: Model, event: str = "view") -> dict[str, Any]:
    """Tell the search that the customer views ``obj`` on this page; with ``event="purchase"``, that they bought it."""
    return _with_assets(
        context,
        object_id=obj.pk,
        model=get_index(type(obj)).label,
        event=event,
        events_url=_address("events"),
    )


def _with_assets(context: Context, **own: Any) -> dict[str, Any]:
    """Return the variables of a widget's template, which links the style sheets and the script if they are needed."""
    nonce = context.get("csp_nonce")
    # Django's nonce is false until it is written, which puts it into the policy.
    own = {"nonce": "" if nonce is None else str(nonce), **own}
    return _on_page(context, needed=not _assets_linked(context), **own)


def _on_page(context: Context, **own: Any) -> dict[str, Any]:
    """Return the variables of a tag's template: its ``own``, and those of the page with its context processors.

    An inclusion tag would see its own only, and the shop's templates of a result need the rest.
    """
    return {str(name): value for name, value in context.flatten().items()} | {"request": _request(context)} | own


def _request(context: Context) -> Any:
    """Return the request, also where no context processor gives it; None for a page that is rendered without one."""
    return context.get("request") or getattr(context, "request", None)


def _config(query: PageQuery, *, fixed: bool, has_scope: bool) -> dict[str, Any]:
    """Return the configuration of the script; addresses are None if the API is not mounted."""
    index = query.index
    return {
        "model": index.label,
        "language": (get_language() or "en").split("-")[0],
        "suggest": _address("suggest"),
        "transcribe": _address("transcribe"),
        # Scope and examples go wherever the filters go.
        "filters": [*query.filter_names(), *EXAMPLES, *(["model"] if has_scope else [])],
        "fixed": fixed,
        "sounds": bool(index.audio and settings.EMBEDDINGS.get("audio")),
        "imagesMax": settings.IMAGES_MAX,
        "imageMaxBytes": settings.IMAGE_MAX_BYTES,
        "speechMaxSeconds": min(_SPEECH_MAX_S, settings.QUERY_AUDIO_MAX_SECONDS),
        "texts": {name: str(text) for name, text in _SCRIPT_TEXTS.items()},
    }


def _address(name: str, namespace: str = "xsearch") -> str | None:
    try:
        return reverse(f"{namespace}:{name}")
    except NoReverseMatch:
        return None


def _assets_linked(context: Context) -> bool:
    """Return True if the page has the script already, and note that it has it now."""
    notes = _notes(context)
    linked = "assets" in notes
    notes["assets"] = 1
    return linked


def _notes(context: Context) -> dict[str, int]:
    """Return the notes that all tags of one page share."""
    request = _request(context)
    holder: Any = context.template if request is None else request
    if not hasattr(holder, "_xsearch_notes"):
        holder._xsearch_notes = {}
    notes: dict[str, int] = holder._xsearch_notes
    return notes
