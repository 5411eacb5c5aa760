"""Recipes and training of image and video models."""
