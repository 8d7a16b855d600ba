"""Every setting of xsearch with its default and unit; the project overrides them in one dict, ``XSEARCH``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.dispatch import receiver

DEFAULTS: dict[str, Any] = {
    # Encoders by alias. An encoder turns text, photos or sounds into vectors.
    "ENCODERS": {
        "builtin": {"BACKEND": "xsearch.encoders.builtin.BuiltinEncoder", "OPTIONS": {}},
        "logmel": {"BACKEND": "xsearch.encoders.logmel.LogMelEncoder", "OPTIONS": {}},
    },
    # Which encoder fills which embedding column; None leaves the column empty.
    "EMBEDDINGS": {"text": "builtin", "image": "builtin", "audio": "logmel"},
    # True: the processes of a Celery worker load their encoders when they start, not with their first task. For
    # web workers see xsearch.warm_up() in docs/howto/processes.md.
    "WARM_UP": False,
    # Speech recognisers in order of preference; the first that knows the language is used.
    "TRANSCRIBERS": [{"BACKEND": "xsearch.speech.sphinx.PocketsphinxTranscriber", "OPTIONS": {}}],
    # Folder of the checkpoints that xsearch_download fetches; None: the Hugging Face hub's own cache.
    "MODELS_DIR": None,
    # Limits on what customers upload and shops index.
    "IMAGE_MAX_BYTES": 15 * 1024 * 1024,
    "IMAGE_MAX_PIXELS": 50_000_000,
    "IMAGES_MAX": 5,  # photos of one thing in a query; together at most as large as one photo and one recording
    "EXAMPLES_MAX": 10,  # examples in `like`, and as many in `unlike`
    "AUDIO_MAX_BYTES": 10 * 1024 * 1024,
    "QUERY_AUDIO_MAX_SECONDS": 30.0,
    "PRODUCT_AUDIO_MAX_SECONDS": 600.0,
    "QUERY_MAX_CHARACTERS": 500,
    # Fields that hold the address of a photo or sound (docs/reference/python-api.md).
    "URL_STORAGE": "xsearch.media.web.WebStorage",  # Django storage that fetches them
    "URL_TIMEOUT_S": 10.0,  # for all redirects together
    "URL_PRIVATE_HOSTS": [],  # names and networks ("10.1.0.0/16") of the shop's own that may be fetched from
    # Indexing.
    "TASKS": "celery",  # who runs indexing tasks: "celery", or "django": the default backend of Django's TASKS
    "TASK_QUEUE": None,  # queue of the indexing tasks; None: the default queue of Celery or of the backend
    "SWEEP_BY": "beat",  # who runs the sweep: "beat" of Celery, or "cron": you run manage.py xsearch_sweep
    "BATCH_SIZE": 64,  # objects that are claimed, loaded and written in one batch
    "PREPARE_THREADS": None,  # read, decode and prepare while the model runs; None: one per core, at least 2
    "LEASE_S": 300,  # how long a worker owns what it claimed; it renews the lease while it lives
    "MAX_ATTEMPTS": 5,  # then an object stays failed until it changes or is indexed by hand
    "RETRY_BACKOFF_S": 30,  # doubled with every attempt
    "SWEEP_INTERVAL_S": 60,  # how often you run the sweep
    "INDEX_BUILD_MAX_MB": 1024,  # memory of PostgreSQL for building one vector index (maintenance_work_mem)
    "BROKER_TIMEOUT_S": 1.0,  # a save waits at most this long for the broker
    "BROKER_PAUSE_S": 30,  # after a failed send, saves do not try the broker again for this long
    # Search.
    "EXACT_ROWS": 5000,  # if at most this many rows pass the filters, all of them are scored
    "CANDIDATES": 100,  # otherwise: nearest rows that are taken from each embedding column,
    "MATCHES": 500,  # and rows that have the words of the query
    "SCORED_ROWS": 100_000,  # a full scan, for an exact total or a late page, scores at most this many rows
    "COUNT_ALL": True,  # the widgets show the likely results first, and then load exact totals and facets
    "MAX_PAGE_SIZE": 100,
    "FACET_SIZE": 50,  # values a facet
    "WEIGHTS": {
        "lexical": 1.0,
        "text:text": 0.4,
        "text:image": 0.5,
        "image:image": 1.0,
        "image:text": 0.3,
        "audio:audio": 1.0,
        "audio:text": 0.3,
    },
    "TEXT_BESIDE_PHOTO": 0.8,  # factor of the text weights when there is a photo too: "this, for two people"
    "CHANGE_BESIDE_PHOTO": 0.25,  # the same if the words only change the photo: "this, but red"
    # A photo with words as one vector. "discount": how much of the photo's own colour (material, pattern) is removed if
    # words name another; "strength": that of the new one, relative to the photo's own; "unsayable": how much is kept of
    # what no words can say; "words": the share of words that name no such attribute. Plain addition of photo and words
    # is {"discount": 0, "strength": 0, "unsayable": 1, "words": 0.5}.
    "COMPOSITION": {"discount": 1.0, "strength": 1.25, "unsayable": 0.1, "words": 0.2},
    # From 0 to 1. Below it a transcript is uncertain, and the recording is compared with the sounds of products, if
    # there are any. None: the recogniser's own limit, since each measures confidence in its own way.
    "MIN_TRANSCRIPT_CONFIDENCE": None,
    "FUSION": "calibrated",  # or "cosine" (plain weighted similarities), or "rrf" (reciprocal rank fusion)
    "UNDERSTAND": True,  # read prices, named values and negations as conditions; False: search for all words
    "PREFERENCE": 0.2,  # fraction of its score that a hit loses if it violates a wish: red, under 50
    "AVOIDANCE": 0.5,  # the same if it has what is not wanted: without sleeves
    "CUT_OFF": 0.12,  # hits with a lower score are not shown
    # Words in Chinese and English that stand for one another: the path of a file; None for no glossary.
    "GLOSSARY": str(Path(__file__).with_name("text") / "glossary.txt"),
    "VOCABULARY_MAX_AGE_S": 60,  # how stale term statistics and the speech vocabulary may be
    # What customers do (docs/howto/personalisation.md).
    "LOG_QUERIES": True,  # log what was searched for and found, without the person
    "EVENT_WEIGHTS": {"view": 0.5, "click": 1.0, "cart": 3.0, "purchase": 5.0, "dismiss": -2.0},
    "MIN_ASKERS": 3,  # queries are shown to others and exported only if this many people asked them
    "PERSONAL_BOUND": 0.05,  # how far taste may move a score (0 to 1) up or down; 0: no personal results
    "PERSONAL_WINDOW": 200,  # best results that taste may reorder
    "TASTE_HALF_LIFE_DAYS": 30.0,  # an interaction counts half after this many days
    "POPULARITY_WEIGHT": 0.0,  # how far popularity may raise a score (0 to 1); 0: not at all
    "POPULARITY_HALF_LIFE_DAYS": 30.0,
    "POSITION_BIAS": 1.0,  # the result at rank r is seen 1/r^bias as often as the first; 0: as often
    # How long it is kept; enforced by the task xsearch.tidy.
    "EVENTS_KEEP_DAYS": 180,
    "QUERIES_KEEP_DAYS": 90,
    "VISITORS_KEEP_DAYS": 365,  # since they were last seen
    # HTTP.
    "THROTTLE_RATES": {"search": "600/min", "media": "120/min", "suggest": "1200/min", "events": "1200/min"},
}

#: Settings with a default that may also be None.
NULLABLE = frozenset({"GLOSSARY"})


class Settings:
    """Read-only view of ``settings.XSEARCH`` over the defaults, as attributes."""

    #: What holds instead of the project's settings while ``overridden`` runs.
    _temporary: Mapping[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        if name not in DEFAULTS:
            raise AttributeError(f"xsearch has no setting {name!r}. Known: {', '.join(DEFAULTS)}")
        default = DEFAULTS[name]
        value = self.overrides().get(name, default)
        if isinstance(default, dict) and isinstance(value, dict):
            value = {**default, **value}
        self.__dict__[name] = value
        return value

    @staticmethod
    def overrides() -> dict[str, Any]:
        """Return the project's ``XSEARCH`` dict, unchecked keys included."""
        value = getattr(django_settings, "XSEARCH", {})
        if not isinstance(value, dict):
            raise ImproperlyConfigured(f"XSEARCH must be a dict of settings, not {type(value).__name__}.")
        return _merged(value, Settings._temporary)

    def unknown_keys(self) -> list[str]:
        """Return the keys of ``XSEARCH`` that xsearch does not know."""
        return sorted(set(self.overrides()) - set(DEFAULTS))


settings = Settings()


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return both, where ``above`` wins; dicts, such as weights, are merged too."""
    both = {
        name: {**below[name], **value} if isinstance(value, dict) and isinstance(below.get(name), dict) else value
        for name, value in above.items()
    }
    return {**below, **both}


@contextmanager
def overridden(values: Mapping[str, Any]) -> Iterator[None]:
    """Let ``values`` hold instead of the project's settings, in the whole process: for commands that compare settings.

    Raises ``ImproperlyConfigured`` for a key that is none.
    """
    unknown = sorted(set(values) - set(DEFAULTS))
    if unknown:
        raise ImproperlyConfigured(f"Unknown settings: {', '.join(unknown)}. Known: {', '.join(DEFAULTS)}.")
    before = Settings._temporary
    Settings._temporary = _merged(before, values)
    settings.__dict__.clear()
    try:
        yield
    finally:
        Settings._temporary = before
        settings.__dict__.clear()


@receiver(setting_changed)
def _forget_on_change(*, setting: str, **kwargs: Any) -> None:  # noqa: ARG001
    if setting == "XSEARCH":
        settings.__dict__.clear()
