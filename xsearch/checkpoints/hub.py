"""Checkpoints downloaded ahead of time from the Hugging Face hub or a mirror of it, never while a query waits.

huggingface_hub reads ``HF_ENDPOINT``, ``HF_TOKEN`` and the usual proxy variables from the environment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from xsearch.checkpoints.local import (
    DOWNLOAD,
    PICKLES,
    Checkpoint,
    CheckpointError,
    cache_folder,
    copied_folder,
    is_hub_name,
    locate,
    pickle_only,
)
from xsearch.conf import settings

_WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "model.bin")
#: Small files that a tokenizer or processor may read.
_SMALL = (".json", ".txt", ".model", ".jinja")
_UNUSED = ("flax_model", "tf_model", "rust_model", "trainer_state", "training_args")


class UnreachableError(CheckpointError):
    """The hub does not answer."""


@dataclass(frozen=True)
class CheckpointReference:
    """A checkpoint by name and revision; ``used_by`` is the alias of the encoder or the number of the recogniser."""

    model: str
    revision: str | None = None
    used_by: str = ""


def configured() -> list[CheckpointReference]:
    """Return the checkpoints that encoders and recognisers name as ``OPTIONS["model"]``."""
    recognisers = ((f"recogniser {number}", spec) for number, spec in enumerate(settings.TRANSCRIBERS, 1))
    found: list[CheckpointReference] = []
    for place, spec in (*settings.ENCODERS.items(), *recognisers):
        options = spec.get("OPTIONS") or {}
        if options.get("model"):
            found.append(CheckpointReference(str(options["model"]), options.get("revision"), place))
    return found


def choose(names: Iterable[str], revision: str | None = None) -> list[CheckpointReference]:
    """Return the checkpoints of ``names`` (encoder aliases, or models), each once; without names, all configured."""
    known = configured()
    chosen: list[CheckpointReference] = []
    for name in names:
        named = [reference for reference in known if name in (reference.used_by, reference.model)]
        chosen += named or [CheckpointReference(name)]
    pinned = [replace(reference, revision=revision or reference.revision) for reference in chosen or known]
    # Reversed, so that the first of each stays.
    unique = {(reference.model, reference.revision): reference for reference in reversed(pinned)}
    return list(reversed(unique.values()))


def fetch(reference: CheckpointReference, *, folder: Path | None = None, force: bool = False) -> Checkpoint:
    """Download the missing files of a checkpoint, then verify it.

    The files go into the cache of downloads, or as plain files to ``folder``/owner/name. Local folders and those
    copied into ``MODELS_DIR`` are only verified. ``force`` downloads all files again. Raises ``CheckpointError``.
    """
    if not is_hub_name(reference.model) or (folder is None and copied_folder(reference.model)):
        return locate(reference.model, revision=reference.revision)
    try:
        with _clear_errors(reference):
            target = _download(reference, folder / reference.model if folder else None, force=force)
    except UnreachableError:
        if not (folder or force):
            with suppress(CheckpointError):  # a server without network may have all of it
                return locate(reference.model, revision=reference.revision)
        raise
    return locate(target or reference.model, revision=reference.revision)


def _download(reference: CheckpointReference, folder: Path | None, *, force: bool) -> Path | None:
    from huggingface_hub import HfApi, snapshot_download

    revision = reference.revision or "main"
    files = [sibling.rfilename for sibling in HfApi().model_info(reference.model, revision=revision).siblings or []]
    needed = _choose_files(reference.model, files)
    place: dict[str, Any] = {"local_dir": folder} if folder else {"cache_dir": cache_folder()}
    snapshot_download(reference.model, revision=revision, allow_patterns=needed, force_download=force, **place)
    return folder


def _choose_files(name: str, files: list[str]) -> list[str]:
    """Return the weights in one format and the small files of the checkpoint; no pickles, no folders."""
    top = [file for file in files if "/" not in file]
    pickles = sorted(file for file in top if any(Path(file).match(pattern) for pattern in PICKLES))
    weights = next((file for file in _WEIGHTS if file in top), None)
    if weights is None and pickles:
        raise CheckpointError(*pickle_only(name, pickles[0]))
    if weights is None:
        problem = f"{name} has no weights that can be loaded; it has: {', '.join(top[:12]) or 'no files'}."
        raise CheckpointError(problem, "Choose a checkpoint or a revision with model.safetensors.")
    small = [file for file in top if file.endswith(_SMALL) and not file.startswith(_UNUSED)]
    shards = [file for file in top if file.startswith("model-") and file.endswith(".safetensors")]
    return [weights, *small, *(shards if weights.endswith("index.json") else [])]


@contextmanager
def _clear_errors(reference: CheckpointReference) -> Iterator[None]:
    """Turn errors of the hub and the network into ``CheckpointError``."""
    try:
        from huggingface_hub import constants, errors
    except ImportError as error:
        problem = "Fetching checkpoints needs the package huggingface_hub."
        raise CheckpointError(problem, "Install: pip install huggingface_hub") from error
    endpoint = constants.ENDPOINT
    page = f"{endpoint}/{reference.model}"
    try:
        yield
    except errors.RevisionNotFoundError as error:
        problem = f"The model {reference.model!r} has no revision {reference.revision or 'main'!r}."
        raise CheckpointError(problem, f"Its revisions are listed at {page}/commits/main") from error
    except errors.GatedRepoError as error:
        cure = f"Accept its terms at {page}, then set HF_TOKEN to a token of yours."
        raise CheckpointError(f"The model {reference.model!r} is gated.", cure) from error
    except errors.RepositoryNotFoundError as error:
        problem = f"There is no model {reference.model!r} at {endpoint}, or it is private."
        raise CheckpointError(problem, "Correct the name; for a private one, set HF_TOKEN.") from error
    except errors.OfflineModeIsEnabled as error:
        cure = f"Unset HF_HUB_OFFLINE, or copy the model's folder to {cache_folder() / reference.model}."
        raise CheckpointError("HF_HUB_OFFLINE forbids to fetch anything.", cure) from error
    except OSError as error:
        cure = f"Run {DOWNLOAD} again; it goes on where it stopped."
        raise CheckpointError(f"{reference.model} could not be fetched: {error}", cure) from error
    except Exception as error:
        if not type(error).__module__.startswith("httpx"):  # the HTTP client of huggingface_hub
            raise
        problem = f"{endpoint} cannot be reached to fetch {reference.model!r} ({error.__class__.__name__}: {error})."
        cure = (
            f"Set HF_ENDPOINT to a mirror or HTTPS_PROXY to a proxy and run {DOWNLOAD} again, which goes on where it "
            f"stopped; or copy the model's folder to {cache_folder() / reference.model} with XSEARCH['MODELS_DIR'] set."
        )
        raise UnreachableError(problem, cure) from error
