"""Tests of the first run, the command line, the declaration of tasks, and the package."""
