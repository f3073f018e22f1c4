"""Makes the spoken prompts and the hold music from ivr/prompts/prompts.toml: a tool for maintainers, never part of a running site.

Owns texts to wavs. Must not be imported by the product: its libraries are not in requirements.txt, they live in a private cache.
Rules: ivr/prompts/prompts.toml (texts), NOTICE (where voices come from), sound.py (levels and format).
"""
