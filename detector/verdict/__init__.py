"""Score and quality to a verdict. Pure functions."""
