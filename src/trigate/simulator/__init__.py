"""The simulator: a fake OpenAI and Anthropic on a socket, deterministic and scriptable.

Contract: imports nothing of the rest of the project. Above: the command line, the demo, tests. Below: nothing.
"""

from trigate.simulator.connection import Recorded
from trigate.simulator.server import Simulator, run, serve
from trigate.simulator.stats import Stats

__all__ = ["Recorded", "Simulator", "Stats", "run", "serve"]
