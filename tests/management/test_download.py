"""xsearch_download against a real server that speaks the hub's protocol, in processes of its own."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from tests.support import ROOT
from tests.support.hub_server import COMMIT, serving
from xsearch.checkpoints.hub import CheckpointReference, choose

pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed")
pytest.importorskip("safetensors", reason="safetensors is not installed")
from safetensors.numpy import load_file, save_file

pytest_plugins = ["tests.support.fixtures.checkpoints"]

NAME = "someone/tiny-clip"
BACKEND = "xsearch.encoders.transformers.TransformersEncoder"


@pytest.fixture
def repository(checkpoints, tmp_path):
    """A folder as it is on the hub: a checkpoint, and much that nobody needs."""
    folder = shutil.copytree(checkpoints("clip"), tmp_path / "repository")
    for extra in ("pytorch_model.bin", "flax_model.msgpack", "tf_model.h5", "README.md", "model.fp16.safetensors"):
        (folder / extra).write_bytes(b"unused")
    (folder / "onnx").mkdir()
    (folder / "onnx" / "config.json").write_text("{}")
    return folder


@pytest.fixture
def hub(repository):
    with serving({NAME: repository}) as server:
        yield server


@pytest.fixture
def download(tmp_path):
    """Return a function that runs the command in a process; it gives exit code, output and errors."""

    def run(*arguments, endpoint, encoders=None, models_dir=tmp_path / "models", **environment):
        given = {"XSEARCH": {"ENCODERS": encoders or {}, "TRANSCRIBERS": [], "MODELS_DIR": str(models_dir)}}
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))},
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "XSEARCH_TEST_SETTINGS": json.dumps(given),
            "HF_HOME": str(tmp_path / "home"),
            "HF_ENDPOINT": endpoint,
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "NO_PROXY": "127.0.0.1",
            **environment,
        }
        command = [sys.executable, "manage.py", "xsearch_download", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.fixture
def located(settings, tmp_path):
    """Return a function that locates what was downloaded, as a query would."""
    from xsearch.checkpoints.local import locate

    settings.XSEARCH = {"MODELS_DIR": str(tmp_path / "models")}
    return lambda revision=None: locate(NAME, revision=revision)


def test_what_the_settings_name_is_fetched_without_what_is_not_needed(hub, download, located):
    other = {"BACKEND": BACKEND, "OPTIONS": {"model": "x/y"}}
    encoders = {"clip": {"BACKEND": BACKEND, "OPTIONS": {"model": NAME, "revision": COMMIT}}, "other": other}
    code, output, errors = download("clip", endpoint=hub.url, encoders=encoders)
    assert (code, errors) == (0, "")
    assert f"{NAME} (clip)" in output
    assert "whole: clip, 0.3 MB of weights" in output
    assert "pin it" not in output
    assert "x/y" not in output
    checkpoint = located(COMMIT)
    assert checkpoint.revision == COMMIT
    assert {file.name for file in checkpoint.folder.iterdir()} == {
        "config.json", "model.safetensors", "processor_config.json", "tokenizer.json", "tokenizer_config.json",
    }  # fmt: skip


def test_an_answer_that_breaks_off_is_resumed_where_it_stopped(hub, download, located, repository):
    weights = repository / "model.safetensors"
    save_file({**load_file(weights), "more": np.zeros(6_000_000, np.float32)}, weights)  # more than one chunk
    hub.broken_answers = 1
    code, output, _ = download(NAME, endpoint=hub.url)
    assert code == 0
    assert f'pin it: "revision": "{COMMIT}"' in output
    [first, second] = [wanted for file, wanted in hub.served if file == "model.safetensors"]
    assert first is None
    assert int(second.removeprefix("bytes=").removesuffix("-")) > 1_000_000
    assert (located().folder / "model.safetensors").read_bytes() == weights.read_bytes()
    assert located().revision == located(COMMIT).revision == COMMIT


def test_a_second_run_fetches_only_what_is_missing(hub, download, located):
    from xsearch.checkpoints.local import MissingCheckpointError

    assert download(NAME, endpoint=hub.url)[0] == 0
    link = located().folder / "model.safetensors"
    link.resolve().unlink()
    link.unlink()  # as a download that was killed leaves it
    with pytest.raises(MissingCheckpointError, match="only half there"):
        located()
    hub.served.clear()
    assert download(NAME, endpoint=hub.url)[0] == 0
    assert [file for file, _ in hub.served] == ["model.safetensors"]
    assert located().model_type == "clip"


def test_a_damaged_download_is_fetched_again_by_force(hub, download, located):
    from xsearch.checkpoints.local import CheckpointError

    assert download(NAME, endpoint=hub.url)[0] == 0
    weights = (located().folder / "model.safetensors").resolve()
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match=f"truncated: .* Run: python manage.py xsearch_download {NAME} --force"):
        located()
    assert download(NAME, "--force", endpoint=hub.url)[0] == 0
    assert located().model_type == "clip"


def test_plain_folders_are_written_to_a_destination_and_used_from_there(hub, download, tmp_path, settings):
    from xsearch.checkpoints.local import locate

    code, output, _ = download(NAME, "--dest", str(tmp_path / "stick"), endpoint=hub.url)
    assert code == 0
    assert str(tmp_path / "stick" / NAME) in output
    settings.XSEARCH = {"MODELS_DIR": str(tmp_path / "stick")}
    assert locate(NAME, revision=COMMIT).folder == tmp_path / "stick" / NAME
    code, output, _ = download(NAME, endpoint="http://127.0.0.1:9", models_dir=tmp_path / "stick")
    assert (code, "whole: clip" in output) == (0, True)


def test_folders_are_checked(checkpoints, download, tmp_path):
    broken = tmp_path / "broken"
    broken.mkdir()
    code, output, errors = download(str(checkpoints("clip")), str(broken), endpoint="http://127.0.0.1:9")
    assert code == 1
    assert "whole: clip" in output
    assert f"no config.json: {broken}" in errors
    assert f"CommandError: Not usable: {broken}." in errors


def test_each_model_that_cannot_be_fetched_is_said_with_its_cure(hub, download, tmp_path):
    for name, file in [("pickle", "pytorch_model.bin"), ("empty", "README.md"), ("gated", "config.json")]:
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_bytes(b"x")
        hub.models[f"someone/{name}"] = tmp_path / name
    hub.gated = {"someone/gated"}
    pinned = {"old": {"BACKEND": BACKEND, "OPTIONS": {"model": NAME, "revision": "v9"}}}
    names = ["old", "someone/else", "someone/gated", "someone/pickle", "someone/empty"]
    code, _, errors = download(*names, endpoint=hub.url, encoders=pinned)
    assert code == 1
    assert "Traceback" not in errors
    for message in [
        f"'{NAME}' has no revision 'v9'.\n  → Its revisions are listed at {hub.url}/{NAME}/commits/main",
        f"There is no model 'someone/else' at {hub.url}, or it is private.\n  → Correct the name; for a private one, set",
        f"'someone/gated' is gated.\n  → Accept its terms at {hub.url}/someone/gated, then set HF_TOKEN",
        "pytorch_model.bin, a Python pickle",
        "save_pretrained('pickle-safetensors')",
        "someone/empty has no weights that can be loaded; it has: README.md.",
        f"CommandError: Not usable: {NAME}, someone/else, someone/gated, someone/pickle, someone/empty.",
    ]:
        assert message in errors
    assert not hub.served


def test_a_hub_that_cannot_be_reached_is_said_and_what_is_whole_is_used(hub, download):
    assert download(NAME, endpoint=hub.url)[0] == 0
    nowhere = "http://127.0.0.1:9"
    code, output, errors = download(NAME, "someone/else", endpoint=nowhere)
    assert code == 1
    assert "whole: clip" in output
    assert f"{nowhere} cannot be reached to fetch 'someone/else'" in errors
    assert "Set HF_ENDPOINT to a mirror or HTTPS_PROXY to a proxy" in errors
    assert "Traceback" not in errors
    assert "CommandError: Not usable: someone/else." in errors


def test_offline_mode_is_told_from_a_network_that_is_down(download):
    code, _, errors = download(NAME, endpoint="http://127.0.0.1:9", HF_HUB_OFFLINE="1")
    assert code == 1
    assert "HF_HUB_OFFLINE forbids to fetch anything. Unset" in errors.replace("\n  → ", " ")


def test_settings_without_a_model_need_nothing(settings, capsys):
    settings.XSEARCH = {"TRANSCRIBERS": []}
    call_command("xsearch_download")
    assert "Nothing to fetch" in capsys.readouterr().out


def test_a_revision_without_its_model_is_refused():
    with pytest.raises(CommandError, match="--revision needs the model that it is of"):
        call_command("xsearch_download", revision="v9")


def test_a_model_that_two_aliases_name_is_fetched_once_and_found_by_each(settings):
    spec = {"BACKEND": BACKEND, "OPTIONS": {"model": NAME, "revision": "v1"}}
    settings.XSEARCH = {
        "ENCODERS": {"a": spec, "b": spec},
        "TRANSCRIBERS": [{"BACKEND": "x", "OPTIONS": {"model": "w"}}],
    }
    everything, second, by_name, other = choose([]), choose(["b"]), choose([NAME], "v2"), choose(["x/y"])
    assert everything == [CheckpointReference(NAME, "v1", "a"), CheckpointReference("w", None, "recogniser 1")]
    assert second == [CheckpointReference(NAME, "v1", "b")]
    assert by_name == [CheckpointReference(NAME, "v2", "a")]
    assert other == [CheckpointReference("x/y")]
