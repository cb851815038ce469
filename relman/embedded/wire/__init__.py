"""How the platform is spoken to: HTTP, gRPC, and what each of Google's surfaces looks like there."""
