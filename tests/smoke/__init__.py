"""Tests of the smoke checks."""
