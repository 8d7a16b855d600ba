"""Checkpoints with random weights in the shapes of well-known models: as fast as the real ones, and as ignorant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_SEED = 0


def make_clip_b32(folder: Path) -> Path:
    """Write the shape of openai/clip-vit-base-patch32: 224 × 224 pixels in 49 patches, 77 tokens, 512 numbers."""
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor

    tokenizer = _clip_tokenizer()
    text = {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1}
    CLIPProcessor(CLIPImageProcessor(), tokenizer).save_pretrained(folder)  # type: ignore[no-untyped-call]
    return _save(CLIPModel, CLIPConfig(text_config=text), folder)


def make_siglip_b16(folder: Path) -> Path:
    """Write the shape of google/siglip-base-patch16-224: 196 patches, 64 tokens, 768 numbers."""
    from transformers import SiglipConfig, SiglipImageProcessor, SiglipModel

    text = {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1}
    config = SiglipConfig(text_config=text, vision_config={"image_size": 224, "patch_size": 16})
    SiglipImageProcessor(size={"height": 224, "width": 224}).save_pretrained(folder)
    _clip_tokenizer().save_pretrained(folder)
    return _save(SiglipModel, config, folder)


#: By what reports call them.
SHAPES = {"ViT-B/32": make_clip_b32, "ViT-B/16-SigLIP": make_siglip_b16}


def _clip_tokenizer() -> Any:
    """Return a tokenizer of bytes: no merges, so that texts have more tokens than with the real one."""
    from tokenizers import pre_tokenizers
    from transformers import CLIPTokenizer

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = ["<|startoftext|>", "<|endoftext|>", *alphabet, *(char + "</w>" for char in alphabet)]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    return CLIPTokenizer(vocab=vocabulary, merges=[])


def _save(model_class: Any, config: Any, folder: Path) -> Path:
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_SEED)
        model_class(config).eval().save_pretrained(folder)
    return folder
