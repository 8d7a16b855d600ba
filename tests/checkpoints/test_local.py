"""Checkpoints are found, checked and identified from their files alone; each error names its cure."""

from __future__ import annotations

import json
import os
import re
import shutil
import struct

import numpy as np
import pytest

from tests.project.test_imports import modules_after
from xsearch.checkpoints.local import CheckpointError, MissingCheckpointError, hash_sample, locate

pytest.importorskip("safetensors", reason="safetensors is not installed")
from safetensors.numpy import save_file

pytest_plugins = ["tests.support.fixtures.checkpoints"]

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def folder(tmp_path):
    """A folder with the least that is a checkpoint."""
    return write(tmp_path / "model")


def write(folder, config=None, **tensors):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config or {"model_type": "clip", "architectures": ["CLIPModel"]}))
    save_file(tensors or {"weight": np.arange(1000, dtype=np.float32)}, folder / "model.safetensors")
    return folder


@pytest.fixture
def models_dir(settings, tmp_path):
    settings.XSEARCH = {"MODELS_DIR": str(tmp_path / "models")}
    return tmp_path / "models"


def cached(models_dir, name="someone/model", revision="main"):
    """Lay out a download as the hub's cache does; return the snapshot's folder."""
    cache = models_dir / f"models--{name.replace('/', '--')}"
    (cache / "refs").mkdir(parents=True)
    (cache / "refs" / revision).write_text(COMMIT)
    return write(cache / "snapshots" / COMMIT)


def error_of(model, **options):
    with pytest.raises(CheckpointError) as caught:
        locate(model, **options)
    assert str(caught.value) == f"{caught.value.problem} {caught.value.cure}"
    return caught.value


# What is there.


@pytest.mark.parametrize(
    ("name", "model_type"),
    [
        ("clip", "clip"),
        ("siglip", "siglip"),
        ("siglip2", "siglip2"),
        ("chinese_clip", "chinese_clip"),
        ("clap", "clap"),
    ],
)
def test_checkpoints_that_transformers_saves_are_known(checkpoints, name, model_type):
    checkpoint = locate(checkpoints(name))
    assert checkpoint.model_type == model_type
    assert checkpoint.revision is None
    assert [file.name for file in checkpoint.weights] == ["model.safetensors"]
    assert not checkpoint.is_ctranslate2


def test_a_checkpoint_in_shards_is_one_checkpoint(checkpoints, tmp_path):
    import transformers

    model = transformers.CLIPModel.from_pretrained(checkpoints("clip"))
    model.save_pretrained(tmp_path / "shards", max_shard_size="80KB")
    checkpoint = locate(tmp_path / "shards")
    assert len(checkpoint.weights) > 2
    assert checkpoint.fingerprint
    checkpoint.weights[1].unlink()
    error = error_of(tmp_path / "shards")
    assert isinstance(error, MissingCheckpointError)
    assert f"only half there: 1 of {len(checkpoint.weights)} files of weights are missing (model-00002" in error.problem


def test_a_hub_name_is_found_by_branch_tag_commit_and_by_default(models_dir):
    snapshot = cached(models_dir, revision="main")
    for revision in (None, "main", COMMIT):
        checkpoint = locate("someone/model", revision=revision)
        assert (checkpoint.folder, checkpoint.revision) == (snapshot, COMMIT)


def test_a_folder_copied_by_hand_is_found_by_the_hubs_name(models_dir):
    copied = write(models_dir / "someone" / "model")
    assert locate("someone/model", revision="v1").folder == copied


def test_a_checkpoint_of_ctranslate2_is_whisper(tmp_path):
    folder = tmp_path / "faster"
    folder.mkdir()
    (folder / "config.json").write_text('{"lang_ids": [1], "suppress_ids": []}')
    (folder / "model.bin").write_bytes(struct.pack("<IH", 6, 12) + b"WhisperSpec\0" + bytes(500))
    checkpoint = locate(folder)
    assert (checkpoint.model_type, checkpoint.is_ctranslate2) == ("whisper", True)
    (folder / "model.bin").write_bytes(b"PK\3\4" + bytes(500))
    assert "no model.safetensors" in error_of(folder).problem


def test_code_that_a_checkpoint_brings_does_not_matter_where_transformers_has_the_class(tmp_path):
    config = {"model_type": "siglip", "architectures": ["SiglipModel"], "auto_map": {"AutoModel": "own.Model"}}
    assert locate(write(tmp_path / "model", config)).model_type == "siglip"


# What identifies it.


def test_the_fingerprint_is_of_the_content(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "other" / "name")
    (copy / "README.md").write_text("Read me.")
    os.utime(copy / "config.json", (1, 1))
    assert locate(copy).fingerprint == locate(folder).fingerprint


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "preprocessor_config.json", "vocab.txt"])
def test_the_fingerprint_changes_with_every_deciding_file(folder, name):
    before = locate(folder).fingerprint
    (folder / name).write_text('{"model_type": "clip", "changed": true}')
    assert locate(folder).fingerprint != before


def test_the_fingerprint_sees_other_weights_of_the_same_shape(folder):
    before = locate(folder).fingerprint
    write(folder, weight=np.arange(1000, dtype=np.float32) + 1)
    assert locate(folder).fingerprint != before


