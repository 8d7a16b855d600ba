"""Training: general pieces, the bundled model, fine-tuning; needs torch, imported by nothing that serves requests."""
