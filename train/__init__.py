"""Training, evaluation and publishing: clients of the package ``detector``, never imported by it."""
