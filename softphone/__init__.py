"""A telephone without a face, and ears: a pjsua2 program of its own that tests and test calls run as a child process.

Owns pjsua2 (GPL) and nothing else of the product imports it. Must not know a hotline. Not part of the installed package; libraries: requirements.txt here.
"""
