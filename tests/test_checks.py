"""System checks: each id once, with its cure; a clean project has none."""

import pytest
from celery import current_app
from django.core.checks import run_checks
from django.db import connection, connections, models
from django.test.utils import isolate_apps

from shop.models import Product
from tests.showcase.garments import Garment
from tests.showcase.models import Album, Bargain, Chair, Delivery, Furniture, Instrument, Plain, Poster, Rarity
from tests.support.indexing import add, run, start_process
from xsearch import checks
from xsearch.checks import databases
from xsearch.index.registry import get_index
from xsearch.indexing import vector_indexes
from xsearch.models import EmbeddedModel

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _encoder(use_encoder):
    use_encoder(more={"TRANSCRIBERS": []})


def found(databases=("default",)):
    """Return {id: message} of xsearch's findings, each id once."""
    messages = run_checks(tags=["xsearch"], databases=databases)
    assert len({message.id for message in messages}) == len(messages), messages
    return {message.id: message for message in messages}


def only(identifier, text, hint):
    messages = found()
    assert messages.keys() == {identifier}
    assert text in messages[identifier].msg
    assert hint in messages[identifier].hint


def test_a_clean_project_has_no_findings():
    add("A", photo=1)
    run()
    assert found() == {}


def test_e001_unknown_setting(settings):
    settings.XSEARCH = {"BATCHSIZE": 3, "TRANSCRIBERS": []}
    only("xsearch.E001", "XSEARCH has no setting 'BATCHSIZE'", "BATCH_SIZE")


def test_e001_no_dict(settings):
    settings.XSEARCH = ["BATCH_SIZE"]
    messages = {message.id: message for message in checks.check_settings()}
    assert messages["xsearch.E001"].hint == "XSEARCH = {}"


def test_e002_backend_without_a_path(use_encoder, settings):
    settings.XSEARCH = {**settings.XSEARCH, "TRANSCRIBERS": [{"CLASS": "x"}]}
    only("xsearch.E002", "XSEARCH['TRANSCRIBERS'][0] needs a BACKEND", '{"BACKEND": "dotted.path.Class"')


def test_e003_backend_that_cannot_be_imported(settings):
    settings.XSEARCH = {**settings.XSEARCH, "ENCODERS": {"test": {"BACKEND": "no.such.Encoder"}}}
    only("xsearch.E003", "XSEARCH['ENCODERS']['test']: No module named 'no'", "install the package")


@pytest.mark.parametrize(
    ("embeddings", "text", "hint"),
    [
        ({"text": "tset"}, "names the encoder 'tset', which is not configured", "Configured encoders:"),
        ({"video": "test"}, "has no column 'video'", "text, image, audio"),
    ],
)
def test_e004_embedding_that_leads_nowhere(settings, embeddings, text, hint):
    settings.XSEARCH = {**settings.XSEARCH, "EMBEDDINGS": {"text": "test", "image": "test", **embeddings}}
    only("xsearch.E004", text, hint)


@pytest.mark.parametrize(
    ("key", "value"),
    [("BATCH_SIZE", "32"), ("ENCODERS", []), ("TRANSCRIBERS", "whisper"), ("LEASE_S", None), ("WEIGHTS", 1)],
)
def test_e005_value_of_a_wrong_type(settings, key, value):
    settings.XSEARCH = {"TRANSCRIBERS": [], key: value}
    messages = {message.id: message for message in checks.check_settings()}
    assert messages.keys() == {"xsearch.E005"}
    assert f"XSEARCH['{key}'] is {value!r}, not a" in messages["xsearch.E005"].msg


@pytest.mark.parametrize(
    ("options", "text", "hint"),
    [
        ({"model": "nobody/nothing", "revision": "v1"}, "'nobody/nothing' is neither a folder here nor downloaded to",
         "python manage.py xsearch_download nobody/nothing --revision v1"),
        ({"model": "./nowhere"}, "There is no folder './nowhere'", "a folder with config.json, or a hub name"),
        ({}, "There is no folder ''", "a folder with config.json, or a hub name"),
    ],
)  # fmt: skip
def test_w006_checkpoint_that_is_not_there(settings, tmp_path, options, text, hint):
    spec = {"BACKEND": "xsearch.encoders.transformers.TransformersEncoder", "OPTIONS": options}
    settings.XSEARCH = {**settings.XSEARCH, "MODELS_DIR": str(tmp_path), "ENCODERS": {"test": spec}}
    only("xsearch.W006", text, hint)


