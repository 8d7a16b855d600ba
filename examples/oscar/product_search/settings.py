"""The shop's settings, and what the search needs."""

import os

from oscar_shop.settings import *  # noqa: F403
from oscar_shop.settings import INSTALLED_APPS

# Before oscar: its templates come first.
INSTALLED_APPS = ["product_search", *INSTALLED_APPS, "django.contrib.postgres", "rest_framework", "xsearch"]
ROOT_URLCONF = "product_search.urls"

CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL", "redis://localhost")
CELERY_BEAT_SCHEDULE = {
    "xsearch-sweep": {"task": "xsearch.sweep", "schedule": 60.0},
    "xsearch-tidy": {"task": "xsearch.tidy", "schedule": 3600.0},
}
