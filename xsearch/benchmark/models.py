"""Models compared on this machine: in torch, and exported to ONNX in full precision and with eight-bit weights.

The checkpoints have random weights in the shapes of well-known models: the speed is that of the real ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from xsearch.benchmark.figures import Bar, Figures, at_least, elapsed_ms
from xsearch.benchmark.scratch import EncoderSpec, made_up_photos
from xsearch.checkpoints.local import locate
from xsearch.encoders import Encoder, encoder_from_spec
from xsearch.media import load_image

BATCHES = (1, 8)
THREADS = 2
_ROUNDS = 12
#: By batch size, how many times faster than torch eight-bit weights must be.
BARS = {1: 3.0, 8: 2.5}
_LEAST_COSINE = 0.98
_SEED = 0
_TOKENS = {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1}


def measure_models(
    shapes: Mapping[str, Callable[[Path], Path]], folder: Path, progress: Callable[[str], None]
) -> tuple[Figures, dict[str, EncoderSpec]]:
    """Return figures by shape, and the specs of the encoders in eight bits and in torch; files go to ``folder``."""
    figures: Figures = {}
    exported: dict[str, EncoderSpec] = {}
    for name, make in shapes.items():
        progress(f"{name}: making and exporting it")
        specs = _specs(make(folder / name.replace("/", "-").lower()), folder)
        progress(f"{name}: measuring")
        figures[name] = _compare({kind: encoder_from_spec(spec) for kind, spec in specs.items()})
        exported |= {f"{name} {kind}": specs[kind] for kind in ("onnx int8", "torch fp32")}
    return figures, exported


def _specs(checkpoint: Path, folder: Path) -> dict[str, EncoderSpec]:
    from xsearch.export import export_checkpoint

    torch = {"model": str(checkpoint), "device": "cpu", "dtype": "float32", "threads": THREADS}
    specs = {"torch fp32": {"BACKEND": "xsearch.encoders.transformers.TransformersEncoder", "OPTIONS": torch}}
    for precision in ("fp32", "int8"):
        path = folder / f"{checkpoint.name}-{precision}"
        export_checkpoint(locate(str(checkpoint)), path, precision)
        options = {"path": str(path), "threads": THREADS}
        specs[f"onnx {precision}"] = {"BACKEND": "xsearch.encoders.onnx.OnnxEncoder", "OPTIONS": options}
    return specs


def _compare(encoders: Mapping[str, Encoder]) -> Figures:
    images = [load_image(photo) for photo in made_up_photos(max(BATCHES))]
    vectors = {kind: encoder.encode_batch("image", images) for kind, encoder in encoders.items()}
    times = {batch: _in_turns(encoders, images[:batch]) for batch in BATCHES}
    reference = "torch fp32"
    return {
        kind: {
            "cosine_to_torch": round(float((vectors[kind] * vectors[reference]).sum(axis=1).min()), 5),
            **{f"photo_ms_in_{batch}": round(times[batch][kind] / batch, 2) for batch in BATCHES},
            **{f"times_torch_in_{batch}": round(times[batch][reference] / times[batch][kind], 2) for batch in BATCHES},
        }
        for kind in encoders
    }


def _in_turns(encoders: Mapping[str, Encoder], images: Sequence[Any]) -> dict[str, float]:
    """Return the median milliseconds of each encoder, measured in turn in many rounds: machines are noisy."""
    rounds: dict[str, list[float]] = {kind: [] for kind in encoders}
    for _ in range(_ROUNDS):
        for kind, encoder in encoders.items():
            rounds[kind].append(elapsed_ms(lambda encoder=encoder: encoder.encode_batch("image", images)))  # type: ignore[misc]
    return {kind: float(np.median(times)) for kind, times in rounds.items()}


def bars(figures: Figures) -> Iterator[Bar]:
    """Yield the bars for ViT-B/32 with eight-bit weights."""
    measured = figures["ViT-B/32"]["onnx int8"]
    for batch, bar in BARS.items():
        yield at_least(f"ViT-B/32 in int8, photos in {batch}: times torch", measured[f"times_torch_in_{batch}"], bar)
    yield at_least("ViT-B/32 in int8: cosine to torch", measured["cosine_to_torch"], _LEAST_COSINE)


def make_clip_b32(folder: Path) -> Path:
    """Write the shape of openai/clip-vit-base-patch32: 224 × 224 pixels in 49 patches, 77 tokens, 512 numbers."""
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor

    CLIPProcessor(CLIPImageProcessor(), _clip_tokenizer()).save_pretrained(folder)  # type: ignore[no-untyped-call]
    return _save(CLIPModel, CLIPConfig(text_config=_TOKENS), folder)


def make_siglip_b16(folder: Path) -> Path:
    """Write the shape of google/siglip-base-patch16-224: 196 patches, 64 tokens, 768 numbers."""
    from transformers import SiglipConfig, SiglipImageProcessor, SiglipModel

    config = SiglipConfig(text_config=_TOKENS, vision_config={"image_size": 224, "patch_size": 16})
    SiglipImageProcessor(size={"height": 224, "width": 224}).save_pretrained(folder)
    _clip_tokenizer().save_pretrained(folder)
    return _save(SiglipModel, config, folder)


#: By the name in the report.
SHAPES = {"ViT-B/32": make_clip_b32, "ViT-B/16-SigLIP": make_siglip_b16}


def _clip_tokenizer() -> Any:
    """Return a tokenizer of bytes: no merges, so that texts have more tokens than with the real one."""
    from tokenizers import pre_tokenizers
    from transformers import CLIPTokenizer

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = ["<|startoftext|>", "<|endoftext|>", *alphabet, *(char + "</w>" for char in alphabet)]
    return CLIPTokenizer(vocab={token: number for number, token in enumerate(tokens)}, merges=[])


def _save(model_class: Any, config: Any, folder: Path) -> Path:
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_SEED)
        model_class(config).eval().save_pretrained(folder)
    return folder
