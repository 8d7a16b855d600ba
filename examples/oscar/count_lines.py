"""Print how many lines of a package a shop writes: no empty lines, comments and docstrings, and no generated files."""

import ast
import sys
from pathlib import Path


def python_lines(source: str) -> set[int]:
    """Return the numbers of the lines that are neither empty, nor comments, nor docstrings."""
    numbers = {n for n, line in enumerate(source.splitlines(), 1) if line.strip() and not line.strip().startswith("#")}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            numbers -= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    return numbers


def count(folder: Path) -> dict[str, int]:
    """Return the lines of each file of a package."""
    found = {}
    for file in sorted(folder.rglob("*")):
        if file.suffix not in {".py", ".html", ".css"} or file.name.startswith("0001_"):
            continue
        source = file.read_text()
        lines = python_lines(source) if file.suffix == ".py" else [line for line in source.splitlines() if line.strip()]
        found[str(file.relative_to(folder))] = len(lines)
    return {name: number for name, number in found.items() if number}


if __name__ == "__main__":
    package = Path(__file__).parent / sys.argv[1]
    files = count(package)
    for name, number in files.items():
        print(f"{number:5}  {name}")
    print(f"{sum(files.values()):5}  lines in all of {package.name}")
