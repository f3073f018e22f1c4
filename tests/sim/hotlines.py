"""Short ways to make hotlines and traffic for simulations."""

from routing.rules import Rules
from simulation.chance import Distribution
from simulation.model import Kind, Model, steady
from tests.builders import rules

HANDLING_S = 180.0
PATIENCE_S = 180.0


def ideal_hotline(agents: int, vip: int = 0, **choices: object) -> Rules:
    """Agents who need no wrap-up: what theory reckons with."""
    return rules(agents - vip, vip, wrap_up_s=0.0, **choices)  # type: ignore[arg-type]


def theory_traffic(erlangs: float, vip: float = 0.0, patience_s: float = PATIENCE_S) -> Model:
    """Poisson calls, exponential talk and patience; a share `vip` of VIPs."""
    talk, patience = Distribution(HANDLING_S), Distribution(patience_s)
    kinds = [Kind(vip, "vip", talk=talk, patience=patience), Kind(1 - vip, "ordinary", talk=talk, patience=patience)]
    return steady(erlangs * 3600 / HANDLING_S, kinds)
