"""Normalisation by statistics of channels, or of samples."""
