"""A drawing as one page for browsers."""
