"""Whatever `kscaffold layer` accepts passes `kscaffold check`: random commands, and one check of all that they write.

`HYPOTHESIS_PROFILE=thorough` tries ten times as many, and `KSCAFFOLD_SEED` says with which number they begin.
"""

from __future__ import annotations

import json
import os
import random
import shlex
from pathlib import Path

import pytest
from conftest import Kscaffold
from helpers.properties import THOROUGH
from helpers.random_layers import random_layer

ACCEPTED = 600 if THOROUGH else 60
FIRST = int(os.environ.get("KSCAFFOLD_SEED", "0"))
# Nothing is wrong with the code: random weights and masks may have no effect on what a random body gives, and numbers
# alone have no type of the layer.
OF_CHANCE = ("KS502", "KS507", "KS509", "KS511")


@pytest.mark.keras
def test_what_is_accepted_passes_the_check(kscaffold: Kscaffold, folder: Path) -> None:
    commands: dict[str, str] = {}
    refused = 0
    for seed in range(FIRST, FIRST + 10 * ACCEPTED):
        words = random_layer(random.Random(seed))
        result = kscaffold("layer", f"Made{seed}", *words, "--no-check", "--no-test", "-q")
        assert result.exit_code in (0, 2), (words, result)
        refused += result.exit_code == 2
        if result.exit_code == 0:
            commands[f"Made{seed}"] = f"{seed}: kscaffold layer Made{seed} {shlex.join(words)}"
        if len(commands) == ACCEPTED:
            break
    assert len(commands) == ACCEPTED and refused < 5 * ACCEPTED
    document = json.loads(kscaffold("check", ".", "--json").out)
    files = document["runs"][0]["files"]
    wrong = {}
    for name, command in commands.items():
        (file,) = (file for file in files if file["path"] == f"{name.lower()}.py")
        (found,) = file["classes"]
        problems = [one["message"] for one in (*file["findings"], *found["findings"]) if one["rule"] not in OF_CHANCE]
        if problems or found["unchecked"]:
            wrong[command] = [*problems, found["unchecked"]]
    assert not wrong, json.dumps(wrong, indent=2)
