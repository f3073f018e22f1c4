"""A demo day: a working day of a made-up hotline in virtual time, with everything that ops would find of a real one.

Owns its site, its calls and its shifts, and how the day is kept. Must not decide anything about a call: the shipped router does.
"""
