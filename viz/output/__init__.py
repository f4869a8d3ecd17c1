"""Layout engines, fonts and files."""
