"""The signed go/no-go: what it is for, observed now, and whether what was signed still holds.

What it is not: the paper (``approval``) or the signatures (``signing``). The steps of the verification
stand here in the order in which they are made, with their numbers.
"""
