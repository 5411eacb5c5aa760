"""The stages in their order, from a file to a Report."""
