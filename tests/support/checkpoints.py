"""Tiny checkpoints with random weights in the real format of every family: config, safetensors, tokenizer, processor.

Each function fills ``folder`` and returns it. Tokenizers are real and know English and Chinese characters.
"""

from __future__ import annotations

import json
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

WORDS = [
    "a red dress for the summer", "black leather shoes", "white cotton shirt", "a photo of a blue bag",
    "the sound of a bell", "a guitar that plays", "wooden chair", "running shoes for men",
    "红色的连衣裙", "黑色皮鞋", "白色衬衫", "蓝色的包", "木椅子", "吉他的声音", "跑步鞋", "夏天的裙子",
]  # fmt: skip
LAYERS = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
PICTURE = {"image_size": 32, "patch_size": 8}
DIMENSION = 24  # of the families with a projection; SigLIP's vectors are as wide as its layers


def make_clip(folder: Path, seed: int = 0) -> Path:
    """CLIP, with the end-of-text number of OpenAI's files (2, which means: the highest)."""
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor

    tokenizer = _clip_tokenizer()
    text = {**LAYERS, "vocab_size": len(tokenizer), "max_position_embeddings": 20, "bos_token_id": 0, "eos_token_id": 2}
    config = CLIPConfig(text_config=text, vision_config={**LAYERS, **PICTURE}, projection_dim=DIMENSION)
    pictures = CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    CLIPProcessor(pictures, tokenizer).save_pretrained(folder)
    return _save(CLIPModel, config, folder, seed)


def make_siglip(folder: Path, seed: int = 0) -> Path:
    """SigLIP 2 of fixed resolution: the model of SigLIP with the tokenizer of Gemma, which keeps capitals."""
    from transformers import SiglipConfig, SiglipImageProcessor, SiglipModel

    size = _write_gemma_tokenizer(folder, "GemmaTokenizer")
    config = SiglipConfig(text_config=_siglip_text(size), vision_config={**LAYERS, **PICTURE})
    SiglipImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
    return _save(SiglipModel, config, folder, seed)


def make_siglip1(folder: Path, seed: int = 0) -> Path:
    """The first SigLIP, with its sentencepiece tokenizer as tokenizer.json."""
    from transformers import SiglipConfig, SiglipImageProcessor, SiglipModel

    size = _write_sentencepiece_tokenizer(folder)
    config = SiglipConfig(text_config=_siglip_text(size), vision_config={**LAYERS, **PICTURE})
    SiglipImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
    return _save(SiglipModel, config, folder, seed)


def make_siglip2(folder: Path, seed: int = 0) -> Path:
    """SigLIP 2 NaFlex: pictures of any shape as a list of patches."""
    from transformers import Siglip2Config, Siglip2ImageProcessor, Siglip2Model

    size = _write_gemma_tokenizer(folder, "Siglip2Tokenizer")
    vision = {**LAYERS, "patch_size": 8, "num_patches": 16}
    config = Siglip2Config(text_config=_siglip_text(size), vision_config=vision)
    Siglip2ImageProcessor(patch_size=8, max_num_patches=20).save_pretrained(folder)
    return _save(Siglip2Model, config, folder, seed)


def make_chinese_clip(folder: Path, seed: int = 0) -> Path:
    """Chinese-CLIP, with BERT's vocab.txt and no other file of a tokenizer, as on the hub."""
    from transformers import ChineseCLIPConfig, ChineseCLIPImageProcessor, ChineseCLIPModel

    size = _write_bert_vocabulary(folder)
    text = {**LAYERS, "vocab_size": size, "max_position_embeddings": 64, "pad_token_id": 0}
    config = ChineseCLIPConfig(text_config=text, vision_config={**LAYERS, **PICTURE}, projection_dim=DIMENSION)
    ChineseCLIPImageProcessor(size={"height": 32, "width": 32}, do_center_crop=False).save_pretrained(folder)
    return _save(ChineseCLIPModel, config, folder, seed)


def make_clap(folder: Path, seed: int = 0, *, fused: bool = False) -> Path:
    """CLAP at 48 kHz with a window of two seconds; ``fused``: with the feature fusion for longer sounds."""
    from transformers import ClapConfig, ClapFeatureExtractor, ClapModel

    tokenizer = _roberta_tokenizer()
    text = {**LAYERS, "vocab_size": len(tokenizer), "max_position_embeddings": 40, "projection_dim": DIMENSION}
    audio = {
        "hidden_size": 32, "patch_embeds_hidden_size": 16, "spec_size": 64, "num_mel_bins": 16, "window_size": 4,
        "patch_size": 2, "patch_stride": [2, 2], "depths": [1, 1], "num_attention_heads": [2, 2],
        "num_hidden_layers": 2, "projection_dim": DIMENSION, "aff_block_r": 4,
        "enable_fusion": fused, "enable_patch_fusion": fused, "fusion_type": "aff_2d" if fused else None,
    }  # fmt: skip
    config = ClapConfig(text_config=text, audio_config=audio, projection_dim=DIMENSION)
    sounds = ClapFeatureExtractor(feature_size=16, max_length_s=2, truncation="fusion" if fused else "rand_trunc")
    sounds.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return _save(ClapModel, config, folder, seed)


