"""Run the parts of the benchmark, compare the figures with the bars, and show them as a table or a plot."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from xsearch.benchmark import catalogue, models, scale, suggest, throughput
from xsearch.benchmark.figures import Bar, Figures, at_least, at_most, timed
from xsearch.benchmark.scratch import made_up_photos
from xsearch.encoders import encoder_from_spec
from xsearch.index.registry import Index
from xsearch.media import load_image

PARTS = ("catalogue", "bundled", "models", "bulk", "growth", "swap", "suggest")
BUNDLED = {"BACKEND": "xsearch.encoders.builtin.BuiltinEncoder", "OPTIONS": {}}


@dataclass(frozen=True)
class BenchmarkRequest:
    """The parts to measure, the sizes of catalogues, and the number of repeats."""

    parts: Sequence[str] = PARTS
    sizes: Sequence[int] = (1_000, 10_000, 100_000)
    repeats: int = 100
    products: int = 256
    recording: bytes | None = None
    progress: Callable[[str], None] = field(default=lambda _line: None)


def measure(index: Index, request: BenchmarkRequest) -> Figures:
    """Measure the parts of ``request``; the figures of the shop's own catalogue are at the top level."""
    figures: Figures = {}
    if "catalogue" in request.parts:
        request.progress("the catalogue in the database")
        figures |= _catalogue(index, request)
    if "bundled" in request.parts:
        encoder = encoder_from_spec(BUNDLED)
        images = [load_image(photo) for photo in made_up_photos(request.repeats)]
        calls = [lambda image=image: encoder.encode_batch("image", [image]) for image in images]
        figures["bundled"] = timed(calls)
    with tempfile.TemporaryDirectory(prefix="xsearch-benchmark-") as folder:
        encoders = {"bundled": BUNDLED}
        if "models" in request.parts:
            figures["models"], exported = models.measure_models(models.SHAPES, Path(folder), request.progress)
            encoders |= exported
        if "bulk" in request.parts:
            figures["bulk"] = throughput.measure_bulk(encoders, request.products, request.progress)
        if "growth" in request.parts:
            # A shop without a GPU would not use torch for photo queries.
            served = {name: spec for name, spec in encoders.items() if "torch" not in name}
            figures |= scale.measure_growth(request.sizes, served, request.repeats, request.progress)
    if "swap" in request.parts:
        figures["swap"] = scale.measure_swap(max(request.sizes), request.repeats, request.progress)
    if "suggest" in request.parts:
        figures["suggestions"] = suggest.measure_suggestions(request.sizes, request.repeats, request.progress)
    return figures | {"bars": list(bars(figures))}


def _catalogue(index: Index, request: BenchmarkRequest) -> Figures:
    figures: Figures = {
        "indexing": catalogue.measure_indexing(index),
        "encoder": catalogue.measure_encoders(index, request.repeats),
        "queries": catalogue.measure_queries(index, request.repeats, request.recording),
    }
    if photo := catalogue.first_photo(index):
        with tempfile.TemporaryDirectory() as folder:
            figures["memory"] = catalogue.measure_memory(index, photo, folder)
    return figures


def bars(figures: Figures) -> Iterator[Bar]:
    """Yield a bar for each figure that must reach one."""
    for encoder, sizes in figures.get("photo_query", {}).items():
        size, found = list(sizes.items())[-1]
        what = f"photo query at {int(size):,} products, {encoder}: p95 ms"
        yield at_most(what, found["search"]["p95_ms"], found["bar_ms"])
    if "models" in figures:
        yield from models.bars(figures["models"])
    if "bundled" in figures:
        yield at_most("bundled encoder, one photo: ms", figures["bundled"]["p50_ms"], 10)
    for encoder, found in figures.get("bulk", {}).items():
        yield at_least(f"bulk indexing against the encoder's own rate, {encoder}", found["share"], 0.9)
    for size, shares in list(figures.get("walk", {}).items())[-1:]:
        for share, found in shares.items():
            what = f"{int(size):,} × {scale.DIMENSION}, filter passes {share}"
            yield at_least(f"{what}: recall@10", found["recall@10"], 0.98)
            yield at_most(f"{what}: p95 ms of SQL", found["p95_ms"], 10)
    for size, found in list(figures.get("suggestions", {}).items())[-1:]:
        yield at_most(f"suggestions at {int(size):,} products: p95 ms", found["all"]["p95_ms"], suggest.ALLOWED_MS)
    if "memory" in figures:
        yield at_most("web worker after its first photo query: MB", figures["memory"]["after_photo_query_mb"], 300)


def as_table(figures: Figures) -> str:
    """Return the figures as indented lines; the bars come last."""
    measured = {name: value for name, value in figures.items() if name != "bars"}
    return "\n".join([*_lines(measured), "", *_rows(figures["bars"])])


def _lines(values: Figures, depth: int = 0) -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield f"{'  ' * depth}{name}:"
            yield from _lines(value, depth + 1)
        else:
            yield f"{'  ' * depth}{name:{max(24 - 2 * depth, 1)}} {value}"


def _rows(bars: Sequence[Bar]) -> Iterator[str]:
    rows = [(bar["what"], f"{bar['measured']:g}", bar["bar"], "reached" if bar["passed"] else "missed") for bar in bars]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def draw_growth(figures: Figures, path: Path) -> None:
    """Plot times against the size of the catalogue as SVG, where the part "growth" was measured; needs Matplotlib."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    curves = growth_curves(figures)
    if not curves:
        return
    picture = Figure(figsize=(9, 5), layout="constrained")
    axes = picture.subplots()
    for name, curve in curves.items():
        axes.loglog(list(curve), list(curve.values()), marker="o", label=name)
    axes.set_xticks(sorted({size for curve in curves.values() for size in curve}))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_major_formatter("{x:g} ms")
    axes.minorticks_off()
    axes.set_xlabel("products")
    axes.grid(axis="y")
    picture.legend(loc="outside right upper")
    with mpl.rc_context({"svg.fonttype": "none"}):  # text stays text
        picture.savefig(path, format="svg", metadata={"Date": None})


def growth_curves(figures: Figures) -> dict[str, dict[int, float]]:
    """Return p95 in milliseconds by size: whole photo queries by encoder, and the database's share by filter."""
    curves: dict[str, dict[int, float]] = {}
    for encoder, sizes in figures.get("photo_query", {}).items():
        curves[f"photo query, {encoder}"] = {int(size): found["search"]["p95_ms"] for size, found in sizes.items()}
    for size, shares in figures.get("walk", {}).items():
        for share, found in shares.items():
            curves.setdefault(f"SQL, filter passes {share}", {})[int(size)] = found["p95_ms"]
    return curves
