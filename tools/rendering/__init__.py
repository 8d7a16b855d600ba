"""Procedural product pictures: studio shots, customers' photos and training images, from a seed."""

from tools.rendering.kinds import KINDS
from tools.rendering.look import Look, random_look
from tools.rendering.phone import render_customer_photo
from tools.rendering.registry import Kind
from tools.rendering.scenes import render_scene
from tools.rendering.studio import render_product
from tools.rendering.training import render_training_image, write_training_set
from tools.rendering.vocabulary import COLOURS, MATERIALS, PATTERNS, Colour, Material, Pattern

__all__ = [
    "COLOURS",
    "KINDS",
    "MATERIALS",
    "PATTERNS",
    "Colour",
    "Kind",
    "Look",
    "Material",
    "Pattern",
    "random_look",
    "render_customer_photo",
    "render_product",
    "render_scene",
    "render_training_image",
    "write_training_set",
]
