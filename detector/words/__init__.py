"""The texts that readers see, in English, and their translations.

To add a language: ``python -m detector.words update es``, fill in the catalogue it names, ``python -m detector.words check``.
"""
