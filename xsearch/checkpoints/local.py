"""Model checkpoints on this machine: located, verified and fingerprinted, without torch and without reading them whole.

The two lookups in the hub's cache (``refs/<revision>``, ``snapshots/<commit>``) are our own: huggingface_hub's import
its HTTP client in every system check. So is the check of safetensors files: the library does not say what is missing.
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from xsearch.conf import settings

DOWNLOAD = "python manage.py xsearch_download"

#: Supported models: the class of transformers by the ``model_type`` of config.json.
ARCHITECTURES = {
    "clip": "CLIPModel",
    "siglip": "SiglipModel",
    "siglip2": "Siglip2Model",
    "chinese_clip": "ChineseCLIPModel",
    "clap": "ClapModel",
    "whisper": "WhisperForConditionalGeneration",
}

_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
_INDEX = "model.safetensors.index.json"
#: Files of weights that are refused.
PICKLES = ("pytorch_model*.bin*", "*.pt", "*.pth", "*.ckpt")
#: Files other than weights that decide what the model computes; the rest (README, logs, chat templates) do not matter.
_DECIDING = (
    *("config.json", "preprocessor_config.json", "processor_config.json", "special_tokens_map.json"),
    *("tokenizer.json", "tokenizer_config.json", "added_tokens.json", "vocab*", "merges.txt", "*.model"),
)

_MAX_HEADER = 100_000_000  # bytes, the limit of the safetensors format
_BLOCKS, _BLOCK = 256, 4096  # number and bytes of the blocks that ``hash_sample`` reads
_LFS_POINTER = b"version https://git-lfs"


class CheckpointError(Exception):
    """A checkpoint cannot be used; ``problem`` says what is wrong and ``cure`` what to do."""

    def __init__(self, problem: str, cure: str) -> None:
        super().__init__(f"{problem} {cure}")
        self.problem = problem
        self.cure = cure


class MissingCheckpointError(CheckpointError):
    """The checkpoint is not on this machine, or only a part of it."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A whole checkpoint in ``folder``; ``revision`` is the hub's commit where it is known."""

    name: str
    folder: Path
    revision: str | None
    config: dict[str, Any]
    weights: tuple[Path, ...]

    @property
    def model_type(self) -> str:
        """The family, as transformers names it: a key of ``ARCHITECTURES``."""
        return str(self.config["model_type"])

    @property
    def is_ctranslate2(self) -> bool:
        """True if the weights are for CTranslate2 (faster-whisper) and not for transformers."""
        return self.weights[0].suffix == ".bin"

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits: a hash of the deciding files, and of a sample of the weights."""
        deciding = sorted({file for pattern in _DECIDING for file in self.folder.glob(pattern)})
        files = [file for file in (*deciding, *self.weights) if file.is_file()]
        return _fingerprint(tuple((file, file.stat().st_size, file.stat().st_mtime_ns) for file in files))

    def require(self, model_types: Iterable[str], user: str) -> None:
        """Raise ``CheckpointError`` unless ``user`` (the backend's name) can run this family."""
        if self.model_type not in model_types:
            problem = f"{user} cannot run {self.name}, which is of the family {self.model_type!r}."
            raise CheckpointError(problem, f"It runs: {', '.join(sorted(model_types))}.")


@dataclass(frozen=True)
class _Place:
    """The folder where a checkpoint should be, and how to repair it."""

    name: str
    revision: str | None
    folder: Path
    commit: str | None = None

    def again(self, otherwise: str, *, force: bool = False) -> str:
        """Return the cure: the download command, or ``otherwise`` for a folder that somebody copied."""
        return _fetch(self.name, self.revision) + (" --force" if force else "") if self.commit else f"{otherwise}."


def locate(model: str | Path, *, revision: str | None = None) -> Checkpoint:
    """Find the checkpoint of a hub name or a folder and verify that it is whole; downloads nothing, reads little.

    ``revision`` is a commit, tag or branch of the hub (None: "main"); a folder is taken as it is.
    Raises ``CheckpointError``.
    """
    name = str(model)
    folder = Path(name).expanduser()
    place = _Place(name, revision, folder) if name and folder.is_dir() else _find(name, revision)
    config, weights = _read_config(place), _find_weights(place)
    if weights[0].suffix == ".bin" and "lang_ids" in config:  # of CTranslate2's formats only Whisper is supported
        config["model_type"] = "whisper"
    _require_supported(name, config)
    for file in weights:
        if file.suffix == ".safetensors" and (damage := _damage(file)):
            raise CheckpointError(f"{file} is {damage}.", place.again("Copy it again", force=True))
    return Checkpoint(name, place.folder, place.commit, config, weights)


def cache_folder() -> Path:
    """Return the folder of downloads, in the layout of the hub's cache: ``MODELS_DIR`` or the hub's own."""
    if settings.MODELS_DIR:
        return Path(settings.MODELS_DIR).expanduser()
    try:
        from huggingface_hub.constants import HF_HUB_CACHE
    except ImportError as error:
        problem = "The hub's cache cannot be found without the package huggingface_hub."
        raise CheckpointError(problem, "Set XSEARCH['MODELS_DIR'], or run: pip install huggingface_hub") from error
    return Path(HF_HUB_CACHE)


def copied_folder(name: str) -> Path | None:
    """Return the folder ``MODELS_DIR``/owner/name where somebody copied the model to, if there is one."""
    folder = Path(settings.MODELS_DIR).expanduser() / name if settings.MODELS_DIR else None
    return folder if folder is not None and folder.is_dir() else None


def is_hub_name(model: str) -> bool:
    """Return True if ``model`` can be a name of the hub ("owner/name") and is not a folder here."""
    return _HUB_NAME.fullmatch(model) is not None and not Path(model).is_dir()


def _find(name: str, revision: str | None) -> _Place:
    """Return the folder of a hub's checkpoint: copied by hand into ``MODELS_DIR``, or downloaded."""
    if not _HUB_NAME.fullmatch(name):
        cure = "OPTIONS['model'] is a folder with config.json, or a hub name such as 'openai/clip-vit-base-patch32'."
        raise MissingCheckpointError(f"There is no folder {name!r}.", cure)
    root = cache_folder()
    if copied := copied_folder(name):
        return _Place(name, revision, copied)
    cached = root / f"models--{name.replace('/', '--')}"
    if not (cached / "snapshots").is_dir():
        problem = f"The model {name!r} is neither a folder here nor downloaded to {root}."
        raise MissingCheckpointError(problem, _fetch(name, revision))
    return _find_snapshot(name, revision, cached)


def _find_snapshot(name: str, revision: str | None, cached: Path) -> _Place:
    asked = revision or "main"
    references, snapshots = cached / "refs", cached / "snapshots"
    reference = references / asked
    commit = reference.read_text(encoding="utf-8").strip() if reference.is_file() else asked
    if (snapshots / commit).is_dir():
        return _Place(name, revision, snapshots / commit, commit)
    known = sorted(str(file.relative_to(references)) for file in references.rglob("*") if file.is_file())
    known += sorted(folder.name for folder in snapshots.iterdir())
    problem = f"The revision {asked!r} of {name!r} is not downloaded; here are: {', '.join(known) or 'none'}."
    raise MissingCheckpointError(problem, _fetch(name, revision))


def _fetch(name: str, revision: str | None) -> str:
    return f"Run: {DOWNLOAD} {name}" + (f" --revision {revision}" if revision else "")


def _read_config(place: _Place) -> dict[str, Any]:
    path = place.folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        problem = f"The folder of {place.name} has no config.json: {place.folder}."
        raise MissingCheckpointError(problem, place.again("Name the folder that has one")) from error
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read as JSON ({error}).", place.again("Copy it again")) from error
    if not isinstance(config, dict):
        raise CheckpointError(f"{path} holds no JSON object.", place.again("Copy it again"))
    return config


def _find_weights(place: _Place) -> tuple[Path, ...]:
    """Return the files of the weights: safetensors, in one file or in shards, or CTranslate2's model.bin."""
    folder = place.folder
    if (folder / "model.safetensors").exists():
        return (folder / "model.safetensors",)
    if (folder / _INDEX).exists():
        return _find_shards(place)
    if _is_ctranslate2(folder / "model.bin"):
        return (folder / "model.bin",)
    pickles = sorted(file.name for pattern in PICKLES for file in folder.glob(pattern))
    if pickles:
        raise CheckpointError(*pickle_only(place.name, pickles[0]))
    problem = f"The checkpoint {place.name} is only half there: {folder} has no model.safetensors."
    raise MissingCheckpointError(problem, place.again("Copy the whole folder"))


def _is_ctranslate2(file: Path) -> bool:
    """Return True for a model of CTranslate2, which starts with a version and the name of a "…Spec"."""
    try:
        with file.open("rb") as stream:
            start = stream.read(64)
    except OSError:
        return False
    length = int.from_bytes(start[4:6], "little")
    return len(start) >= 8 and start[6 : 6 + length].rstrip(b"\0").endswith(b"Spec")


def _find_shards(place: _Place) -> tuple[Path, ...]:
    path = place.folder / _INDEX
    try:
        shards = sorted(set(json.loads(path.read_text(encoding="utf-8"))["weight_map"].values()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        problem = f"{path} is no index of weights ({error.__class__.__name__})."
        raise CheckpointError(problem, place.again("Copy it again")) from error
    missing = [shard for shard in shards if not (place.folder / shard).is_file()]
    if missing or not shards:
        count = f"{len(missing)} of {len(shards)} files of weights are missing ({', '.join(missing[:3])})"
        problem = f"The checkpoint {place.name} is only half there: {count}."
        raise MissingCheckpointError(problem, place.again(f"Copy them to {place.folder}"))
    return tuple(place.folder / shard for shard in shards)


def pickle_only(name: str, pickle: str) -> tuple[str, str]:
    """Return problem and cure of a checkpoint that has a pickle instead of safetensors."""
    target = Path(name).name + "-safetensors"
    convert = f"import transformers as t; t.AutoModel.from_pretrained('{name}').save_pretrained('{target}')"
    return (
        f"{name} has its weights as {pickle}, a Python pickle, which can run any code; only safetensors are loaded.",
        "Set OPTIONS['revision'] to one with model.safetensors (often 'refs/pr/…', see the model's page), or convert "
        f'it once, if you trust it: python -c "{convert}" and copy the other .json and .txt files to {target}.',
    )


def _require_supported(name: str, config: dict[str, Any]) -> None:
    model_type, classes = config.get("model_type"), config.get("architectures") or []
    native = ARCHITECTURES.get(str(model_type))
    if native is not None and (not classes or native in classes):
        return
    known = ", ".join(f"{family} ({native})" for family, native in ARCHITECTURES.items())
    if "auto_map" in config:
        problem = f"{name} brings Python code of its own (auto_map in config.json), which is never run."
        raise CheckpointError(problem, f"Use one of the families that need none: {known}.")
    stated = f"model_type {model_type!r}" + (f" ({', '.join(map(str, classes))})" if classes else "")
    raise CheckpointError(f"{name} has an architecture that is not supported: {stated}.", f"Supported are: {known}.")


def _damage(file: Path) -> str | None:
    """Return what is wrong with a safetensors file, as the end of "the file is …"; reads only its header."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        start = stream.read(24)
        if start.startswith(_LFS_POINTER):
            return "only the pointer of a git clone without LFS; run: git lfs pull"
        length = struct.unpack("<Q", start[:8])[0] if len(start) >= 8 else 0
        if not 2 <= length <= min(_MAX_HEADER, size - 8):
            return f"no whole safetensors file: its header does not fit into its {size} bytes"
        stream.seek(8)
        header = stream.read(length)
    try:
        tensors = [tensor for name, tensor in json.loads(header).items() if name != "__metadata__"]
        expected = 8 + length + max((int(tensor["data_offsets"][1]) for tensor in tensors), default=0)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return "no safetensors file: its header is damaged"
    if expected == size:
        return None
    return f"{'truncated' if size < expected else 'damaged'}: it has {size} bytes where its header asks for {expected}"


@lru_cache(maxsize=64)
def _fingerprint(files: tuple[tuple[Path, int, int], ...]) -> str:
    """Hash files; their size and time of change are arguments so that a replaced file is hashed again."""
    digest = hashlib.sha256()
    for file, size, _ in files:
        digest.update(f"{file.name}:{size};".encode())
        if file.suffix in (".safetensors", ".bin"):
            hash_sample(file, digest)
        else:
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def hash_sample(file: Path, digest: hashlib._Hash) -> None:
    """Update ``digest`` with the header and evenly spaced blocks of the tensors: about 1 MB of a file of any size."""
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
