"""A Knative service manifest, as ``gcloud run services replace`` takes it, in the words of API v2.

What it is not: a deploy. Text goes in, JSON comes out; nothing is read or sent.
"""

from relman.manifest.translation import Translated, translate

__all__ = ["Translated", "translate"]
