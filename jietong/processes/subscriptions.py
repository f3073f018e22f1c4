"""`jietong products` and `jietong subscriptions`: how many have ordered what, who cancelled, what one number has.

Owns these lines on the terminal. Must not change anything. Rules: domain.md T8; numbers are masked unless asked for.
"""

import json
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ivr.adapters.subscription_rows import ProductCounts, cancellations, product_counts, subscriptions_of
from jietong.masking import mask_number
from jietong.processes.site_database import ask_database
from jietong.running import RunningSite


def show_products(var: Path, as_json: bool) -> int:
    """Prints every product with its counts, by code; returns the exit code."""
    found = ask_database(RunningSite.load(var), product_counts)
    _write(as_json, [_plain(row) for row in found], _product_line)
    return 0


def show_subscriptions(var: Path, as_json: bool, phone: str, cancelled: bool, full_numbers: bool) -> int:
    """Prints the counts of every product, or every order of the number `phone`, or every cancellation; returns the exit code."""
    if not phone and not cancelled:
        return show_products(var, as_json)
    site = RunningSite.load(var)
    rows = ask_database(site, lambda engine: subscriptions_of(engine, phone) if phone else cancellations(engine))
    if phone and cancelled:
        rows = [row for row in rows if row["cancelled_at"] is not None]
    shown = [row | {"phone": row["phone"] if full_numbers else mask_number(row["phone"])} for row in rows]
    zone = ZoneInfo(site.site.hotline.timezone)
    _write(as_json, shown, lambda row: _order_line(row, zone))
    return 0


def _write(as_json: bool, rows: list[dict[str, Any]], line: Callable[[dict[str, Any]], str]) -> None:
    if as_json:
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
        return
    for row in rows:
        sys.stdout.write(line(row) + "\n")


def _plain(row: ProductCounts) -> dict[str, Any]:
    product = row.product
    return {
        "code": product.code,
        "name_zh": product.name_zh,
        "name_en": product.name_en,
        "prompt": product.prompt,
        "monthly_fee_fen": product.monthly_fee_fen,
        "subscribed": row.subscribed,
        "cancelled": row.cancelled,
    }


def _product_line(row: dict[str, Any]) -> str:
    fee = f"{row['monthly_fee_fen'] // 100}.{row['monthly_fee_fen'] % 100:02d} yuan a month"
    counts = f"subscribed {row['subscribed']}  cancelled {row['cancelled']}"
    return f"{row['code']}  {row['name_zh']}  {row['name_en']}  {fee}  {counts}"


def _order_line(row: dict[str, Any], zone: ZoneInfo) -> str:
    line = f"{row['phone']}  {row['product']}  since {row['since']}"
    if row["cancelled_at"] is None:
        return line
    at = datetime.fromtimestamp(row["cancelled_at"], zone)
    return f"{line}  cancelled {at:%Y-%m-%d %H:%M:%S} in call {row['cancelled_by'] or 'unknown'}"
