"""What is told of a release: from commits to files."""
