"""`make demo`: starts everything the shop needs as processes of its own, and stops all of it again."""
