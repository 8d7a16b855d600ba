"""Training and fine-tuning. Needs torch; nothing that serves requests imports it."""
