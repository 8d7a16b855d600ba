"""Candidates and their exact scores; the SQL of a search."""
