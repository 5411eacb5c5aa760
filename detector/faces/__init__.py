"""Find, follow, crop and link faces."""
