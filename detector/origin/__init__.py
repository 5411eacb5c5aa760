"""The file's own metadata: EXIF, XMP, C2PA. It never affects a score."""
