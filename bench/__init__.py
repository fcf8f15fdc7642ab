"""Benchmarks: what is claimed of speed and size, measured. Never imported by the rooms."""
