"""Suggestions while the customer types."""
