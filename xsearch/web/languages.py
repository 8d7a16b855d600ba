"""The language that an answer is written in."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from django.utils import translation


def speaking(code: str | None) -> AbstractContextManager[None]:
    """Make the site's language that is nearest to ``code`` ("zh" for "zh-hans") the active one, if it has any."""
    try:
        found = translation.get_supported_language_variant(code) if code else None
    except LookupError:
        found = None
    return translation.override(found) if found else nullcontext()