def test_w006_model_of_the_hub_that_is_not_pinned(settings, tmp_path):
    snapshot = tmp_path / "models--someone--model" / "snapshots" / "abc123"
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text('{"model_type": "clip"}')
    (snapshot / "model.safetensors").write_bytes(b"\2" + bytes(7) + b"{}")
    (tmp_path / "models--someone--model" / "refs").mkdir()
    (tmp_path / "models--someone--model" / "refs" / "main").write_text("abc123")
    spec = {"BACKEND": "xsearch.encoders.transformers.TransformersEncoder", "OPTIONS": {"model": "someone/model"}}
    settings.XSEARCH = {**settings.XSEARCH, "MODELS_DIR": str(tmp_path), "ENCODERS": {"test": spec}}
    only("xsearch.W006", "someone/model has no revision", 'Add to OPTIONS: "revision": "abc123"')
    spec["OPTIONS"]["revision"] = "abc123"
    settings.XSEARCH = {**settings.XSEARCH, "ENCODERS": {"test": spec}}
    assert found() == {}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("titel", "showcase.Furniture has no field 'titel'. It has: "),
        ("title__upper", "showcase.Furniture.title is no relation; end the path there"),
        ("maker__name", "showcase.Furniture has no field 'maker'"),
    ],
)
def test_e010_path_that_leads_nowhere(register, path, text):
    register(Furniture, text={"A": [path]})
    only("xsearch.E010", text, "Correct the declaration of")


def test_e010_names_the_model_where_the_path_goes_wrong(register):
    register(Instrument, text={"A": ["maker__town__name"]}, store="vectors")
    only("xsearch.E010", "'maker__town__name': showcase.Maker has no field 'town'", "Correct the declaration of")


@pytest.mark.parametrize(
    ("store", "text"),
    [
        (None, "showcase.Plain is not an xsearch.models.EmbeddedModel. Mix it in, or name a companion"),
        ("title", "`store` of showcase.Plain is 'title'. It must be the reverse name of a OneToOneField"),
        ("nothing", "`store` of showcase.Plain is 'nothing'. It must be"),
    ],
)
def test_e011_model_without_a_place_for_vectors(register, store, text):
    register(Plain, text={"A": ["title"]}, store=store)
    only("xsearch.E011", text, "Correct the declaration of")


def test_e012_filter_without_a_field(register):
    register(Furniture, text={"A": ["title"]}, filters=["price"])
    only("xsearch.E012", "'price' is not a field of showcase.Furniture", "Correct the declaration of")


@pytest.mark.parametrize(
    ("declared", "kind"),
    [("manual", "FileField"), ("pattern", "BinaryField"), ("search_document", ""),
     ("text_embedding", ""), ("spans", "ArrayField")],
)  # fmt: skip
def test_e013_filter_over_a_field_that_is_not_compared(register, declared, kind):
    register(Garment, text={"A": ["title"]}, filters=[declared])
    only("xsearch.E013", f"'{declared}' of showcase.Garment is a {kind}", f"prepared = {{'{declared}': str}}")


@pytest.mark.parametrize("name", ["discount", "nothing", "price__title", "details_size"])
def test_e012_property_or_typing_error(register, name):
    register(Garment, text={"A": ["title"]}, filters=[name])
    only("xsearch.E012", f"'{name}'", "Correct the declaration of")


@pytest.mark.parametrize("name", ["model", "q", "page", "lang", "weights", "sort", "page_size", "like", "format"])
def test_e014_filter_that_is_called_like_a_parameter(register, name):
    register(Garment, text={"A": ["title"]}, filters=["price", name], aliases={name: "house__name"})
    only("xsearch.E014", f"the filter '{name}' can never be used", f"aliases = {{'its_{name}': 'house__name'}}")


def test_e014_filter_that_is_called_like_a_bound(register):
    register(Garment, text={"A": ["title"]}, filters=["price", "price_max"], aliases={"price_max": "stock"})
    only("xsearch.E014", "'price_max' is a bound of the filter 'price'", "aliases = {'its_price_max': 'stock'}")


