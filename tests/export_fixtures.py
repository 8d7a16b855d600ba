"""Exports of tiny checkpoints, each tower traced once a session; a module takes them with ``pytest_plugins``."""

import hashlib

import pytest

pytest_plugins = ["tests.checkpoint_fixtures"]


@pytest.fixture(scope="session")
def traced_once():
    """Keep what torch's exporter gave: it takes seconds a tower, and the same graph is needed in three precisions."""
    pytest.importorskip("onnxscript", reason="the packages of the extra export are not installed")
    import onnx

    from xsearch.export import towers

    trace, made = towers.trace_tower, {}

    def trace_once(tower, batch, facts):
        digest = hashlib.sha256(str(facts).encode())
        for name, weight in tower.named_parameters():
            digest.update(name.encode() + weight.detach().numpy().tobytes())
        key = digest.hexdigest()
        if key not in made:
            made[key] = trace(tower, batch, facts)
        copy = onnx.ModelProto()
        copy.CopyFrom(made[key])
        return copy

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(towers, "trace_tower", trace_once)
        yield trace_once


@pytest.fixture(scope="session")
def exports(checkpoints, traced_once, tmp_path_factory):
    """Return a function from a name of ``MAKERS`` and a precision to an exported folder; not to be written to."""
    from xsearch.checkpoints.local import locate
    from xsearch.export import export_checkpoint

    made = {}

    def folder(name, precision="fp32"):
        key = f"{name}-{precision}"
        if key not in made:
            made[key] = tmp_path_factory.mktemp("exports") / key
            # Networks of random weights, 32 numbers wide, feel a rounding more than trained ones do.
            export_checkpoint(locate(checkpoints(name)), made[key], precision, min_cosine=0.97)
        return made[key]

    return folder
