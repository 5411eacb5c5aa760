"""Files that a stranger might send: a recipe for each, and what the detector must make of it.

    python -m tests.corpus FOLDER      # writes them all, and MANIFEST.tsv with name, kind and expectation

Nothing here is stored: every file is made from the public-domain portrait in scikit-image, from drawn pictures, or byte by
byte. A file that once broke something is kept as a recipe.
"""

from __future__ import annotations

from tests.corpus import clips, images, variants
from tests.corpus.cases import CASES, Case, Expect, flipped, write

__all__ = ["CASES", "Case", "Expect", "clips", "flipped", "images", "variants", "write"]
