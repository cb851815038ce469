"""Google's own clients as the platform's judges, unmodified apart from where they are pointed."""
