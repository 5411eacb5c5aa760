"""Bytes to pixels and back: the decoders of pictures and clips, and the writer of clips."""