#: All of them by a short name, as ``pytest.mark.parametrize`` and the fixtures use it.
MAKERS = {
    "clip": make_clip,
    "siglip": make_siglip,
    "siglip1": make_siglip1,
    "siglip2": make_siglip2,
    "chinese_clip": make_chinese_clip,
    "clap": make_clap,
    "clap_fused": lambda folder, seed=0: make_clap(folder, seed, fused=True),
}


def _save(model_class, config, folder: Path, seed: int) -> Path:
    import torch

    state = torch.get_rng_state()
    torch.manual_seed(seed)
    model = model_class(config).eval()
    torch.set_rng_state(state)
    numbers = torch.Generator().manual_seed(seed)
    with torch.no_grad():  # with the small spread of a fresh model, all vectors would be nearly equal
        for name, weight in model.named_parameters():
            if weight.dim() > 1 and "position" not in name:
                weight.normal_(std=1.0 if "embed" in name else 0.5, generator=numbers)
    model.save_pretrained(folder)
    return folder


def _siglip_text(vocabulary: int) -> dict:
    tokens = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 1}
    return {**LAYERS, **tokens, "vocab_size": vocabulary, "max_position_embeddings": 64, "projection_size": 32}


def _byte_pairs(tokenizer: Tokenizer, suffix: str = "") -> tuple[list[str], list[tuple[str, str]]]:
    """Learn merges from ``WORDS``; return all tokens without the special ones, and the merges."""
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=700, initial_alphabet=alphabet, end_of_word_suffix=suffix, show_progress=False
    )
    tokenizer.train_from_iterator(WORDS, trainer)
    merges = [tuple(merge) for merge in json.loads(tokenizer.to_str())["model"]["merges"]]
    base = sorted(alphabet)
    tokens = dict.fromkeys([*base, *(char + suffix for char in base), *("".join(pair) for pair in merges)])
    return list(tokens), merges


def _clip_tokenizer():
    from transformers import CLIPTokenizer

    plain = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    plain.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    plain.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokens, merges = _byte_pairs(plain, "</w>")
    vocabulary = {token: number for number, token in enumerate([*tokens, "<|startoftext|>", "<|endoftext|>"])}
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=20)


def _roberta_tokenizer():
    from transformers import RobertaTokenizer

    plain = Tokenizer(models.BPE())
    plain.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokens, merges = _byte_pairs(plain)
    tokens = ["<s>", "<pad>", "</s>", "<unk>", *tokens, "<mask>"]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    return RobertaTokenizer(vocab=vocabulary, merges=merges, model_max_length=512)


def _write_gemma_tokenizer(folder: Path, tokenizer_class: str) -> int:
    """Write tokenizer.json and its configuration as SigLIP 2 has them; return the size of the vocabulary."""
    letters = sorted({char for words in WORDS for char in words.replace(" ", "▁")} | set("ABCDEFGHIJ"))
    pairs = [("r", "e"), ("re", "d"), ("▁", "d"), ("连", "衣"), ("连衣", "裙"), ("o", "f"), ("t", "h")]
    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"]
    bytes_ = [f"<0x{number:02X}>" for number in range(256)]
    tokens = [*special, *bytes_, *letters, *("".join(pair) for pair in pairs)]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocabulary, pairs, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", behavior="merged_with_previous")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.post_processor = processors.TemplateProcessing(single="$A <eos>", special_tokens=[("<eos>", 1)])
    tokenizer.add_special_tokens(special)
    named = {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>", "unk_token": "<unk>"}
    flags = {"add_bos_token": False, "add_eos_token": True, "do_lower_case": True, "padding_side": "right"}
    return _write_tokenizer(folder, tokenizer, tokenizer_class, **named, **flags, model_input_names=["input_ids"])


def _write_sentencepiece_tokenizer(folder: Path) -> int:
    """Write the tokenizer of the first SigLIP: sentencepiece's unigrams of lower-case text without punctuation."""
    letters = sorted({char for words in WORDS for char in words.replace(" ", "▁")})
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    pieces += [(letter, -5.0) for letter in letters]
    pieces += [("▁red", -2.0), ("▁dress", -2.0), ("▁a", -1.0), ("▁of", -1.5)]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=2))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Lowercase(), normalizers.Replace(Regex(r"[!-/:-@\[-`{-~]"), ""), normalizers.Strip()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    tokenizer.add_special_tokens(["</s>", "<unk>"])
    named = {"eos_token": "</s>", "pad_token": "</s>", "unk_token": "<unk>", "do_lower_case": True}
    return _write_tokenizer(folder, tokenizer, "SiglipTokenizer", **named, model_input_names=["input_ids"])


def _write_tokenizer(folder: Path, tokenizer: Tokenizer, tokenizer_class: str, **settings) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    settings |= {"tokenizer_class": tokenizer_class, "model_max_length": 64, "clean_up_tokenization_spaces": False}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2))
    return tokenizer.get_vocab_size()


def _write_bert_vocabulary(folder: Path) -> int:
    words = sorted({word for words in WORDS for word in words.split() if word.isascii()})
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    chinese = sorted({char for words in WORDS for char in words if not char.isascii()})
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters)]
    tokens = list(dict.fromkeys([*tokens, *words, *chinese, *(str(digit) for digit in range(10))]))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(tokens) + "\n", encoding="utf-8")
    return len(tokens)
