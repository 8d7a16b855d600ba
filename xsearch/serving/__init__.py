"""An HTTP service that encodes for many processes. It depends on encoders, which never depend on it."""
