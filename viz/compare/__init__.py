"""What is different between two graphs."""
