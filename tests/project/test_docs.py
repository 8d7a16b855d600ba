"""The documentation: links, paths, names and commands in it exist, and the reference pages are complete."""

import pkgutil
import re
import tomllib

import pytest
from django.core.management import get_commands

from tests.support import ROOT
from xsearch.conf import DEFAULTS

PAGES = sorted(
    path.relative_to(ROOT)
    for pattern in ("*.md", "docs/**/*.md", "tools/**/*.md", "tests/**/*.md", "xsearch/**/*.md")
    for path in ROOT.glob(pattern)
)
#: Names modules as they were before.
CHANGELOG = "CHANGELOG.md"

LINK = re.compile(r"\]\((?!https?:)([^)\s#]*)(?:#([^)\s]+))?\)")
CODE_BLOCK = re.compile(r"^( *)```.*?^\1```", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"`((?:docs|shop|tests|tools|xsearch)/[\w./-]+)`")
TEST_FILE = re.compile(r"\btests/[\w/]+\.py\b")
PROGRAM = re.compile(r"python -m ((?:tests|tools|xsearch)[\w.]*)")
MANAGEMENT_COMMAND = re.compile(r"manage\.py ([a-z]\w*)")
TARGET = re.compile(r"(?:^ *|`|PORT=\d+ )make ([a-z]+)", re.MULTILINE)
PUBLIC_NAME = re.compile(r"(?<![\w./-])xsearch(?:\.[A-Za-z]\w*)+")
#: Celery's names of tasks, ids of checks, and events of the widgets.
NO_PYTHON_NAME = re.compile(r"xsearch\.(sweep|tidy|index_pending|[EW]\d{3})\b")
DOCS_IN_CODE = re.compile(r"\bdocs/[\w/-]+\.md\b")


def text_of(page):
    return (ROOT / page).read_text()


def headings(page):
    """Return the anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ +(.+)$", CODE_BLOCK.sub("", text_of(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def exists(name):
    # Templates and static files are named as Django finds them.
    places = (ROOT, ROOT / "xsearch/templates", ROOT / "xsearch/static")
    return any((place / name).exists() for place in places)


def is_program(module):
    path = ROOT / module.replace(".", "/")
    return path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()


def is_public_name(name):
    try:
        pkgutil.resolve_name(name)
    except (ImportError, AttributeError):
        return False
    return True


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_to_a_page_and_to_a_heading_of_it(page):
    broken = []
    for target, anchor in LINK.findall(CODE_BLOCK.sub("", text_of(page))):
        path = (ROOT / page).parent / target if target else ROOT / page
        if not path.exists() or (anchor and anchor not in headings(path)):
            broken.append(f"{target}#{anchor}" if anchor else target)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_files_that_a_page_names_exist(page):
    text = text_of(page)
    named = {name.rstrip("/") for name in FILE.findall(text) if "<" not in name} | set(TEST_FILE.findall(text))
    assert sorted(name for name in named if not exists(name)) == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_commands_that_a_page_names_exist(page):
    text = text_of(page)
    targets = re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE)
    known = get_commands()
    unknown = [f"python -m {module}" for module in PROGRAM.findall(text) if not is_program(module)]
    unknown += [f"manage.py {name}" for name in MANAGEMENT_COMMAND.findall(text) if name not in known]
    unknown += [f"make {name}" for name in TARGET.findall(text) if name not in targets]
    assert unknown == []


@pytest.mark.parametrize("page", [page for page in PAGES if str(page) != CHANGELOG], ids=str)
def test_python_names_that_a_page_mentions_exist(page):
    names = {name for name in PUBLIC_NAME.findall(text_of(page)) if not NO_PYTHON_NAME.match(name)}
    assert sorted(name for name in names if not is_public_name(name)) == []


def test_pages_that_the_code_names_exist():
    files = [path for folder in ("xsearch", "shop", "tests", "tools") for path in (ROOT / folder).rglob("*.py")]
    named = {(str(path.relative_to(ROOT)), name) for path in files for name in DOCS_IN_CODE.findall(path.read_text())}
    assert sorted(each for each in named if not exists(each[1])) == []


def test_the_readme_is_short():
    assert len(text_of("README.md").splitlines()) <= 150


def test_the_map_lists_every_page():
    listed = {(ROOT / "docs" / target).resolve() for target, _ in LINK.findall(text_of("docs/README.md"))}
    pages = {path for path in (ROOT / "docs").rglob("*.md") if path.parent.name != "decisions"}
    assert sorted(str(page.relative_to(ROOT)) for page in pages - listed) == ["docs/README.md"]


def test_every_setting_is_described():
    assert sorted(set(DEFAULTS) - set(re.findall(r"`([A-Z_]+)`", text_of("docs/reference/settings.md")))) == []


def test_every_command_is_described():
    named = set(re.findall(r"^\| `(xsearch_\w+)", text_of("docs/reference/commands.md"), re.MULTILINE))
    assert named == {name for name, app in get_commands().items() if app == "xsearch"}


def test_every_extra_is_described():
    extras = tomllib.loads(text_of("pyproject.toml"))["project"]["optional-dependencies"]
    named = set(re.findall(r"^\| `([\w-]+)`", text_of("docs/reference/extras.md"), re.MULTILINE))
    assert named == {name for name in extras if name != "demo" and not name.startswith("test")}
