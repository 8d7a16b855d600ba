"""Errors that any package may raise."""

from __future__ import annotations


class BadQuery(ValueError):  # noqa: N818 - the query is bad, not the program
    """A search that cannot be answered as asked; ``detail`` says what is allowed and what to do."""

    code = "bad_query"

    def __init__(self, detail: str, *, code: str = "bad_query") -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
