"""The demonstration shop: uses xsearch as any shop would."""

from shop.celery import app as celery_app

__all__ = ["celery_app"]
