"""The shop's Celery app; the worker and the beat run it as ``celery -A shop``."""

import os

from celery import Celery

from shop.embedded.broker import use_for_filesystem_urls

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

use_for_filesystem_urls()
app = Celery("shop")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["xsearch.indexing", "xsearch.visitors"])
