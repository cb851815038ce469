"""The embedded platform: a stranger that shares the wire with relman and nothing else."""
