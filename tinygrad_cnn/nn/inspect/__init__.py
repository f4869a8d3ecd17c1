"""What a model consists of and what it sees: the table of its layers, and receptive fields."""
