"""Compile the scoring kernel while the package is built; without a compiler, go without.

The kernel is plain C without Python's headers, so that one file serves every Python.
`REJECTNLP_NO_KERNEL=1` leaves it out.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCE = "rejectnlp/scoring/kernel.c"
LIBRARY = "rejectnlp/scoring/_kernel.so"
# Products are never fused with sums, so that every machine gives the same numbers.
FLAGS = ["-std=c11", "-O3", "-ffp-contract=off", "-fPIC", "-shared"]


class KernelHook(BuildHookInterface):
    """Adds the compiled kernel to the wheel, or to the checkout of an editable install."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile; a failure leaves a package that works without the kernel."""
        if self.target_name != "wheel" or os.environ.get("REJECTNLP_NO_KERNEL"):
            return
        library = Path(self.root, LIBRARY)
        if not compile_kernel(Path(self.root, SOURCE), library):
            library.unlink(missing_ok=True)
            self.app.display_warning("no C compiler: rejectnlp is slower, its numbers the same")
            return
        build_data["artifacts"].append(LIBRARY)
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform_tag()}"


def compile_kernel(source: Path, library: Path) -> bool:
    """Compile and link; says whether that worked, and writes the library whole or not at all."""
    compiler = find_compiler()
    if compiler is None:
        return False
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch, library.name)
        done = subprocess.run(
            [*compiler, *FLAGS, str(source), "-o", str(made), "-lm"],
            capture_output=True,
            check=False,
        )
        if done.returncode != 0 or not made.is_file():
            return False
        beside = library.with_suffix(".new")
        shutil.copyfile(made, beside)
        os.replace(beside, library)
    return True


def find_compiler() -> list[str] | None:
    """Find a C compiler that takes the flags of gcc: the one in `CC`, or a usual name."""
    given = shlex.split(os.environ.get("CC", ""))
    for candidate in (given, ["cc"], ["gcc"], ["clang"]):
        if candidate and shutil.which(candidate[0]):
            return candidate
    return None


def platform_tag() -> str:
    """Name the machines that the compiled file runs on, as wheels name them."""
    tag = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    if sys.platform == "darwin":
        # What is compiled here is for this processor alone.
        machine = os.uname().machine
        tag = "_".join([*tag.split("_")[:3], machine])
    return tag
