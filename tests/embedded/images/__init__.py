"""The image builder, met with real git, pip, npm and processes."""
