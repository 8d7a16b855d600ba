"""Whisper checkpoints in the hub's format that say what a test wants: tiny, and with nothing left to chance.

Attention is switched off and the feed-forward network of the only decoder layer is a table: it turns the
direction of each token of a script into that of the next one. So every path is real (files, tokenizer,
encoder, decoder, search, conversion) and the outcome is known.
"""

import functools
import itertools
import json
from pathlib import Path

WIDTH, MELS = 64, 80
TEXT_TOKENS = 50_257
CORPUS = [
    "red dress blue dress wooden toy robot black leather wallet Norvale Kestrel Brightwell jackets mugs",
    "红色连衣裙 蓝色马克杯 以下是简体中文的普通话。",
]
SURE, UNSURE, LOST = 3.0, 1.25, 0.9  # scale of the logits: how sure the model is of its words


def speaking(folder, text="red dress", *, language="en", silence=0.0, scale=SURE, multilingual=True):
    """Save a checkpoint that always says ``text``, in ``language``, and return its folder.

    A token said twice makes it go round in circles, since a token is all that it remembers.

    ``silence`` from 0 to 1 is how much it believes that nobody speaks.
    """
    from transformers import GenerationConfig, WhisperConfig, WhisperFeatureExtractor, WhisperForConditionalGeneration

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = whisper_tokenizer(multilingual)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "WhisperTokenizer"}))
    ids = {name: tokenizer.token_to_id(f"<|{name}|>") for name in SPECIAL}
    model = WhisperForConditionalGeneration(WhisperConfig(**_shape(ids, tokenizer.get_vocab_size())))
    _teach(model, _script(tokenizer, ids, text, language, silence, multilingual), scale)
    languages = {f"<|{code}|>": tokenizer.token_to_id(f"<|{code}|>") for code in _codes()}
    tasks = {"transcribe": ids["transcribe"], "translate": ids["translate"]}
    model.generation_config = GenerationConfig(
        is_multilingual=multilingual,
        suppress_tokens=[tokenizer.token_to_id("@"), ids["startoftranscript"], ids["startofprev"], ids["nocaptions"]],
        begin_suppress_tokens=[tokenizer.token_to_id("Ġ"), ids["endoftext"]],
        decoder_start_token_id=ids["startoftranscript"],
        no_timestamps_token_id=ids["notimestamps"],
        eos_token_id=ids["endoftext"],
        pad_token_id=ids["endoftext"],
        bos_token_id=ids["endoftext"],
        max_length=448,
        **({"lang_to_id": languages, "task_to_id": tasks} if multilingual else {}),
    )
    model.save_pretrained(folder)
    WhisperFeatureExtractor(feature_size=MELS).save_pretrained(folder)
    return folder


def converted(folder, target):
    """Convert a checkpoint for CTranslate2 with int8 weights, as its own command does."""
    import warnings

    from ctranslate2.converters import TransformersConverter

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        converter = TransformersConverter(str(folder), copy_files=["tokenizer.json", "preprocessor_config.json"])
        converter.convert(str(target), quantization="int8", force=True)
    return Path(target)


SPECIAL = [
    *("endoftext", "startoftranscript", "translate", "transcribe"),
    *("startoflm", "startofprev", "nocaptions", "notimestamps"),
]


@functools.cache
def whisper_tokenizer(multilingual=True):
    """Return a byte-level BPE tokenizer with the numbers of Whisper's special tokens."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=800, initial_alphabet=alphabet, show_progress=False)
    trained.train_from_iterator([f" {word}" for text in CORPUS for word in text.split()] * 3, trainer)
    model = json.loads(trained.to_str())["model"]
    vocabulary = dict(model["vocab"])
    vocabulary |= {f"unused{number}": number for number in range(len(vocabulary), TEXT_TOKENS - 1)}
    if multilingual:
        vocabulary[""] = TEXT_TOKENS - 1  # by which CTranslate2 tells them apart
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[tuple(pair) for pair in model["merges"]]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    names = [*SPECIAL[:2], *_codes(), *SPECIAL[2:], *(f"{number * 0.02:.2f}" for number in range(1501))]
    tokenizer.add_special_tokens([AddedToken(f"<|{name}|>", special=True, normalized=False) for name in names])
    return tokenizer


def _codes():
    from transformers.models.whisper.tokenization_whisper import LANGUAGES

    return list(LANGUAGES)[:99]


def _shape(ids, vocab_size):
    return {
        "vocab_size": vocab_size,
        "num_mel_bins": MELS,
        "d_model": WIDTH,
        **dict.fromkeys(["encoder_layers", "decoder_layers"], 1),
        **dict.fromkeys(["encoder_attention_heads", "decoder_attention_heads"], 2),
        **dict.fromkeys(["encoder_ffn_dim", "decoder_ffn_dim"], WIDTH),
        **dict.fromkeys(["pad_token_id", "bos_token_id", "eos_token_id"], ids["endoftext"]),
        "decoder_start_token_id": ids["startoftranscript"],
    }


def _script(tokenizer, ids, text, language, silence, multilingual):
    """Return {token: {token that follows: how much}}."""
    said = tokenizer.encode(f" {text}").ids
    spoken = tokenizer.token_to_id(f"<|{language}|>") if multilingual else ids["notimestamps"]
    chain = [ids["notimestamps"], *said, ids["endoftext"]]
    script = {}
    for before, after in itertools.pairwise(chain):
        script.setdefault(before, {after: 1.0})
    return script | {ids["startoftranscript"]: {spoken: 1.0 - silence, ids["nocaptions"]: silence}}


def _teach(model, script, scale):
    """Write the script into the weights; see the module."""
    import torch

    tokens = sorted({*script, *(after for follows in script.values() for after in follows)})
    axis = {token: number for number, token in enumerate(tokens)}
    random = torch.Generator().manual_seed(0)
    decoder, layer = model.model.decoder, model.model.decoder.layers[0]
    with torch.no_grad():
        decoder.embed_tokens.weight.copy_(0.02 * torch.randn(decoder.embed_tokens.weight.shape, generator=random))
        for token, number in axis.items():
            decoder.embed_tokens.weight[token] = torch.eye(WIDTH)[number]
        decoder.embed_positions.weight.zero_()
        for attention in (layer.self_attn, layer.encoder_attn):
            attention.out_proj.weight.zero_()
            attention.out_proj.bias.zero_()
        layer.fc1.weight.copy_(torch.eye(WIDTH))
        layer.fc1.bias.fill_(-4.0)
        layer.fc2.weight.zero_()
        layer.fc2.bias.zero_()
        for token, follows in script.items():
            layer.fc2.weight[axis[token], axis[token]] -= 0.25  # about what the input is
            for after, amount in follows.items():
                layer.fc2.weight[axis[after], axis[token]] += 2.5 * amount
        decoder.layer_norm.weight.fill_(scale)
