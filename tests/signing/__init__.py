"""Signatures and who may make them; what is accepted here, stock OpenSSH accepts too."""
