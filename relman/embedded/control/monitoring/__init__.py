"""Cloud Monitoring v3, as far as a canary is read: collected by minute, filtered, aligned, reduced, told."""
