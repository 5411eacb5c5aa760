"""The tests; a package so that they find each other before any other package of this name."""
