"""The words that dialplan, AGI scripts and the router share.

Owns every Asterisk-side name of ours once: contexts, channel variables, user events and their headers.
Must not hold logic. Templates get these names from here, so that a rename is one line.
"""

# Contexts
ENTER = "enter"
MENU = "menu"
WAITING = "waiting"
CONNECT = "connect"
AFTER_CALL = "after-call"
SURVEY = "survey"
PREPARE_SEAT = "prepare-seat"
REFUSED = "refused"
FALLBACK = "fallback"
STATIC = "static-queue"
FEATURES = "features"
TRANSFER = "transfer"
TRANSFERRED = "transferred"
OUTSIDE = "outside"
VOICEMAIL = "voicemail"
FAREWELL = "farewell"
CALL_BACK = "call-back"
NOWHERE = "nowhere"  # a context that does not exist: for those whom nobody may send on

# Between the seats of an extension of `connect` that rings several at once; a dash would be skipped by Asterisk's patterns
SEATS_APART = "*"
# Before the agent's number in an extension of `connect`, where that is not the seat's
AGENT_APART = "+"
# The account code of a seat's leg whose agent is told something before it talks: by it Asterisk says at once that the agent picked up
TOLD = "jt-told"

# Channel variables; they travel with the caller and outlive the router
QUEUE = "JT_QUEUE"
TIER = "JT_TIER"
SERVICE = "JT_SERVICE"
LANGUAGE = "JT_LANGUAGE"
REPRESENTATIVE = "JT_REPRESENTATIVE"
CUSTOMER_CLASS = "JT_CLASS"
CUSTOMER = "JT_CUSTOMER"  # KNOWN and the age, which may be missing; empty for a stranger
KNOWN = "known"
TRANSFER_TO = "JT_TRANSFER_TO"  # the number outside that the menu named
WANTS_CALLBACK = "JT_WANTS_CALLBACK"  # "1" when the menu said so
CALLBACK_WISH = "JT_CALLBACK_WISH"  # the same for the one entry to waiting in which it is told
QUEUED_AT = "JT_QUEUED_AT"  # epoch seconds with milliseconds, set once on the first entry to waiting
CLOSED_PROMPT = "JT_CLOSED_PROMPT"  # what a caller hears whose queue is closed
SEGMENT = "JT_SEGMENT"  # 1, and one more for each transfer to a queue
ENTERED_AT = "JT_ENTERED_AT"  # epoch seconds of the last transfer
ASKED = "JT_ASKED"  # "1" while the caller may confirm a callback by pressing the key once more
MESSAGE_BEGAN = "JT_MESSAGE_BEGAN"  # while a message is recorded
CLOCK = "JT_CLOCK"  # second of the minute and milliseconds, five digits
SECOND = "JT_SECOND"  # the epoch second in which the call came
STATIC_AT = "JT_STATIC_AT"  # epoch seconds at which Asterisk's own queue took the caller
NEXT = "JT_NEXT"  # what the menu decided: one of the words below
NEXT_QUEUE, NEXT_HANGUP, NEXT_TRANSFER, NEXT_MESSAGE = "queue", "hangup", "transfer", "message"
CLOSED_HOURS, CLOSED_HOLIDAY, CLOSED_MESSAGE = "closedhours", "closedholiday", "closedmessage"

# Global variable: when a router was last heard of, epoch seconds of the wall clock; 0 not since Asterisk started
BEAT = "JT_BEAT"

# User events (AMI) and their headers. The channel's own headers (Channel, Uniqueid, Linkedid, CallerIDNum) come with them.
EVENT_ARRIVED = "JtArrived"
EVENT_WAITING = "JtWaiting"
EVENT_CALLBACK = "JtCallback"
EVENT_UNREACHED = "JtUnreached"
EVENT_MESSAGE = "JtMessage"
EVENT_CLOSED = "JtClosed"
EVENT_REFUSED = "JtRefused"
HEADER_FILE = "JtFile"
HEADER_SECONDS = "JtSeconds"
HEADER_RESULT = "JtResult"
EVENT_STATIC = "JtStatic"
HEADER_REASON = "JtReason"
HEADER_THEN = "JtThen"  # after closed hours: "message" or empty
HEADER_QUEUE = "JtQueue"
HEADER_TIER = "JtTier"
HEADER_SERVICE = "JtService"
HEADER_LANGUAGE = "JtLanguage"
HEADER_REPRESENTATIVE = "JtRepresentative"
HEADER_CUSTOMER_CLASS = "JtClass"
HEADER_QUEUED_AT = "JtQueuedAt"
HEADER_SEGMENT = "JtSegment"
HEADER_ENTERED_AT = "JtEnteredAt"
HEADER_WANTS_CALLBACK = "JtWantsCallback"

# Id of the channel of an agent who is rung for a callback: attempt and call follow, so that every event of it leads back to the call
CALLBACK_CHANNEL = "jtcb-"
CALLBACK_KEY = "1"  # the prompts say it

# What AGI may put into these variables; everything else is replaced by the default before it reaches the dialplan
WORD = r"[a-z0-9_-]{1,32}"
