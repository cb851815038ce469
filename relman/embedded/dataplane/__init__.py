"""The process that splits live traffic."""
