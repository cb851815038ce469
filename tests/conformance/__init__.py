"""The conformance suite: what Cloud Run and Cloud Build do, row by row, on the platform and on Google."""
