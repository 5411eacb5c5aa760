"""The process: console, memory, threads, versions."""
