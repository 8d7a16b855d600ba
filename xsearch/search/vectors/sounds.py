"""Whether a recording is the sound of an object, whatever words a recogniser hears in it."""

from __future__ import annotations

from xsearch.index.registry import Index
from xsearch.index.stores import Store
from xsearch.media import Waveform
from xsearch.search.expressions import CosineDistance
from xsearch.search.vectors.calibration import background
from xsearch.search.vectors.live import IsLive, SpaceSwapped
from xsearch.search.vectors.parts import VectorPart, encode_parts


def is_one_of(index: Index, waveform: Waveform) -> bool:
    """Say whether ``waveform`` is as near to the sound of an object as these are to their nearest neighbours."""
    parts = [part for part in encode_parts(index, {"audio": waveform}, []) if part.column == "audio"]
    try:
        return any(_is_near(index, part, store) for part in parts for store in part.stores)
    except SpaceSwapped:
        return False


def _is_near(index: Index, part: VectorPart, store: Store) -> bool:
    known = background(index, part)
    rows = store.model._base_manager.filter(IsLive(part.space, store)).exclude(**{store.column: None})
    distance = CosineDistance(store.column, part.vector)
    nearest = rows.order_by(distance).values_list(distance, flat=True).first()
    # Of too few sounds nobody knows what is near.
    return known.near_from is not None and nearest is not None and 1 - nearest >= known.near_from
