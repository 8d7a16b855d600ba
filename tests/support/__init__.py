"""What tests share and is no test itself: a stand-in shop, encoders whose vectors are predictable, servers, contracts, fixtures."""

from pathlib import Path

#: The checkout.
ROOT = Path(__file__).resolve().parents[2]
