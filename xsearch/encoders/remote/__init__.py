"""An encoder on another machine or in another process, asked over HTTP."""

from xsearch.encoders.remote.encoder import RemoteEncoder

__all__ = ["RemoteEncoder"]
