"""What is told of a release: to people who use the service, and to those who run it.

What it is not: a decision. Which version it is, and what a commit is worth, is ``version``'s to say. The
parts: ``values`` (the notes as a value), ``gathering`` (from commits to notes), ``reading`` (one range),
``flow`` (every release at once), ``operations``, ``people``, ``links``, ``rendering`` (templates),
``markdown``, ``files`` and ``changelog`` (what is written), ``place`` and ``candidate`` (who asks for it).
"""
