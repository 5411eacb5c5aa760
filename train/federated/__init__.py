"""Adapting a model at several places without bringing their faces together (Flower)."""
