"""Celery for a shop that has none: ``celery -A product_search worker --beat``."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "product_search.settings")

app = Celery("product_search")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
