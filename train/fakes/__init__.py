"""Fakes that are made here: auto-encoders trained on genuine faces, their copies, and swaps that go through them."""
