"""The case door: runs every case of every ``*_cases.json`` in a folder against the library."""
