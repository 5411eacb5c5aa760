"""The Gradio page: tabs, gate, uploads, log, examples."""
