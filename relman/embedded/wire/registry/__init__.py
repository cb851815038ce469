"""The registry on the wire: the OCI distribution API 1.1 over the platform's own images.

Served: the version check, manifests and blobs by HEAD, GET and DELETE, blobs by Range, pushes in one piece
and in chunks, mounts, the lists of tags and of repositories. Not served: referrers (clients fall back to
tags), digests other than SHA-256, authentication (there is none).

Source: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md.
"""
