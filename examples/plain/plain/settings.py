"""Settings of a shop that has what real shops have; the environment variable ``PLAIN`` names its traits."""

import os
import sys
from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

ALL_TRAITS = {
    "no_tz": "time zones are off",
    "chinese": "the shop is in Chinese",
    "atomic": "every request is a transaction",
    "uuid": "the keys of products are UUIDs",
    "soft_delete": "the default manager hides what was deleted",
    "translated": "django-modeltranslation translates titles",
    "bucket": "photos are in a storage without paths, behind signed addresses",
    "custom_user": "users have a model of their own, without a user name",
    "csp": "a strict content security policy",
    "replica": "a router sends reads to a replica",
    "second_database": "products and the search are in a second database",
    "pgbouncer": "PgBouncer in transaction mode is between the shop and PostgreSQL",
    "tenants": "tenants are schemas of one database",
    "restricted": "the shop's database user owns nothing and may create nothing",
    "django_tasks": "django.tasks indexes; Celery is not configured",
    "worker": "a Celery worker indexes, not the process that saves",
}
TRAITS = frozenset(filter(None, os.environ.get("PLAIN", "").split(",")))
if unknown := TRAITS - ALL_TRAITS.keys():
    raise ImproperlyConfigured(f"No traits: {', '.join(unknown)}. There are: {', '.join(ALL_TRAITS)}.")

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("PLAIN_VAR", BASE_DIR / "var" / ("-".join(sorted(TRAITS)) or "none")))
#: The tables depend on the traits, so the migrations are made for each set of them.
(VAR_DIR / "made").mkdir(parents=True, exist_ok=True)
(VAR_DIR / "made" / "__init__.py").touch()
sys.path.insert(0, str(VAR_DIR))
MIGRATION_MODULES = {"catalogue": "made.catalogue", "people": "made.people"}

SECRET_KEY = "not-a-secret"
ALLOWED_HOSTS = ["127.0.0.1", "testserver"]
ROOT_URLCONF = "plain.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "static/"
MEDIA_URL = "media/"
MEDIA_ROOT = VAR_DIR / "media"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "xsearch",
    "catalogue",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DATABASES = {"default": dj_database_url.config(default="postgres:///plain")}
DATABASE_ROUTERS: list[str] = []
XSEARCH: dict[str, object] = {}

# Without a worker, Celery indexes in the process that saves: good for trying, not for a shop.
CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL", "memory://")
CELERY_TASK_ALWAYS_EAGER = "worker" not in TRAITS
CELERY_BEAT_SCHEDULE = {
    "xsearch-sweep": {"task": "xsearch.sweep", "schedule": 60.0},
    "xsearch-tidy": {"task": "xsearch.tidy", "schedule": 3600.0},
}

LANGUAGE_CODE = "zh-hans" if "chinese" in TRAITS else "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
USE_TZ = "no_tz" not in TRAITS

if "atomic" in TRAITS:
    DATABASES["default"]["ATOMIC_REQUESTS"] = True

if "translated" in TRAITS:
    INSTALLED_APPS.insert(0, "modeltranslation")

if "bucket" in TRAITS:
    STORAGES = {
        "default": {"BACKEND": "plain.bucket.Bucket", "OPTIONS": {"location": str(MEDIA_ROOT)}},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }

if "custom_user" in TRAITS:
    INSTALLED_APPS.insert(0, "people")
    AUTH_USER_MODEL = "people.Customer"

if "csp" in TRAITS:
    MIDDLEWARE.insert(0, "plain.policy.strict_policy")

if "replica" in TRAITS:
    _options = {"options": "-c default_transaction_read_only=on"}
    DATABASES["replica"] = {**DATABASES["default"], "OPTIONS": _options, "TEST": {"MIRROR": "default"}}
    DATABASE_ROUTERS = ["plain.routers.ReadsFromReplica"]

if "second_database" in TRAITS:
    DATABASES["products"] = dj_database_url.parse(os.environ["PRODUCTS_DATABASE_URL"])
    DATABASE_ROUTERS = ["plain.routers.ProductsInSecondDatabase"]

if "pgbouncer" in TRAITS:
    DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = True

if "tenants" in TRAITS:
    MIDDLEWARE.insert(0, "plain.tenants.by_host")
    ALLOWED_HOSTS += ["first.testserver", "second.testserver"]

if "restricted" in TRAITS:
    DATABASES["owner"] = DATABASES["default"]
    DATABASES["default"] = {**DATABASES["owner"], "USER": "plain_shop", "PASSWORD": "plain"}

if "django_tasks" in TRAITS:
    del CELERY_BROKER_URL, CELERY_TASK_ALWAYS_EAGER, CELERY_BEAT_SCHEDULE
    INSTALLED_APPS.append("django_tasks_db")
    TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    XSEARCH |= {"TASKS": "django", "SWEEP_BY": "cron"}
