"""The demonstration that a newcomer runs."""

import asyncio
import sys


async def test_robots_show_the_hotline() -> None:
    """`make demo` without a running site starts one, robots call and answer, every call is on record, and all ends by itself."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.demo", "--var", "/nonexistent", "--seconds", "8", "--port-base", "19000"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await asyncio.wait_for(process.communicate(), 150)
    text = out.decode()
    assert process.returncode == 0, text
    assert "each is on record once" in text and "answer rate of this hour: none before" in text, text
