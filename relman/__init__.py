"""relman: ship services to Cloud Run and keep the operating model honest."""
