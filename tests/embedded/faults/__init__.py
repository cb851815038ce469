"""Faults on demand, as those see them who are to outlive them."""
