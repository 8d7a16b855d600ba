"""An encoder served over HTTP to many processes: knows encoders, which never know it."""
