"""The folder of an export: complete or absent, with the tokenizer, filters and parameters of its front ends."""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xsearch.checkpoints.local import Checkpoint
from xsearch.encoders.onnx.front_ends import FixedPixels, PatchedPixels, PixelNormalisation, SoundFacts, TokenFacts
from xsearch.encoders.onnx.manifest import FILTERS, NAME, TOKENIZER
from xsearch.encoders.transformers.families import FAMILIES

if TYPE_CHECKING:
    from xsearch.encoders.transformers.preparing import Preparer


class ExportError(Exception):
    """A checkpoint cannot be exported; the message says why, and what to do."""


@contextmanager
def staged(dest: Path, *, replace: bool) -> Iterator[Path]:
    """Yield a temporary folder that is renamed to ``dest`` at the end, or removed on an error.

    Raises ``ExportError`` if ``dest`` exists, unless it is empty, or an export and ``replace`` is set.
    """
    if dest.exists() and not (dest.is_dir() and not any(dest.iterdir())):
        if not (dest / NAME).is_file():
            raise ExportError(f"{dest} is there and is no exported model. Choose a new folder.")
        if not replace:
            raise ExportError(f"{dest} has an exported model already. Choose a new folder, or replace it: --force")
    dest.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{dest.name}-", dir=dest.parent))
    try:
        new, old = work / "new", work / "old"
        new.mkdir()
        yield new
        if dest.exists():
            dest.rename(old)
        new.rename(dest)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def write_facts(checkpoint: Checkpoint, folder: Path) -> dict[str, dict[str, Any]]:
    """Write tokenizer and filters to ``folder``, and return the facts of each modality's front end. Needs torch."""
    from xsearch.encoders.transformers.preparing import Preparer

    preparer = Preparer(checkpoint)  # the checkpoint's own processors
    writers = {"image": _image_facts, "text": _text_facts, "audio": _audio_facts}
    modalities = sorted(FAMILIES[checkpoint.model_type].modalities)
    return {modality: writers[modality](checkpoint, preparer, folder) for modality in modalities}


def _image_facts(checkpoint: Checkpoint, preparer: Preparer, _folder: Path) -> dict[str, Any]:
    processor = preparer.image_processor
    mean, std = ((0.0,) * 3, (1.0,) * 3)
    if processor.do_normalize:
        mean, std = tuple(processor.image_mean), tuple(processor.image_std)
    levels = PixelNormalisation(float(processor.rescale_factor) if processor.do_rescale else 1.0, mean, std)
    resample = int(processor.resample)
    if hasattr(processor, "max_num_patches"):
        grid = math.isqrt(checkpoint.config["vision_config"].get("num_patches", 256))
        patched = PatchedPixels(levels, resample, processor.patch_size, processor.max_num_patches, grid)
        return {"kind": "patches", **asdict(patched)}
    size = dict(processor.size or {}) if processor.do_resize else {}
    crop = dict(processor.crop_size or {}) if getattr(processor, "do_center_crop", False) else {}
    fixed = FixedPixels(levels, resample, _given(size, "shortest_edge"), _height_width(size), _height_width(crop))
    if _given(size, "longest_edge") or (fixed.size is None and fixed.crop is None):
        raise ExportError(f"Pictures of {checkpoint.name} are brought to {size}, crop {crop}: no fixed size.")
    return {"kind": "pixels", **asdict(fixed)}


def _given(size: dict[str, Any], name: str) -> int | None:
    value = size.get(name)
    return None if value is None else int(value)


def _height_width(size: dict[str, Any]) -> tuple[int, int] | None:
    return (int(size["height"]), int(size["width"])) if size.get("height") and size.get("width") else None


def _text_facts(checkpoint: Checkpoint, preparer: Preparer, folder: Path) -> dict[str, Any]:
    family, tokenizer = FAMILIES[checkpoint.model_type], preparer.tokenizer
    rust = tokenizer.backend_tokenizer
    rust.no_padding()
    rust.no_truncation()
    (folder / TOKENIZER).write_text(rust.to_str(), encoding="utf-8")
    facts = TokenFacts(
        limit=family.token_limit(checkpoint.config),
        pad_id=tokenizer.pad_token_id,
        pads_to_limit=family.pads_to_limit,
        pads_left=tokenizer.padding_side == "left",
        has_mask="attention_mask" in tokenizer.model_input_names,
        is_lowercase=family.is_lowercase,
    )
    return {"kind": "tokens", **asdict(facts)}


def _audio_facts(_checkpoint: Checkpoint, preparer: Preparer, folder: Path) -> dict[str, Any]:
    extractor = preparer.feature_extractor
    filters = extractor.mel_filters if extractor.truncation == "fusion" else extractor.mel_filters_slaney
    np.save(folder / FILTERS, filters)
    facts = SoundFacts(
        rate_hz=extractor.sampling_rate,
        samples=extractor.nb_max_samples,
        window=extractor.fft_window_size,
        hop=extractor.hop_length,
        filling=extractor.padding,
    )
    return {"kind": "log_mel", **asdict(facts)}
