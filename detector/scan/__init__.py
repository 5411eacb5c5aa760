"""Many files in one run: folders and archives in, a table and an overview out, and a list on disk of what is done."""
