"""A shop with the settings that real shops have."""

import os

from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "plain.settings")
if "django_tasks" not in settings.TRAITS:
    from plain.celery import app as celery_app

    __all__ = ["celery_app"]
