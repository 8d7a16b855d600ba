"""The README's installation, carried out to the letter in an empty project, with real servers."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from tests.support import ROOT
from tests.support.processes import redis_server, stop_group
from tests.support.readme import installation

pytestmark = pytest.mark.django_db(transaction=True)
DATABASE = "readme_yourshop"
#: What an empty project lacks: a database that is PostgreSQL, and its own app.
SHOP = """
INSTALLED_APPS += ["catalogue"]
ALLOWED_HOSTS = ["testserver"]
MEDIA_ROOT = BASE_DIR / "media"
DATABASES = {{"default": {{"ENGINE": "django.db.backends.postgresql", "NAME": "{name}", **{address}}}}}
"""
PRODUCTS = """
from pathlib import Path
from django.core.files.base import ContentFile
from catalogue.models import Product

for number, title, is_public in [(1, "Striped mug", True), (2, "Plain mug", True), (3, "Secret mug", False)]:
    photo = Path("{photos}") / f"demo-mug-{{number}}-1.webp"
    file = ContentFile(photo.read_bytes(), photo.name)
    Product.objects.create(title=title, colour="blue", price=9, is_public=is_public, photo=file)
"""
LOOK = """
import json, time
from django.template import Context, Template
from django.test import Client
from catalogue.models import Product

get = Client().get
def hits(q): return [hit["title"] for hit in get("/api/xsearch/search/", {"q": q}).json()["hits"]]
page = get("/search/", {"q": "mug"})
product = Product.objects.get(title="Striped mug")
new = Product.objects.create(title="Woollen scarf", colour="green", price=20)
end = time.monotonic() + 90
while "Woollen scarf" not in hits("scarf") and time.monotonic() < end:
    time.sleep(0.2)
print(json.dumps({
    "status": page.status_code,
    "bar": "data-xsearch-bar" in page.content.decode(),
    "on_page": [title for title in ("Striped mug", "Plain mug", "Secret mug") if title in page.content.decode()],
    "hits": sorted(hits("mug")),
    "hidden": hits("secret mug"),
    "suggested": {q: get("/api/xsearch/suggest/", {"q": q}).json()["suggestions"] for q in ("str", "secr")},
    "similar": sorted(hit["title"] for hit in get(f"/api/xsearch/similar/{product.pk}/").json()["hits"]),
    "tag": Template("{% load xsearch %}{% xsearch_similar product %}").render(Context({"product": product})),
    "saved_later": hits("scarf"),
}))
"""


class Project:
    """An empty project in a folder, with the database and the broker that its environment names."""

    def __init__(self, folder: Path, broker: str) -> None:
        self.folder = folder
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        self.environment = environment | {"PATH": programs, "PYTHONPATH": str(ROOT), "CELERY_BROKER_URL": broker}
        self.processes: list[subprocess.Popen[bytes]] = []

    def run(self, command: str, text: str = "") -> str:
        """Run a command line in the folder of the project; its failure is the test's."""
        done = subprocess.run(
            command, shell=True, cwd=self.folder, env=self.environment, input=text, capture_output=True, text=True, check=False
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def start(self, command: str) -> None:
        """Start a command that does not end."""
        with (self.folder / "worker.log").open("wb") as log:
            options = {"cwd": self.folder, "env": self.environment, "stdout": log, "stderr": log}
            process = subprocess.Popen(command, shell=True, start_new_session=True, **options)
        self.processes.append(process)

    def append(self, name: str, text: str) -> None:
        """Add text to a file, as a reader of the README does."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a") as stream:
            stream.write(f"\n{text}")


@pytest.fixture
def project(tmp_path):
    """Start an empty project with PostgreSQL; the database is dropped afterwards."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
        cursor.execute(f"CREATE DATABASE {DATABASE}")
    with redis_server(tmp_path) as broker:
        made = Project(tmp_path / "project", broker.url)
        made.folder.mkdir()
        made.run("django-admin startproject yourshop . && python manage.py startapp catalogue")
        address = {name: connection.settings_dict[name] for name in ("HOST", "PORT", "USER", "PASSWORD")}
        made.append("yourshop/settings.py", SHOP.format(name=DATABASE, address=address))
        yield made
        for process in made.processes:
            stop_group(process)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


def test_the_installation_leads_to_a_bar_that_answers(project):
    for kind, *what in installation():
        if kind == "file":
            project.append(*what)
        elif what[0].startswith("celery"):
            project.start(what[0])
        elif not what[0].startswith("pip"):
            said = project.run(what[0])
            if "makemigrations" in what[0]:
                project.run("python manage.py shell", PRODUCTS.format(photos=ROOT / "shop/demo_catalogue/images"))
            if "check" in what[0]:
                assert "no issues" in said
    found = json.loads(project.run("python manage.py shell -v 0", LOOK).strip().splitlines()[-1])
    assert found["status"] == 200
    assert found["bar"]
    assert found["on_page"] == ["Striped mug", "Plain mug"]
    assert found["hits"] == ["Plain mug", "Striped mug"]
    assert "Secret mug" not in found["hidden"]
    assert "Striped mug" in found["suggested"]["str"]
    assert found["suggested"]["secr"] == []
    assert "Plain mug" in found["similar"]
    assert "Secret mug" not in found["similar"]
    assert "Plain mug" in found["tag"]
    assert "Secret mug" not in found["tag"]
    assert found["saved_later"][0] == "Woollen scarf"
