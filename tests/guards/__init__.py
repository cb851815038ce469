"""Rules of the house that a machine can check, over whatever there is."""
