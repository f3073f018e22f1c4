"""One migration a file, in the order of their numbers. A released migration is never changed."""
