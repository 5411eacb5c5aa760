"""Evaluation, gates, probes, heatmap tests."""
