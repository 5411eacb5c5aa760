"""Marks on pixels: boxes, heatmaps, timelines, previews. Pure functions on arrays."""
