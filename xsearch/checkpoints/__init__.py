"""Model checkpoints: folders on this machine, and downloads from the Hugging Face hub."""