def test_every_kind_of_filter_is_accepted(register):
    names = ["title", "price", "is_organic", "house", "season", "line", "departments", "variants", "sizes", "details",
             "details__size", "released", "added", "worn", "stickers", "garment_min"]  # fmt: skip
    register(Garment, text={"A": ["title"]}, filters=names, facets=names, aliases={"garment_min": "house__name"})
    assert found() == {}


def test_w012_facet_that_is_no_filter(register):
    register(Furniture, text={"A": ["title"]}, facets=["title"])
    only("xsearch.W012", "showcase.Furniture: facet 'title' is not a filter", "Add 'title' to `filters`")


@pytest.mark.parametrize("order", [(Furniture, Bargain), (Bargain, Furniture)])
def test_e050_proxy_beside_its_model(register, order):
    for model in order:
        register(model, text={"A": ["title"]})
    only(
        "xsearch.E050",
        "showcase.Bargain and showcase.Furniture are registered",
        "Remove the declaration of showcase.Bargain",
    )


def test_e050_proxies_beside_each_other(register):
    register(Bargain, text={"A": ["title"]})
    register(Rarity, text={"A": ["title"]})
    only("xsearch.E050", "Only showcase.Bargain is indexed", "Or register showcase.Rarity alone")


def test_w050_parent_and_child_that_differ(register):
    register(Furniture, text={"A": ["title"]})
    register(Chair, text={"A": ["title"], "B": ["legs"]})
    chair = Chair.objects.create(title="Armchair")
    run(Furniture)
    run(Chair)
    only(
        "xsearch.W050",
        "showcase.Furniture and showcase.Chair are registered, index the same objects",
        "Leave the objects of",
    )
    get_index(Furniture).get_queryset = lambda: Furniture.objects.exclude(pk=chair.pk)
    assert found() == {}


def test_a_parent_and_a_child_that_declare_the_same_are_fine(register):
    for model in (Furniture, Chair):
        register(model, text={"A": ["title"]})
    Chair.objects.create(title="Armchair")
    run(Furniture)
    run(Chair)
    assert found() == {}


def test_e051_composite_primary_key(register):
    register(Delivery, text={"A": ["title"]})
    only(
        "xsearch.E051",
        "showcase.Delivery has a composite primary key",
        "models.UniqueConstraint(fields=['depot', 'number']",
    )


@pytest.mark.parametrize(
    ("model", "declared", "text"),
    [
        (Furniture, {"image": "title"}, "showcase.Furniture: 'title' is a CharField"),
        (Furniture, {"image": "front", "audio": "title"}, "showcase.Furniture: 'title' is a CharField"),
        (Poster, {"image": "address"}, "showcase.Poster: 'address' is a CharField"),
        (Album, {"image": "pages"}, "showcase.Album: 'pages' is a ManyToOneRel"),
        (Album, {"image": "pages__is_deleted"}, "showcase.Album: 'pages__is_deleted' is a BooleanField"),
    ],
)
def test_e053_photo_that_is_no_file(register, model, declared, text):
    register(model, text={"A": ["title"]}, **declared)
    path = next(path for path in reversed(declared.values()))
    only("xsearch.E053", f"{text}, which holds no photo or sound", f"media_urls = [{path!r}]")


@pytest.mark.parametrize(
    "declared",
    [{"image": "photo"}, {"image": "address", "media_urls": ["address"]}, {"image": "cdn", "media_urls": ["cdn"]}],
)
def test_addresses_of_photos_are_fine(register, declared):
    register(Poster, text={"A": ["title"]}, **declared)
    assert found() == {}


class TestLostOptions:
    @pytest.fixture(autouse=True)
    def _apps(self, monkeypatch):
        with isolate_apps("tests.showcase") as apps:
            monkeypatch.setattr("xsearch.checks.models.apps", apps)
            yield

    @staticmethod
    def base():
        class AbstractProduct(models.Model):
            code = models.CharField(max_length=10)

            class Meta:
                abstract = True
                app_label = "showcase"
                ordering = ["code"]
                constraints = [models.UniqueConstraint(fields=["code"], name="%(class)s_code")]

        return AbstractProduct

    def test_e052_base_after_embedded_model(self):
        type("Lost", (EmbeddedModel, self.base()), {"__module__": "tests.showcase.models"})
        only(
            "xsearch.E052",
            "showcase.Lost has lost these options of AbstractProduct.Meta: constraints, ordering.",
            "class Lost(AbstractProduct, EmbeddedModel)",
        )

    def test_what_the_hint_says_keeps_them(self):
        base = self.base()
        module = {"__module__": "tests.showcase.models"}
        first = type("First", (base, EmbeddedModel), dict(module))
        inherited = type("Inherited", (EmbeddedModel, base), {**module, "Meta": type("Meta", (base.Meta,), {})})
        assert found() == {}
        for model in (first, inherited):
            assert model._meta.ordering == ["code"]
            assert [each.name for each in model._meta.constraints] == [f"{model._meta.model_name}_code"]

    def test_a_meta_of_its_own_is_what_the_shop_wants(self):
        own = {"__module__": "tests.showcase.models", "Meta": type("Meta", (), {"ordering": ["-code"]})}
        type("Own", (EmbeddedModel, self.base()), own)
        assert found() == {}


