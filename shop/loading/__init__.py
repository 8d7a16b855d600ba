"""Catalogue files → products, their categories, brands, photos and sounds; files of posts → style posts."""

from shop.loading.load import CatalogueError, Notice, Report, load_catalogue
from shop.loading.posts import load_posts

__all__ = ["CatalogueError", "Notice", "Report", "load_catalogue", "load_posts"]
