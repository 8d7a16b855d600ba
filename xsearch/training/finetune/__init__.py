"""Fine-tuning: a small adapter behind any encoder, learned from a shop's own catalogue."""
