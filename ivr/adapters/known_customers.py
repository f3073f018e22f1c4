"""The customers whom the hotline treats differently, remembered for times when the database is away.

Owns a copy in memory. Must not know who asks, nor decide what a tier is worth.
Rules: design.md section 4: with the database gone or locked a VIP is still a VIP. A copy is as old as the last look that succeeded.
"""

import threading

import structlog
from sqlalchemy.exc import SQLAlchemyError

from ivr.adapters.customers import Customer, Customers
from ivr.phone_numbers import normal_phone

REFRESH_S = 30.0
AT_MOST = 200_000  # some 100 MB; whoever is beyond is an ordinary caller while the database is away
log = structlog.get_logger("agi")


class KnownCustomers:
    """Copied from `customers`: those of a tier other than `default_tier`, of a class, or with a representative."""

    def __init__(self, customers: Customers, default_tier: str) -> None:
        self._customers, self._default_tier = customers, default_tier
        self._by_phone: dict[str, Customer] = {}
        self._is_away = False

    def look_up(self, phone: str) -> Customer | None:
        """The customer as last seen in the database; None for ordinary and unknown callers."""
        return self._by_phone.get(normal_phone(phone))

    def refresh(self) -> bool:
        """Looks into the database; False when it is away (logged once), and the old copy stays."""
        try:
            self._by_phone = {row.phone: row for row in self._customers.notable(self._default_tier, AT_MOST)}
        except (SQLAlchemyError, OSError, ValueError) as error:
            if not self._is_away:
                log.warning("customers cannot be read, the last copy is used", error=type(error).__name__)
            self._is_away = True
            return False
        if self._is_away:
            log.info("customers can be read again")
        self._is_away = False
        return True

    def refresh_by_thread(self) -> None:
        """Refreshes now and every REFRESH_S for as long as the process runs."""
        pause = threading.Event()

        def go_on() -> None:
            while True:
                self.refresh()
                pause.wait(REFRESH_S)

        threading.Thread(target=go_on, name="known-customers", daemon=True).start()
