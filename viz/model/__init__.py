"""A graph as plain data, made from the engine's nodes. Nothing here knows how it is drawn."""
