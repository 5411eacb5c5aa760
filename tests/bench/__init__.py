"""Measurements of speed, memory, installation and load, and the documents made of them."""
