"""Build the wheel, install it alone into an empty virtual environment, and look at what a shop would get."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

#: Runs inside the empty environment, away from the checkout.
LOOK = """
import importlib.util, pathlib, sys
import django
from django.conf import settings

settings.configure(
    INSTALLED_APPS=[*(f"django.contrib.{app}" for app in ("auth", "contenttypes", "postgres")), "xsearch"],
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "unused"}},
)
import xsearch
django.setup()

package = pathlib.Path(xsearch.__file__).parent
assert package.is_relative_to(sys.prefix), f"imported from {package}, not from the wheel"
for pattern in [
    "py.typed",
    "templates/**/*.html",
    "static/**/*.js",
    "static/**/*.css",
    "encoders/weights/*.onnx",
    "text/glossary.txt",
    "speech/spelling_rules.txt",
    "speech/words.txt",
    "text/words.txt",
    "locale/zh_Hans/LC_MESSAGES/django.mo",
    "migrations/0001_*.py",
]:
    assert any(package.glob(pattern)), f"the wheel has no {pattern}"
for heavy in ["torch", "transformers"]:
    assert importlib.util.find_spec(heavy) is None, f"the base install brings {heavy}"
print("xsearch", xsearch.__version__ if hasattr(xsearch, "__version__") else "", "imported from", package)
"""


def main() -> None:
    """Print what was built and imported; fail with the step that failed."""
    with tempfile.TemporaryDirectory(prefix="wheel-") as folder:
        wheel = build(Path(folder))
        print(f"built {wheel.name}, {wheel.stat().st_size / 1e6:.1f} MB", flush=True)
        python = install(wheel, Path(folder) / "venv")
        run(python, "-c", LOOK, cwd=folder)


def build(folder: Path) -> Path:
    """Build the wheel of the checkout into ``folder``."""
    run(sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT, stdout=subprocess.DEVNULL)
    return next(folder.glob("*.whl"))


def install(wheel: Path, venv: Path) -> Path:
    """Install ``wheel`` with the pinned versions into a new environment and return its Python."""
    run(os.environ.get("BASE_PYTHON", sys.executable), "-m", "venv", venv)
    python = venv / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", "-c", ROOT / "constraints.txt", wheel)
    return python


def run(*command: object, **options: object) -> None:
    """Run a command; its failure is ours."""
    subprocess.run([str(part) for part in command], check=True, **options)  # type: ignore[call-overload]


if __name__ == "__main__":
    main()
