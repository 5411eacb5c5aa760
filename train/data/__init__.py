"""Tables, splits, the cache of faces, leakage."""
