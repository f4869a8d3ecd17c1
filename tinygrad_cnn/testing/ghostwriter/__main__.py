"""Runs the command line when the package is run as a program."""

import sys

from tinygrad_cnn.testing.ghostwriter.command_line import main

if __name__ == "__main__":
    sys.exit(main())
