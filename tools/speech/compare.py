"""Speed of Whisper in torch and in CTranslate2: ``python -m tools.speech.compare [--size small] [--threads 2]``.

Makes a checkpoint of the real size with random weights, converts it to int8, and times both in turn on a
query of three seconds, so that other load on the machine affects both. Random weights never end a sentence: every
run writes ``--tokens`` tokens. ``--model FOLDER`` takes a real checkpoint instead.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings as django_settings
from numpy.typing import NDArray

#: Layers, width and heads of OpenAI's multilingual models.
SIZES = {"tiny": (4, 384, 6), "base": (6, 512, 8), "small": (12, 768, 12)}
_TEXT_TOKENS = 50_257


def compare(
    folder: Path,
    *,
    threads: int = 2,
    seconds: float = 3.0,
    beams: int = 5,
    prompt: int = 60,
    tokens: int = 12,
    runs: int = 5,
) -> dict[str, Any]:
    """Return the median milliseconds of one query, by turns, in torch (float32) and CTranslate2 (int8)."""
    from xsearch.checkpoints.local import locate
    from xsearch.speech.faster_whisper import CTranslate2Engine
    from xsearch.speech.whisper import TorchEngine
    from xsearch.speech.whisper_base import WhisperEngine

    engines: dict[str, WhisperEngine] = {}
    with tempfile.TemporaryDirectory() as converted:
        convert(folder, Path(converted))
        engines["torch_float32"] = TorchEngine(locate(folder), "cpu", None, threads)
        engines["ctranslate2_int8"] = CTranslate2Engine(locate(converted), "cpu", None, threads)
    samples = np.random.default_rng(0).normal(0, 0.1, round(seconds * 16_000)).astype(np.float32)
    times: dict[str, list[dict[str, float]]] = {name: [] for name in engines}
    for run in range(runs + 1):  # the first one is for warming up
        for name, engine in engines.items():
            taken = _time(engine, samples, beams, prompt, tokens)
            times[name] += [taken] if run else []
    figures: dict[str, Any] = {
        name: {part: round(statistics.median(taken[part] for taken in found), 1) for part in found[0]}
        for name, found in times.items()
    }
    ratio = figures["torch_float32"]["query_ms"] / figures["ctranslate2_int8"]["query_ms"]
    return figures | {"ctranslate2_is_faster_by": round(ratio, 2)}


def _time(engine: Any, samples: NDArray[np.float32], beams: int, prompt: int, tokens: int) -> dict[str, float]:
    prefix = engine.tokens.prefix("en", [11] * prompt)
    sound, encode_ms = _timed(lambda: engine.encode(samples))
    _, decode_ms = _timed(lambda: engine.decode(sound, prefix, beams=beams, max_tokens=tokens))
    return {"query_ms": encode_ms + decode_ms, "encode_ms": encode_ms, "decode_ms": decode_ms}


def _timed(action: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    result = action()
    return result, (time.perf_counter() - started) * 1000


def convert(folder: Path, target: Path) -> None:
    """Convert a checkpoint of the hub to CTranslate2 with int8 weights."""
    from ctranslate2.converters import TransformersConverter  # type: ignore[import-untyped]

    converter = TransformersConverter(str(folder), copy_files=["tokenizer.json", "preprocessor_config.json"])
    converter.convert(str(target), quantization="int8", force=True)


def make_random_checkpoint(folder: Path, size: str) -> None:
    """Save a model of the real size with random weights and a vocabulary of meaningless words."""
    import torch
    from tokenizers import AddedToken, Tokenizer, models
    from transformers import GenerationConfig, WhisperConfig, WhisperFeatureExtractor, WhisperForConditionalGeneration
    from transformers.models.whisper.tokenization_whisper import LANGUAGES

    words = {f"word{number}": number for number in range(_TEXT_TOKENS - 1)} | {"": _TEXT_TOKENS - 1}
    tokenizer = Tokenizer(models.BPE(vocab=words, merges=[]))
    tasks = ("translate", "transcribe", "startoflm", "startofprev", "nocaptions", "notimestamps")
    names = ["endoftext", "startoftranscript", *list(LANGUAGES)[:99], *tasks]
    names += [f"{number * 0.02:.2f}" for number in range(1501)]
    tokenizer.add_special_tokens([AddedToken(f"<|{name}|>", special=True) for name in names])
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "WhisperTokenizer"}))
    layers, width, heads = SIZES[size]
    both = {"layers": layers, "attention_heads": heads, "ffn_dim": 4 * width}
    shape = {f"{half}_{name}": value for half in ("encoder", "decoder") for name, value in both.items()}
    torch.manual_seed(0)
    told: dict[str, Any] = {"d_model": width, "vocab_size": tokenizer.get_vocab_size(), **shape}
    model: Any = WhisperForConditionalGeneration(WhisperConfig(**told))
    languages = {f"<|{code}|>": tokenizer.token_to_id(f"<|{code}|>") for code in list(LANGUAGES)[:99]}
    model.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]
        is_multilingual=True, suppress_tokens=[], lang_to_id=languages
    )
    model.save_pretrained(folder)
    WhisperFeatureExtractor().save_pretrained(folder)  # type: ignore[no-untyped-call]


def main(arguments: list[str] | None = None) -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(prog="python -m tools.speech.compare", description="torch against CTranslate2.")
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--model", type=Path, help="a folder with a Whisper checkpoint of the hub")
    parser.add_argument("--seconds", type=float, default=3.0, help="of the query")
    for name, default in (("threads", 2), ("beams", 5), ("prompt", 60), ("tokens", 12), ("runs", 5)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = vars(parser.parse_args(arguments))
    size, model = options.pop("size"), options.pop("model")
    with tempfile.TemporaryDirectory() as made:
        if model is None:
            make_random_checkpoint(Path(made), size)
        figures = compare(model or Path(made), **options)
    sys.stdout.write(json.dumps({"model": str(model or f"random {size}"), **options, **figures}) + "\n")


if __name__ == "__main__":
    if not django_settings.configured:
        django_settings.configure()
    main()
