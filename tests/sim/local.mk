# The simulator.
