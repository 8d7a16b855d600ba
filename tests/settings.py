"""Settings of the tests: the shop's, and an app with further models; processes that tests start get more by JSON."""

import json
import os

from tests.support import ROOT

os.environ.setdefault("SHOP_VAR_DIR", str(ROOT / "var" / "tests"))

from shop.settings import *  # noqa: F403
from shop.settings import DATABASES, INSTALLED_APPS

INSTALLED_APPS = ["modeltranslation", *INSTALLED_APPS, "django_tasks_db", "tests.showcase", "tests.translated"]
MIGRATION_MODULES = {"showcase": None, "translated": None}

_given = json.loads(os.environ.get("XSEARCH_TEST_SETTINGS", "{}"))
DATABASES["default"]["NAME"] = _given.pop("DATABASE_NAME", DATABASES["default"].get("NAME", ""))
globals().update(_given)
