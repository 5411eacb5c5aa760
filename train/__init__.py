"""Training, evaluation and publishing: clients of the package ``detector``, never imported by it."""

import detector as detector  # first, since it says which Python is needed