def test_of_large_weights_a_sample_is_read(tmp_path):
    class Counter:
        count = 0

        def update(self, content):
            self.count += len(content)

    header = json.dumps({"weight": {"dtype": "U8", "shape": [10**9], "data_offsets": [0, 10**9]}}).encode()
    file = write(tmp_path / "large") / "model.safetensors"
    with file.open("wb") as stream:
        stream.write(struct.pack("<Q", len(header)) + header)
        stream.truncate(8 + len(header) + 10**9)  # a sparse file
    before, counter = locate(file.parent).fingerprint, Counter()
    hash_sample(file, counter)
    assert counter.count < 2_000_000
    with file.open("r+b") as stream:
        stream.seek(-1, os.SEEK_END)
        stream.write(b"x")
    assert locate(file.parent).fingerprint != before


# What is wrong, and the cure.


@pytest.mark.parametrize("model", ["./nowhere", "/no/such/folder", "~/no-such-folder", "a/b/c", ""])
def test_a_folder_that_does_not_exist(model):
    error = error_of(model)
    assert f"There is no folder {model!r}." in error.problem
    assert "a folder with config.json, or a hub name such as 'openai/clip-vit-base-patch32'" in error.cure


def test_a_folder_without_a_configuration(tmp_path):
    assert f"no config.json: {tmp_path}" in error_of(tmp_path).problem


@pytest.mark.parametrize("content", ["{", "[1]", "\xff"])
def test_a_configuration_that_is_damaged(folder, content):
    (folder / "config.json").write_text(content, encoding="latin-1")
    assert "config.json" in error_of(folder).problem


def test_a_model_that_is_not_downloaded(models_dir):
    error = error_of("someone/model", revision="v1")
    assert isinstance(error, MissingCheckpointError)
    assert error.problem == f"The model 'someone/model' is neither a folder here nor downloaded to {models_dir}."
    assert error.cure == "Run: python manage.py xsearch_download someone/model --revision v1"


def test_a_revision_that_is_not_downloaded(models_dir):
    cached(models_dir)
    error = error_of("someone/model", revision="v9")
    assert error.problem == (f"The revision 'v9' of 'someone/model' is not downloaded; here are: main, {COMMIT}.")
    assert error.cure.endswith("xsearch_download someone/model --revision v9")


def test_a_download_that_stopped_half_way(models_dir):
    (cached(models_dir) / "model.safetensors").unlink()
    error = error_of("someone/model")
    assert "only half there" in error.problem
    assert error.cure == "Run: python manage.py xsearch_download someone/model"


@pytest.mark.parametrize("index", ["{", "{}", '{"weight_map": []}', '{"weight_map": {}}'])
def test_an_index_of_shards_that_is_damaged(folder, index):
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(index)
    assert "index of weights" in error_of(folder).problem or "0 of 0 files" in error_of(folder).problem


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (lambda content: content[:-1], "is truncated: it has 4079 bytes where its header asks for 4080"),
        (lambda content: content + b"x", "is damaged: it has 4081 bytes where its header asks for 4080"),
        (lambda content: content[:50], "is no whole safetensors file: its header does not fit into its 50 bytes"),
        (lambda _: b"", "its header does not fit into its 0 bytes"),
        (lambda content: content[:8] + b"#" + content[9:], "is no safetensors file: its header is damaged"),
        (lambda _: b"version https://git-lfs.github.com/spec/v1\n", "pointer of a git clone without LFS"),
    ],
)
def test_weights_that_are_damaged(models_dir, damage, problem):
    file = cached(models_dir) / "model.safetensors"
    file.write_bytes(damage(file.read_bytes()))
    error = error_of("someone/model")
    assert problem in error.problem
    assert error.cure == "Run: python manage.py xsearch_download someone/model --force"


def test_an_architecture_that_is_not_supported(tmp_path):
    error = error_of(write(tmp_path / "a", {"model_type": "bert", "architectures": ["BertModel"]}))
    assert "an architecture that is not supported: model_type 'bert' (BertModel)" in error.problem
    assert "clip (CLIPModel), siglip (SiglipModel)" in error.cure
    error_of(write(tmp_path / "b", {"model_type": "clip", "architectures": ["CLIPForImageClassification"]}))


def test_a_checkpoint_that_needs_code_of_its_own(tmp_path):
    config = {"model_type": "siglip", "architectures": ["OwnModel"], "auto_map": {"AutoModel": "own.OwnModel"}}
    error = error_of(write(tmp_path / "model", config))
    assert "brings Python code of its own (auto_map in config.json), which is never run" in error.problem


def test_a_family_that_a_backend_cannot_run(folder):
    with pytest.raises(CheckpointError, match=r"Speech cannot run .* family 'clip'\. It runs: whisper"):
        locate(folder).require({"whisper"}, "Speech")


def test_pickles_are_refused_and_the_command_converts_them(checkpoints, tmp_path, monkeypatch):
    import torch
    import transformers

    source = checkpoints("clip")
    pickled = shutil.copytree(source, tmp_path / "pickled")
    (pickled / "model.safetensors").unlink()
    torch.save(transformers.CLIPModel.from_pretrained(source).state_dict(), pickled / "pytorch_model.bin")
    error = error_of(pickled)
    assert "pytorch_model.bin, a Python pickle, which can run any code" in error.problem
    assert "Set OPTIONS['revision'] to one with model.safetensors" in error.cure
    monkeypatch.chdir(tmp_path)
    exec(re.search(r'python -c "(.*)"', error.cure)[1], {})
    converted = locate(tmp_path / "pickled-safetensors")
    assert converted.model_type == "clip"


def test_locating_imports_no_model_library():
    heavy = {"torch", "transformers", "tokenizers", "safetensors", "huggingface_hub.hf_api"}
    assert modules_after("import xsearch.checkpoints.local, xsearch.checkpoints.hub").isdisjoint(heavy)
