"""What the evidence adds up to: votes on direction, effect measures, pooling, small-study tests and specification grids.

Arithmetic alone: nothing here reads a file, draws, or prints.
"""
