"""What the shop adds to search its products; Celery is made known here, as its documentation asks for."""

from product_search.celery import app as celery_app

__all__ = ["celery_app"]
