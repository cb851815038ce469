"""gcloud itself, where it is installed."""