def test_w020_no_broker():
    before = current_app.conf.broker_url
    current_app.conf.update(broker_url=None)
    try:
        only("xsearch.W020", "Celery has no broker", "CELERY_BROKER_URL")
    finally:
        current_app.conf.update(broker_url=before)


@pytest.mark.parametrize(("name", "value"), [("TASKS", "rq"), ("SWEEP_BY", "hand")])
def test_e021_choice_that_is_none(settings, name, value):
    settings.XSEARCH = {**settings.XSEARCH, name: value}
    only("xsearch.E021", f"XSEARCH['{name}'] is '{value}'", "Allowed are '")


class TestDjangoTasks:
    @pytest.fixture(autouse=True)
    def _no_celery(self, settings):
        """The shop has no Celery app of its own, and says that cron runs the sweep."""
        settings.XSEARCH = {**settings.XSEARCH, "TASKS": "django", "SWEEP_BY": "cron"}
        before = current_app.conf.broker_url
        current_app.conf.update(broker_url=None)
        yield
        current_app.conf.update(broker_url=before)

    def test_a_set_up_that_is_fine_has_no_findings(self, settings):
        settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
        assert found() == {}

    def test_e021_django_without_tasks(self, monkeypatch):
        monkeypatch.setattr("xsearch.indexing.queues.find_spec", lambda _name: None)
        only("xsearch.E021", "Django before 6.0 has no tasks", "pip install django-tasks")

    def test_e021_backend_that_cannot_be_made(self, settings):
        settings.TASKS = {"default": {"BACKEND": "no.such.Backend"}}
        only("xsearch.E021", "cannot be used", "correct TASKS['default']")

    def test_w021_tasks_that_run_inside_saves(self):
        only("xsearch.W021", "every save waits until the product is indexed", "pip install django-tasks-db")

    def test_e022_queue_that_the_backend_does_not_have(self, settings):
        settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
        settings.XSEARCH = {**settings.XSEARCH, "TASK_QUEUE": "search"}
        only("xsearch.E022", "'search', which is no queue", "TASKS['default']['QUEUES']")

    def test_w023_nothing_schedules_the_sweep(self, settings):
        settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
        settings.XSEARCH = {**settings.XSEARCH, "SWEEP_BY": "beat"}
        only("xsearch.W023", "Nobody runs the sweep", "python manage.py xsearch_sweep` every minute")


@pytest.fixture
def schedule():
    """Return a function that sets Celery's configuration."""
    before = {name: current_app.conf[name] for name in ("beat_schedule", "beat_scheduler")}
    yield lambda **configuration: current_app.conf.update(**configuration)
    current_app.conf.update(**before)


def test_w023_no_beat_entry(schedule):
    schedule(beat_schedule={"tidy": {"task": "xsearch.tidy", "schedule": 3600.0}})
    only("xsearch.W023", "Nobody runs the sweep", "'task': 'xsearch.sweep', 'schedule': 60.0")


def test_no_beat_entry_is_needed_by_another_scheduler_or_where_cron_runs_the_sweep(schedule, settings):
    schedule(beat_schedule={}, beat_scheduler="redbeat.RedBeatScheduler")
    assert found() == {}
    schedule(beat_scheduler="celery.beat:PersistentScheduler")
    settings.XSEARCH = {**settings.XSEARCH, "SWEEP_BY": "cron"}
    assert found() == {}


