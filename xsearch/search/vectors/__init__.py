"""The vectors of a query: encoding, calibration, and photos changed by words."""
