"""What callers hear on the telephone is understood: calls over SIP, recorded, written down by a speech recogniser, compared with the text."""
