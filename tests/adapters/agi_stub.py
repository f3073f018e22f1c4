"""A FastAGI server for dialplan tests: it sets variables, or fails in a chosen way, and keeps what it was told.

Owns the answers to three lines of AGI; must not stand in for the product's own server.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field


@dataclass
class AgiStub:
    """`variables` are set by choose_service; `dies_in` names the script that closes the line at once."""

    variables: dict[str, str] = field(default_factory=dict)
    dies_in: str = ""
    scripts: list[str] = field(default_factory=list)
    environments: list[dict[str, str]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One AGI session."""
        environment: dict[str, str] = {}
        while (line := (await reader.readline()).decode(errors="replace").strip()) != "":
            key, _, value = line.partition(": ")
            environment[key] = value
        script = environment["agi_network_script"]
        self.scripts.append(script)
        self.environments.append(environment)
        if script == "choose_service" and self.dies_in != script:
            for name, value in self.variables.items():
                writer.write(f'SET VARIABLE {name} "{value}"\n'.encode())
                await reader.readline()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def agi_stub(port: int, **options: object) -> AsyncIterator[AgiStub]:
    """Serves on 127.0.0.1:`port`."""
    stub = AgiStub(**options)  # type: ignore[arg-type]
    server = await asyncio.start_server(stub.serve, "127.0.0.1", port)
    try:
        yield stub
    finally:
        server.close()
        await server.wait_closed()