STORED_SCHEDULE = """
import django
django.setup()
from django.core.checks import run_checks
from django.core.management import call_command
from django_celery_beat.models import IntervalSchedule, PeriodicTask

def look():
    print([message.hint for message in run_checks(tags=["xsearch"], databases=["default"]) if message.id == "xsearch.W023"])

look()
call_command("migrate", "django_celery_beat", verbosity=0)
look()
every, _ = IntervalSchedule.objects.get_or_create(every=1, period=IntervalSchedule.MINUTES)
PeriodicTask.objects.create(name="sweep", task="xsearch.sweep", interval=every)
look()
call_command("migrate", "django_celery_beat", "zero", verbosity=0)
"""


@pytest.mark.django_db(transaction=True)
def test_w023_in_the_schedule_of_django_celery_beat(settings):
    pytest.importorskip("django_celery_beat", reason="django-celery-beat supports Django before 6.1")
    process = start_process(
        "-c",
        STORED_SCHEDULE,
        INSTALLED_APPS=[*settings.INSTALLED_APPS, "django_celery_beat"],
        CELERY_BEAT_SCHEDULE={},
    )
    out, _ = process.communicate(timeout=120)
    before, without, with_task = out.splitlines()[-3:]
    assert (before, with_task) == ("[]", "[]"), out  # not migrated is Django's to say
    assert "Add a periodic task xsearch.sweep, every minute, in the admin." in without


def test_w024_api_without_an_address(settings):
    settings.ROOT_URLCONF = "tests.test_checks"
    only("xsearch.W024", "The API of xsearch has no address", 'path("api/xsearch/", include("xsearch.api.urls"))')


urlpatterns: list = []


def test_addresses_that_cannot_be_read_are_djangos_to_report(settings):
    settings.ROOT_URLCONF = "no.such.addresses"
    assert checks.check_api() == []


def test_w025_missing_tables():
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE xsearch_term CASCADE")
    only("xsearch.W025", "The database 'default' has no table xsearch_term", "python manage.py migrate")


def test_w025_is_not_for_the_command_that_makes_the_tables(monkeypatch):
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE xsearch_term CASCADE")
    monkeypatch.setattr("sys.argv", ["manage.py", "migrate"])
    assert found() == {}


def test_w025_missing_columns():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE shop_product DROP COLUMN image_embedding, DROP COLUMN search_document")
    text = "The table of shop.Product has no image_embedding, search_document"
    only("xsearch.W025", text, "python manage.py makemigrations shop && python manage.py migrate")


def test_w026_nothing_indexed_yet():
    assert found() == {}  # an empty shop
    add("A")
    only("xsearch.W026", "Nothing of shop.Product is indexed yet", "python manage.py xsearch_index shop.Product")
    run()
    assert found() == {}


def test_e030_another_database(monkeypatch):
    monkeypatch.setattr(connections["default"], "vendor", "sqlite")
    messages = {message.id: message for message in checks.check_database(databases=["default"])}
    assert messages.keys() == {"xsearch.E030"}


def test_e031_pgvector_too_old(monkeypatch):
    monkeypatch.setattr(databases, "MIN_PGVECTOR", (99, 0))
    only("xsearch.E031", "is older than", "ALTER EXTENSION vector UPDATE;")


def test_w031_tables_of_another_version():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE xsearch_encoderspace DROP COLUMN fingerprint CASCADE")
    only("xsearch.W031", "cannot read the database 'default'", "python manage.py migrate")


def test_w032_vectors_of_another_encoder(use_encoder, settings):
    add("A", photo=1)
    run()
    settings.XSEARCH = {
        **settings.XSEARCH,
        "ENCODERS": {
            "test": {"BACKEND": "tests.support.encoders.HashEncoder"},
            "new": {"BACKEND": "tests.support.encoders.HashEncoder", "OPTIONS": {"revision": "2"}},
        },
        "EMBEDDINGS": {"text": "test", "image": "new", "audio": None},
    }
    only("xsearch.W032", "The image vectors of shop.Product are not those", "manage.py xsearch_rebuild shop.Product")


def test_w033_missing_index():
    add("A", photo=1)
    run()
    store = next(store for store in get_index(Product).stores() if store.key == "image:photos")
    vector_indexes.drop_vector_index(store, store.column)
    only(
        "xsearch.W033", "shop.ProductPhoto.image_embedding has no vector index", "manage.py xsearch_index shop.Product"
    )


def test_the_database_is_asked_only_where_django_does_so(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert found(databases=()) == {}
