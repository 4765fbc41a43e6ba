"""Rendered license plates: clean ones with their text, and what cameras and weather make of them."""

from training.render.degrade import camera, degrade, light
from training.render.plate import RenderedPlate, render_plate

__all__ = ["RenderedPlate", "camera", "degrade", "light", "render_plate"]
