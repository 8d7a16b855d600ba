"""Judged queries over three real catalogues, and the photos that they are asked with."""

from tests.judgements.build import SHOPS, build, catalogue_files

__all__ = ["SHOPS", "build", "catalogue_files"]
