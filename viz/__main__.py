"""`python -m viz`; see `viz.command_line`."""

import sys

from viz.command_line import main

if __name__ == "__main__":
    sys.exit(main())
