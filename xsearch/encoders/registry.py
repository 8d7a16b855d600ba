"""The configured encoders, built once per process."""

from __future__ import annotations

import json
from typing import Any

from xsearch.conf import settings
from xsearch.encoders.base import Encoder, EncoderError
from xsearch.lazy import ProcessLock, build_backend, on_settings_change

_lock = ProcessLock()
_built: dict[str, Encoder] = {}


def get_encoder(alias: str) -> Encoder:
    """Return the encoder configured under ``alias`` in ``XSEARCH["ENCODERS"]``."""
    return encoder_from_spec(encoder_spec(alias))


def encoder_spec(alias: str) -> dict[str, Any]:
    """Return the configuration of ``alias``; raises ``EncoderError`` when there is none."""
    specs = settings.ENCODERS
    if alias not in specs:
        raise EncoderError(f"No encoder {alias!r} in XSEARCH['ENCODERS']. Configured: {', '.join(specs)}.")
    return dict(specs[alias])


def encoder_from_spec(spec: dict[str, Any]) -> Encoder:
    """Return the one encoder of this process for a ``{"BACKEND": …, "OPTIONS": …}`` dict."""
    key = json.dumps(spec, sort_keys=True, default=str)
    with _lock.held():
        if key not in _built or _built[key].is_outdated:
            _built[key] = build_backend(spec, Encoder, EncoderError)  # type: ignore[type-abstract]
        return _built[key]


on_settings_change(_built.clear)
