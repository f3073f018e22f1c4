"""What the exit code of a `jietong` command means.

Owns the numbers; knows no command. Contract: design.md section 5.
"""

DONE = 0
FAILED = 1
WRONG_CONFIGURATION = 2
INTERRUPTED = 130  # 128 + SIGINT: stopped before it was ready
