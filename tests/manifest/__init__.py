"""Tests of the manifest translation."""
