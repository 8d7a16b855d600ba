"""What an export raises."""


class ExportError(Exception):
    """A checkpoint cannot be exported; the message says why, and what to do."""
