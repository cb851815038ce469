"""The paper of a go/no-go: what is asked for, what a checklist asks, and where it lies.

What it is not: its verification (``gates.approval``), its signatures (``signing``), or the asking of
the gates whose evidence it carries. Values and files, nothing that decides.
"""
