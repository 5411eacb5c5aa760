"""The check of photos as a folder of static files, which runs on the reader's device: nothing is uploaded."""
