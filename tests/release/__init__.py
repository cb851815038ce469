"""The way of a release, on the embedded platform, through the commands that people type."""
