"""The layers and the losses, one family a file."""
