"""Changes that test a score: small edits, hidden regions."""
