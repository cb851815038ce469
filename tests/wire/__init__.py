"""What Google answers, and what relman makes of it."""
