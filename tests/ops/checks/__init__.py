"""Tests of the rules about a model."""
