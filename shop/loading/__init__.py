"""Catalogue files → products, their categories, brands, photos and sounds."""

from shop.loading.load import CatalogueError, Notice, Report, load_catalogue

__all__ = ["CatalogueError", "Notice", "Report", "load_catalogue"]
