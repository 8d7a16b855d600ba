"""The text of HTML as a page shows it: no tags, scripts or comments; entities are the signs they stand for."""

from __future__ import annotations

import re
from html.parser import HTMLParser

#: Characters; what is longer is cut, as in the text analysis.
MAX_HTML = 200_000
#: Elements of which no page shows the content.
_UNSEEN = frozenset(("iframe", "noscript", "object", "script", "style", "template", "title"))
#: Elements that separate words; all others, such as ``<b>``, may stand within one.
_BLOCKS = frozenset(
    """
    address article aside audio blockquote body br button caption center col dd details dialog dir div dl dt fieldset
    figcaption figure footer form h1 h2 h3 h4 h5 h6 head header hgroup hr html img input legend li main menu nav ol
    option p pre rp rt search section select summary table tbody td textarea tfoot th thead tr ul video
    """.split()  # noqa: SIM905 - as a list it would fill a page
)
_SOFT_HYPHEN = "\u00ad"
#: A tag that an editor for HTML writes; "<3" and "a < b" are none.
_TAG = re.compile(r"</(?:p|div|span|strong|em|b|i|u|a|ul|ol|li|h[1-6]|table|td)>|<(?:br|hr)\s?/?>", re.IGNORECASE)


class _PageText(HTMLParser):
    """Gathers the text of a page; lines are separated as its blocks are."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in _UNSEEN
        self._separate(tag)
        if tag == "img":
            self.handle_data(dict(attrs).get("alt") or "")
            self._separate(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in _UNSEEN and self._unseen > 0
        self._separate(tag)

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(" ".join(data.replace(_SOFT_HYPHEN, "").split("\n")))

    def _separate(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.parts.append("\n")


def page_text(html: str) -> str:
    """Return the text of ``html`` as a page shows it, with the texts of its pictures; a line for each block."""
    page = _PageText()
    page.feed(html[:MAX_HTML])
    page.close()
    lines = (" ".join(line.split()) for line in "".join(page.parts).split("\n"))
    return "\n".join(filter(None, lines))


def looks_like_html(text: str) -> bool:
    """Return True if ``text`` has tags as an editor for HTML writes them."""
    return bool(_TAG.search(text[:MAX_HTML]))
