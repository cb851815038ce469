"""What others are told of a release, outside this machine.

What it is not: a judge, or in the way of a release. Whatever fails here is owed and tried again.
"""
