"""Tests of the go/no-go's papers."""
