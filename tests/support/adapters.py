"""Adapter files for tests, as ``xsearch_finetune`` writes them but for the training."""

import json

import numpy as np
from safetensors.numpy import save

from xsearch.encoders.adapted import NAME

FIGURES = {
    "photo": {
        "products": 40,
        "before": {"recall@1": 0.5, "recall@5": 0.6, "recall@10": 0.7, "mrr": 0.55},
        "after": {"recall@1": 0.75, "recall@5": 0.8, "recall@10": 0.9, "mrr": 0.78},
    }
}


def rotation(dimension, seed):
    """Return a matrix that keeps lengths and angles, and turns every vector elsewhere."""
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(dimension, dimension)))[0].astype(np.float32)


def adapter_content(base_fingerprint, matrices):
    """Return the content of an adapter file."""
    counts = {"products": 40, "photos": 44, "captions": 90, "clicked_together": 3}
    manifest = {"base_fingerprint": base_fingerprint, "figures": FIGURES, "counts": counts}
    contiguous = {name: np.ascontiguousarray(matrix) for name, matrix in matrices.items()}
    return save(contiguous, metadata={"manifest": json.dumps(manifest)})


def rotating(encoder, seed=1):
    """Return an adapter file for ``encoder`` that turns texts and photos alike."""
    matrix = rotation(encoder.dimension, seed)
    return adapter_content(encoder.fingerprint, dict.fromkeys(encoder.modalities, matrix))


def write_adapter(folder, content):
    """Write ``content`` as the adapter of ``folder``, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NAME).write_bytes(content)
    return folder
