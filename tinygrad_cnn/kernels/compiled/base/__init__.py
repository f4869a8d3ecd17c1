"""What compiled kernels are made of: compiler, vector instructions, register tiles, memory, operands."""
