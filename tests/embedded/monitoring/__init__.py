"""Tests of Cloud Monitoring."""
