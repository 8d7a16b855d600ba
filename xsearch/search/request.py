"""The request: ``xsearch.search(queryset, **asked)`` builds a ``SearchRequest``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from django.db import models
from django.utils.translation import gettext as _

from xsearch.conf import settings
from xsearch.errors import BadQuery
from xsearch.index.filters import as_list
from xsearch.media import Source
from xsearch.understanding import Mode

#: x, y, width and height in fractions of the upright photo.
Crop = tuple[float, float, float, float]
#: A text that may have been said, and the recogniser's confidence in it, from 0 to 1.
SpokenText = tuple[str, float]


class SearchOptions(TypedDict, total=False):
    """The options of ``xsearch.search`` that are rarely needed; ``SearchRequest`` documents them."""

    crop: Crop | None
    filters: Mapping[str, Any] | None
    correct: bool
    understand: bool
    modes: Mapping[str, Mode] | None
    heard: Sequence[SpokenText]
    sort: str | None
    browse: bool
    exact: bool | None
    nearest: bool
    load: bool


@dataclass(frozen=True)
class SearchRequest:
    """The arguments of a search, as they were given."""

    #: Words, typed or spoken.
    text: str | None = None
    #: A photo as bytes, a path or a file object, or a list of several photos of one thing.
    image: Source | Sequence[Source] | None = None
    #: A recording: words, or the sound of a product.
    audio: Source | None = None
    #: Objects to find more like, and objects to keep away from.
    like: Sequence[models.Model] = ()
    unlike: Sequence[models.Model] = ()
    #: Weights of modalities ("image") or of parts ("text:image", "lexical"), from 0 to 100.
    weights: Mapping[str, float] | None = None
    #: A user or ``Visitor``. If they agreed to be remembered, the order follows their taste, within bounds.
    user: Any = None
    #: Language of the recording, such as "en" or "zh".
    language: str | None = None
    #: Declared facets to count; empty: all that are declared; None: none.
    facets: Sequence[str] | None = ()
    page: int = 1
    page_size: int = 24
    #: Give each hit a trace of what every part contributed.
    explain: bool = False

    #: Part of the (first) photo to search for.
    crop: Crop | None = None
    #: Declared filters by name. They limit the results like a narrower queryset, but each facet is counted without the
    #: filter on itself.
    filters: Mapping[str, Any] | None = None
    #: Correct typing errors with the words of the catalogue.
    correct: bool = True
    #: Read prices, named values and negations in the words as conditions.
    understand: bool = True
    #: "off", "soft" or "strict" by the ids of conditions: overrides how they were read. ``filters`` on a field win.
    modes: Mapping[str, Mode] | None = None
    #: All hypotheses of a recogniser, best first, where ``text`` is the first of them.
    heard: Sequence[SpokenText] = ()
    #: Name of an order of the index; None: by relevance, or in its default order where nothing is searched for. All
    #: results above the cut-off are sorted.
    sort: str | None = None
    #: Answer with all objects of the queryset where there are neither words, media, examples nor filters, which is
    #: refused otherwise: for the page of a category.
    browse: bool = False
    #: Counting in a large catalogue. None: score the likely objects now, and all of them when ``total`` or ``facets``
    #: are first read; async code must choose beforehand. True: score all of them now. False: count the likely objects
    #: only, so that ``total`` is a lower bound.
    exact: bool | None = None
    #: Show the nearest objects where none is above the cut-off.
    nearest: bool = True
    #: Load the hits. Without it they can be loaded from ``results.ranked``.
    load: bool = True

    def __post_init__(self) -> None:
        """Check what does not depend on the catalogue; raises ``BadQuery``."""
        if self.page < 1:
            raise BadQuery(f"page must be 1 or more, not {self.page}.")
        if not 1 <= self.page_size <= settings.MAX_PAGE_SIZE:
            raise BadQuery(f"page_size must be from 1 to {settings.MAX_PAGE_SIZE}, not {self.page_size}.")
        if max(len(self.like), len(self.unlike)) > settings.EXAMPLES_MAX:
            raise BadQuery(
                _("At most %(limit)s examples are compared with. Remove some.") % {"limit": settings.EXAMPLES_MAX},
                code="too_many",
            )

    @property
    def examples(self) -> list[models.Model]:
        """All objects that were given as examples."""
        return [*self.like, *self.unlike]

    @property
    def asks(self) -> bool:
        """True if there are words, media or examples."""
        has_media = self.image is not None or self.audio is not None
        return bool((self.text or "").strip() or has_media or self.examples)

    @property
    def has_filters(self) -> bool:
        """True if a filter has a value."""
        return any(as_list(value) for value in (self.filters or {}).values())

    @property
    def last_place(self) -> int:
        """The number of hits on the pages up to this one."""
        return self.page * self.page_size
