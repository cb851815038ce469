"""The rules about the rules, and who may sign."""
