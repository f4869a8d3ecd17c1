"""The layers and the losses, one family a file, which lists them in its `__all__`."""
