"""Gates, asked without a platform: what is true of every gate, and of each that needs no service."""
