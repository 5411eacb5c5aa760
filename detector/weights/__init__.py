"""Manifest, local folder, Hub, SHA-256."""
