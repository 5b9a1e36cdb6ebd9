"""What `pip install .` gets in this folder: an empty package that needs the published wheel.

pre-commit installs a Python hook by `pip install .` in a clone. With the wheel's own build it would
compile wslint; with this it fetches the binary of the version that Cargo.toml names. There is nothing
to be installed for it first. https://peps.python.org/pep-0517/
"""

import re
import zipfile
from pathlib import Path

WHEEL = "Wheel-Version: 1.0\nGenerator: wslint\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def package():
    # tomllib is there from Python 3.11 on.
    text = Path("Cargo.toml").read_text(encoding="utf-8")
    section = text.split("[package]", 1)[1].split("\n[", 1)[0]
    return dict(re.findall(r'^(name|version) = "([^"]+)"$', section, re.M))


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    name, version = package()["name"], package()["version"]
    folder = f"{name}_hook-{version}.dist-info"
    files = {
        "METADATA": f"Metadata-Version: 2.1\nName: {name}-hook\nVersion: {version}\nRequires-Dist: {name}=={version}\n",
        "WHEEL": WHEEL,
    }
    files["RECORD"] = "".join(f"{folder}/{file},,\n" for file in [*files, "RECORD"])
    wheel = f"{name}_hook-{version}-py3-none-any.whl"
    with zipfile.ZipFile(Path(wheel_directory) / wheel, "w") as packed:
        for file, text in files.items():
            packed.writestr(f"{folder}/{file}", text)
    return wheel


def build_sdist(sdist_directory, config_settings=None):
    raise NotImplementedError("the source distribution is the crate")
