"""The canvas on which products are built from parts: silhouettes with a surface and a form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw

from tools.rendering.fields import Field, blurred, noise, resized, resized_box, shifted
from tools.rendering.outlines import Outline, band, dashes, moved
from tools.rendering.prints import print_layers
from tools.rendering.shading import Normals, creased, inflated, reflect, turned
from tools.rendering.surfaces import Region, Surface
from tools.rendering.textures import texture
from tools.rendering.vocabulary import RGB

Form = Literal["inflate", "turn", "flat"]

_CLOTH_FULLNESS = 0.66  # cloth that lies flat is rounded less than a solid
_SHADING_PX = 200  # forms are shaded at about this resolution and enlarged


class Canvas:
    """A square frame, x and y in [-1, 1], collecting colour, coverage, light and highlight."""

    def __init__(self, size: int, *, zoom: float = 1.0, centre: tuple[float, float] = (0.0, 0.0), seed: int = 0):
        self.size = size
        self.scale = size / 2 * zoom
        self.origin = np.array([size / 2 - self.scale * centre[0], size / 2 - self.scale * centre[1]])
        self.low = max(1, round(size / _SHADING_PX))
        self.oversampling = 3 if size > 200 else 4
        self.albedo = Image.new("RGB", (size, size))
        self.alpha = np.zeros((size, size), np.float32)
        self.light = np.ones((size, size), np.float32)
        self.shine = np.zeros((size, size), np.float32)
        self.rng = np.random.default_rng(seed)

    # -- parts ---------------------------------------------------------------------------------

    def part(
        self,
        outline: Outline,
        surface: Surface,
        *,
        form: Form = "inflate",
        depth: float = 0.12,
        fullness: float | None = None,
        lift: float = 0.0,
        angle: float = 0.0,
        holes: Sequence[Outline] = (),
        within: Region | None = None,
        folds: float = 1.0,
        shade: float = 1.0,
    ) -> Region | None:
        """Lay a part on the canvas.

        `depth` is how far from the edge the form is rounded, `lift` how far it stands off what lies
        beneath (it throws a soft shadow there), `angle` turns its pattern, `shade` scales its light.
        """
        region = self._covered([outline], holes)
        if region is None:
            return None
        if within is not None:
            region = self._clipped(region, within)
        if lift:
            self._occlude(region, lift)
        if fullness is None:
            fullness = _CLOTH_FULLNESS if surface.material.folds else 1.0
        normals = self._normals(region, surface, form, depth, fullness, folds)
        light, shine = reflect(normals, surface.material)
        self._compose(region, surface, light * shade, shine, self._opacity(normals, surface))
        self._colour(region, surface, normals, angle)
        return region

    def line(
        self, line: Outline, width: float, *, rgb: RGB | None = None, dark: float = 0.25, within: Region | None = None
    ) -> None:
        """Draw a line on what is there: a groove (`dark`), or paint (`rgb`)."""
        self.lines([line], width, rgb=rgb, dark=dark, within=within)

    def lines(
        self,
        lines: Sequence[Outline],
        width: float,
        *,
        rgb: RGB | None = None,
        dark: float = 0.25,
        within: Region | None = None,
    ) -> None:
        """Draw several lines at once, see `line`."""
        least = 1.1 / self.scale
        fade = min(1.0, width / least)
        self.marks([band(line, max(width, least)) for line in lines], rgb=rgb, dark=dark * fade, within=within)

    def stitches(self, line: Outline, rgb: RGB, *, width: float = 0.008, length: float = 0.028) -> None:
        """Sew along a line."""
        if self.scale * length < 2.5:
            self.line(line, width, rgb=rgb, dark=0.05)
            return
        self.lines(dashes(line, length, length * 0.55), width, rgb=rgb, dark=0.05)

    def marks(
        self, outlines: Sequence[Outline], *, rgb: RGB | None = None, dark: float = 0.0, within: Region | None = None
    ) -> None:
        """Paint flat shapes on what is there, or only darken it."""
        region = self._covered(outlines, ())
        if region is None:
            return
        if within is not None:
            region = self._clipped(region, within)
        cover = region.mask * (self.alpha[region.window] > 0.5)
        if rgb is not None:
            self._paste(region.box, rgb, cover)
        if dark:
            self.light[region.window] *= 1 - dark * cover

    def creases(self, lines: Sequence[Outline], width: float, strength: float, within: Region | None) -> None:
        """Press soft folds into a part: each is lit on its left and dark on its right."""
        if within is None:
            return
        region = self._covered([band(line, width * 0.5) for line in lines], (), margin=width * 2)
        if region is None:
            return
        low = self._shrunk(region)
        soft = blurred(low, width * self.scale / self.low * 0.7)
        slope = np.gradient(soft, axis=1) * width * self.scale / self.low * 2.2
        full = self._enlarged(slope, region)
        clipped = self._clipped(replace(region, mask=full), within)
        self.light[region.window] *= np.clip(1 + strength * clipped.mask, 0.3, 1.6)

    def soft_shadow(self, outline: Outline, blur: float, dark: float, within: Region | None = None) -> None:
        """Darken what is there under a blurred shape."""
        region = self._covered([outline], (), margin=blur * 2.5)
        if region is None:
            return
        full = self._enlarged(blurred(self._shrunk(region), blur * self.scale / self.low), region)
        if within is not None:
            full = self._clipped(replace(region, mask=full), within).mask
        self.light[region.window] *= 1 - dark * np.clip(full, 0, 1)

    def glint(self, outline: Outline, strength: float, blur: float = 0.01) -> None:
        """Add a highlight of a given shape, as of a window in glaze."""
        region = self._covered([outline], (), margin=blur * 2.5)
        if region is None:
            return
        full = self._enlarged(blurred(self._shrunk(region), blur * self.scale / self.low), region)
        self.shine[region.window] += strength * np.clip(full, 0, 1)

    def erase(self, outline: Outline) -> None:
        """Cut a hole through everything laid so far."""
        region = self._covered([outline], ())
        if region is not None:
            self.alpha[region.window] *= 1 - region.mask

    # -- result --------------------------------------------------------------------------------

    def developed(self) -> Image.Image:
        """The finished cut-out, RGBA."""
        # Dark cloth would swallow all shading if light only multiplied.
        glow = (self.light - 1) * 14 + np.maximum(self.light - 1.1, 0) * 30 + self.shine * 235
        rgb = np.asarray(self.albedo, np.float32) * np.minimum(self.light, 1.35)[..., None]
        rgb += glow[..., None]
        out = np.empty((self.size, self.size, 4), np.uint8)
        out[..., :3] = np.clip(rgb, 0, 255, out=rgb)
        out[..., 3] = self.alpha * 255 + 0.5
        return Image.fromarray(out)

    # -- inside --------------------------------------------------------------------------------

    def _covered(self, outlines: Sequence[Outline], holes: Sequence[Outline], margin: float = 0.0) -> Region | None:
        pixels = [outline * self.scale + self.origin for outline in outlines]
        points = np.vstack(pixels)
        edge = margin * self.scale + 2
        x0, y0 = np.maximum(np.floor(points.min(axis=0) - edge), 0).astype(int).tolist()
        x1, y1 = np.minimum(np.ceil(points.max(axis=0) + edge), self.size).astype(int).tolist()
        if x1 - x0 < 2 or y1 - y0 < 2:
            return None
        fine = self.oversampling
        image = Image.new("L", ((x1 - x0) * fine, (y1 - y0) * fine))
        draw = ImageDraw.Draw(image)
        for outline in pixels:
            draw.polygon(((outline - (x0, y0)) * fine).ravel().tolist(), fill=255)
        for hole in holes:
            draw.polygon(((hole * self.scale + self.origin - (x0, y0)) * fine).ravel().tolist(), fill=0)
        mask = np.asarray(image.reduce(fine), np.float32) * np.float32(1 / 255)
        return Region((x0, y0, x1, y1), mask)

    def _clipped(self, region: Region, within: Region) -> Region:
        x0, y0, x1, y1 = region.box
        a0, b0, a1, b1 = within.box
        limit = np.zeros_like(region.mask)
        left, top, right, bottom = max(x0, a0), max(y0, b0), min(x1, a1), min(y1, b1)
        if right > left and bottom > top:
            inner = within.mask[top - b0 : bottom - b0, left - a0 : right - a0]
            limit[top - y0 : bottom - y0, left - x0 : right - x0] = inner
        return replace(region, mask=region.mask * limit)

    def _shrunk(self, region: Region) -> Field:
        if self.low == 1:
            return region.mask
        height, width = region.mask.shape
        return resized_box(region.mask, -(-width // self.low), -(-height // self.low))

    def _enlarged(self, field: Field, region: Region) -> Field:
        height, width = region.mask.shape
        return resized(field, width, height)

    def _occlude(self, region: Region, lift: float) -> None:
        x0, y0, x1, y1 = region.box
        pad = int(lift * self.scale * 2.5) + 1
        box = (max(x0 - pad, 0), max(y0 - pad, 0), min(x1 + pad, self.size), min(y1 + pad, self.size))
        wide = np.zeros((box[3] - box[1], box[2] - box[0]), np.float32)
        wide[y0 - box[1] : y1 - box[1], x0 - box[0] : x1 - box[0]] = region.mask
        around = Region(box, wide)
        soft = blurred(self._shrunk(around), lift * self.scale / self.low)
        shift = max(1, int(lift * 0.6 * self.scale / self.low))
        soft = shifted(soft, shift, shift // 2)
        self.light[around.window] *= 1 - 0.5 * self._enlarged(soft, around)

    def _normals(
        self, region: Region, surface: Surface, form: Form, depth: float, fullness: float, folds: float
    ) -> Normals:
        low = self._shrunk(region)
        if form == "turn":
            normals = turned(low, fullness)
        elif form == "flat":
            normals = inflated(low, 0.012 * self.scale / self.low, 0.6)
        else:
            normals = inflated(low, depth * self.scale / self.low, fullness)
        amount = surface.material.folds * folds
        big = min(low.shape) * self.low / self.scale > 0.25
        return creased(normals, amount, self.rng) if amount and big else normals

    def _opacity(self, normals: Normals, surface: Surface) -> Field | None:
        if surface.material.opacity >= 1:
            return None
        base = surface.material.opacity
        return np.clip(base + (1 - base) * (1 - normals.z) ** 1.3 * 1.2, 0, 1)

    def _compose(self, region: Region, surface: Surface, light: Field, shine: Field, opacity: Field | None) -> None:
        window = region.window
        cover = region.mask
        if opacity is not None:
            cover = cover * self._enlarged(opacity, region)
        before = self.alpha[window]
        after = before + cover - before * cover
        weight = cover / np.maximum(after, 1e-4)
        self.alpha[window] = after
        full_light = self._enlarged(light, region)
        field = texture(surface.material.texture, self.size, self.scale)
        if field is not None:
            full_light = full_light * (1 + surface.material.grain * field[window])
        self.light[window] += (full_light - self.light[window]) * weight
        self.shine[window] += (np.maximum(self._enlarged(shine, region), 0) - self.shine[window]) * weight
        self._weight = weight

    def _colour(self, region: Region, surface: Surface, normals: Normals, angle: float) -> None:
        if surface.print is None:
            self._paste(region.box, surface.rgb, self._weight)
            return
        x0, y0, x1, y1 = region.box
        cloth = Image.new("RGB", (x1 - x0, y1 - y0), surface.rgb)
        u, v = self._cloth_coordinates(region, normals, angle)
        for rgb, cover in print_layers(surface.print, u, v, 1 / self.scale):
            cover = np.broadcast_to(cover, region.mask.shape)
            cloth.paste(rgb, mask=Image.fromarray((cover * 255).astype(np.uint8)))
        mask = Image.fromarray((self._weight * 255 + 0.5).astype(np.uint8))
        self.albedo.paste(cloth, (x0, y0), mask)

    def _cloth_coordinates(self, region: Region, normals: Normals, angle: float) -> tuple[Field, Field]:
        x0, y0, x1, y1 = region.box
        u = ((np.arange(x0, x1, dtype=np.float32) - self.origin[0]) / self.scale)[None, :]
        v = ((np.arange(y0, y1, dtype=np.float32) - self.origin[1]) / self.scale)[:, None]
        u, v = u.astype(np.float32), v.astype(np.float32)
        if normals.around is not None:
            u = self._enlarged(normals.around, region) * (self.low / self.scale)
        elif min(region.mask.shape) > 0.2 * self.scale:
            height, width = region.mask.shape
            v = v + noise(self.rng, width, height, 5, 4) * 0.012
        if angle:
            outline = moved(np.eye(2), degrees=angle)
            return u * outline[0, 0] + v * outline[0, 1], u * outline[1, 0] + v * outline[1, 1]
        return u, v

    def _paste(self, box: tuple[int, int, int, int], rgb: RGB, cover: Field) -> None:
        self.albedo.paste(rgb, box, Image.fromarray((cover * 255 + 0.5).astype(np.uint8)))
