"""Robots that use the hotline as people do: softphones with real audio, and SIPp for many callers at once.

Owns how robots are started, told and ended; must not know what a test proves with them.
Rules: a robot is a process of its own, ended by its pid, and ends by itself when its owner is gone.
"""
