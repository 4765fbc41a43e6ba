"""Rendered street scenes with vehicles and their plates, to train and try what finds plates in pictures."""

from training.scenes.scene import MakePlate, Plate, Scene, render_scene

__all__ = ["MakePlate", "Plate", "Scene", "render_scene"]
