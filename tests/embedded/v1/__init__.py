"""The Knative surface of v1, over plain HTTP."""
