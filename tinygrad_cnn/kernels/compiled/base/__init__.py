"""The parts of compiled kernels: compiler, vector instructions, register tiles, memory, operands."""
