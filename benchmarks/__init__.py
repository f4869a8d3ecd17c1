"""Timings of tinygrad-cnn beside PyTorch: `python -m benchmarks`, or `make bench`."""
