"""The simulation of the demo: a random walk, and agents that eat, live and die.

It knows nothing of whence: it takes a folder and parameters, and leaves three files there. Try

    python simulate.py
"""

import logging
from pathlib import Path

import h5py
import numpy as np
import yaml


def walk(rng, *, initial_state, num_steps, max_step_size):
    """Positions of a walker that steps uniformly within a largest step, (num_steps + 1,)."""
    steps = rng.uniform(-max_step_size, max_step_size, size=num_steps)
    return np.concatenate([[initial_state], initial_state + np.cumsum(steps)])


def live(rng, energy, *, dE_live, dE_eat, p_eat, p_death):
    """The energies of the agents that are still alive one step on, (survivors,)."""
    energy = energy + dE_live + dE_eat * (rng.random(energy.size) < p_eat)
    spared = rng.random(energy.size) >= p_death
    return energy[spared & (energy > 0)]


def simulate(out_dir, *, seed, **params):
    """Run both models and leave ``data.h5``, ``params.yml`` and ``sim.log`` in the folder."""
    out_dir = Path(out_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    log = logging.Logger("simulate")
    log.addHandler(logging.FileHandler(out_dir / "sim.log", mode="w"))
    rng = np.random.default_rng(seed)
    log.info("seeded the random numbers with %s", seed)

    with h5py.File(out_dir / "data.h5", "w") as file:
        file["random_walk"] = walk(rng, **params["random_walk"])
        log.info("walked %s steps", params["random_walk"]["num_steps"])
        abm = file.create_group("abm")
        alive = agents(rng, abm, **params["abm"])
        log.info("%s agents lived to the end", alive)

    (out_dir / "params.yml").write_text(yaml.safe_dump({"seed": seed, **params}))
    for handler in log.handlers:
        handler.close()
    print(f"seed {seed}: {alive} of {params['abm']['num_agents']} agents lived to the end")


def agents(rng, group, *, num_steps, num_agents, init, iterate):
    """Follow the agents until the last step or the last of them; gives the number alive."""
    mean = np.full(num_steps + 1, np.nan)
    alive = np.zeros(num_steps + 1, dtype="uint32")
    each = group.create_group("energy")
    each.attrs["content"] = "time_series"
    energy = np.full(num_agents, init["energy"])
    for step in range(num_steps + 1):
        each[str(step)] = energy
        alive[step] = energy.size
        if not energy.size:
            break
        mean[step] = energy.mean()
        energy = live(rng, energy, **iterate)
    group["mean_energy"] = mean
    group["num_agents"] = alive
    return int(alive[-1])


if __name__ == "__main__":
    example = {
        "random_walk": {"initial_state": 0.0, "num_steps": 1023, "max_step_size": 1.0},
        "abm": {
            "num_steps": 100,
            "num_agents": 42,
            "init": {"energy": 1.0},
            "iterate": {"dE_live": -0.05, "dE_eat": 0.1, "p_death": 0.01, "p_eat": 0.1},
        },
    }
    simulate("one_run", seed=42, **example)
