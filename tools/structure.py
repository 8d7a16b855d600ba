"""Print the figures of the project's structure: ``python tools/structure.py [--json] [PACKAGE]``.

Lines and files, modules in the package's root, import cycles, the longest chain of imports, public names that several
files define, and the parameters of ``xsearch.search``. Imports inside functions count; those for types only do not.
"""

from __future__ import annotations

import argparse
import ast
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import grimp
import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

ROOT = Path(__file__).resolve().parent.parent


def measure(package: str = "xsearch", root: Path = ROOT) -> dict[str, Any]:
    """Return the figures of ``package`` below ``root``."""
    files = [file for file in sorted((root / package).rglob("*.py")) if "migrations" not in file.parts]
    imports = import_graph(package)
    cycles = import_cycles(imports)
    repeated = repeated_names(files, root)
    return {
        "files": len(files),
        "lines": sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files),
        "modules_in_root": len([file for file in files if file.parent == root / package]),
        "files_below_40_lines": len([file for file in files if len(file.read_text().splitlines()) < 40]),
        "import_cycles": len(cycles),
        "modules_in_cycles": sorted(module for cycle in cycles for module in cycle),
        "longest_import_chain": longest_chain(imports, cycles),
        "names_defined_several_times": repeated,
        "parameters_of_search": parameters_of_search(files),
    }


def import_graph(package: str) -> dict[str, set[str]]:
    """Return which modules each module of ``package`` imports; packages only stand for their ``__init__``."""
    graph = grimp.build_graph(package, exclude_type_checking_imports=True, cache_dir=None)
    names = {name for name in graph.modules if ".migrations" not in name}
    return {name: graph.find_modules_directly_imported_by(name) & names for name in names}


def import_cycles(imports: Mapping[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules that import each other (strongly connected components of two and more)."""
    groups = defaultdict(list)
    for name, label in zip(sorted(imports), _components(imports), strict=True):
        groups[label].append(name)
    return [group for group in groups.values() if len(group) > 1]


def _components(imports: Mapping[str, set[str]]) -> Any:
    places = {name: place for place, name in enumerate(sorted(imports))}
    edges = [(places[name], places[other]) for name, others in imports.items() for other in others]
    rows, columns = np.array(edges).T
    matrix = csr_array((np.ones(len(edges)), (rows, columns)), shape=(len(places), len(places)))
    return connected_components(matrix, directed=True, connection="strong")[1]


def longest_chain(imports: Mapping[str, set[str]], cycles: list[list[str]]) -> int:
    """Return how many modules the longest chain of imports has; a cycle counts as one module."""
    merged = {module: cycle[0] for cycle in cycles for module in cycle}
    graph: dict[str, set[str]] = defaultdict(set)
    for name, others in imports.items():
        own = merged.get(name, name)
        graph[own] |= {merged.get(other, other) for other in others} - {own}
    lengths: dict[str, int] = {}

    def length(name: str) -> int:
        if name not in lengths:
            lengths[name] = 1 + max(map(length, graph[name]), default=0)
        return lengths[name]

    return max(map(length, list(graph)))


def repeated_names(files: list[Path], root: Path) -> dict[str, list[str]]:
    """Return the public classes and type aliases that more than one file defines."""
    places: dict[str, set[str]] = defaultdict(set)
    for file in files:
        for name in _public_definitions(ast.parse(file.read_text(encoding="utf-8"))):
            places[name].add(str(file.relative_to(root)))
    return {name: sorted(found) for name, found in sorted(places.items()) if len(found) > 1 and name != "Command"}


def _public_definitions(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node.name
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            # CamelCase: a type alias or a type variable.
            if name[0].isupper() and not name.isupper() and not name.startswith("_") and "_" not in name:
                yield name


def parameters_of_search(files: list[Path]) -> int | None:
    """Return how many named parameters the function ``search`` of the engine has, the queryset included."""
    for file in files:
        if file.name == "engine.py" and file.parent.name == "search":
            for node in ast.parse(file.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.FunctionDef) and node.name == "search":
                    return len(node.args.posonlyargs) + len(node.args.args) + len(node.args.kwonlyargs)
    return None


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", nargs="?", default="xsearch")
    parser.add_argument("--root", type=Path, default=ROOT)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    sys.path.insert(0, str(options.root))
    found = measure(options.package, options.root.resolve())
    if options.json:
        print(json.dumps(found, indent=2))
        return
    for name, value in found.items():
        shown = f"{len(value)}: {', '.join(value)}" if isinstance(value, list | dict) else value
        print(f"{name.replace('_', ' ')}: {shown}")


if __name__ == "__main__":
    main()
