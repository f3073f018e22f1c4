"""Many callers at once: SIPp scenarios and their driver."""
