"""Files of weights, safetensors and CTranslate2: looked at without reading them whole, or read without torch."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any, Protocol

_MAX_HEADER = 100_000_000  # bytes, the format's own limit
_BLOCKS, _BLOCK = 256, 4096  # how many blocks of how many bytes ``hash_sample`` reads
_LFS_POINTER = b"version https://git-lfs"


class CorruptWeights(Exception):  # noqa: N818 - says what the file is
    """A file of weights is damaged; the message completes "the file is …"."""


class _Digest(Protocol):
    def update(self, content: bytes, /) -> None: ...


def check_weights(file: Path) -> None:
    """Raise ``CorruptWeights`` unless a .safetensors file is as long as its header says; others pass."""
    if file.suffix != ".safetensors":
        return
    size = file.stat().st_size
    with file.open("rb") as stream:
        start = stream.read(24)
        if start.startswith(_LFS_POINTER):
            raise CorruptWeights("only the pointer of a git clone without LFS; run: git lfs pull")
        length = struct.unpack("<Q", start[:8])[0] if len(start) >= 8 else 0
        if not 2 <= length <= min(_MAX_HEADER, size - 8):
            raise CorruptWeights(f"no whole safetensors file: its header does not fit into its {size} bytes")
        stream.seek(8)
        expected = 8 + length + _length_of_tensors(stream.read(length))
    if expected != size:
        state = "truncated" if size < expected else "damaged"
        raise CorruptWeights(f"{state}: it has {size} bytes where its header asks for {expected}")


def _length_of_tensors(header: bytes) -> int:
    try:
        tensors: dict[str, Any] = json.loads(header)
        return max(
            (int(tensor["data_offsets"][1]) for name, tensor in tensors.items() if name != "__metadata__"), default=0
        )
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise CorruptWeights("no safetensors file: its header is damaged") from error


def is_ctranslate2(file: Path) -> bool:
    """Whether ``file`` is a model of CTranslate2, which begins with a version and the name of a "…Spec"."""
    try:
        with file.open("rb") as stream:
            start = stream.read(64)
    except OSError:
        return False
    if len(start) < 8:
        return False
    length = struct.unpack("<H", start[4:6])[0]
    return start[6 : 6 + length].rstrip(b"\0").endswith(b"Spec")


def hash_sample(file: Path, digest: _Digest) -> None:
    """Feed ``digest`` with the header and evenly spaced blocks of the tensors, about 1 MB whatever the size."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        if size <= _BLOCKS * _BLOCK:
            digest.update(stream.read())
            return
        if file.suffix == ".safetensors":
            length = struct.unpack("<Q", stream.read(8))[0]
            digest.update(stream.read(min(length, _MAX_HEADER)))
        for number in range(_BLOCKS):
            stream.seek(number * (size - _BLOCK) // (_BLOCKS - 1))
            digest.update(stream.read(_BLOCK))
