"""Procedural product pictures: studio shots, customers' photos and training images, from a seed."""

from shop.rendering.kinds import KINDS
from shop.rendering.look import Look, random_look
from shop.rendering.phone import render_customer_photo
from shop.rendering.registry import Kind
from shop.rendering.scenes import render_scene
from shop.rendering.studio import render_product
from shop.rendering.training import render_training_image, write_training_set
from shop.rendering.vocabulary import COLOURS, MATERIALS, PATTERNS, Colour, Material, Pattern

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
