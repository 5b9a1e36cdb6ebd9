#!/usr/bin/env python3
"""Packs binaries for a release: archives, npm packages, checksums, notes.

Names, version and repository come from Cargo.toml; times from SOURCE_DATE_EPOCH, so that the same
binary gives the same bytes. Only Python's own library is needed (3.11 or later).
"""

import argparse
import base64
import datetime
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["package"]
NAME = PACKAGE["name"]
VERSION = PACKAGE["version"]

# What is published: the target, and what npm calls it.
TARGETS = {
    "x86_64-unknown-linux-musl": ("linux", "x64"),
    "aarch64-unknown-linux-musl": ("linux", "arm64"),
    "x86_64-apple-darwin": ("darwin", "x64"),
    "aarch64-apple-darwin": ("darwin", "arm64"),
    "x86_64-pc-windows-msvc": ("win32", "x64"),
}

# What lies in an archive beside the binary; the completions come with --completions.
BESIDE = ["LICENSE-APACHE", "LICENSE-MIT", "README.md", "README.zh-CN.md", "CHANGELOG.md", "docs/wslint.1"]


def epoch() -> int:
    try:
        return int(os.environ["SOURCE_DATE_EPOCH"])
    except KeyError:
        sys.exit("pack.py: SOURCE_DATE_EPOCH is not set")


def exe(target: str) -> str:
    return f"{NAME}.exe" if "windows" in target else NAME


def archive(args: argparse.Namespace) -> None:
    """NAME-VERSION-TARGET.tar.gz (.zip for Windows) with one folder of that name."""
    folder = f"{NAME}-{VERSION}-{args.target}"
    files = [(exe(args.target), args.binary.read_bytes(), 0o755)]
    files += [(Path(name).name, (ROOT / name).read_bytes(), 0o644) for name in BESIDE]
    files += [(f"completions/{p.name}", p.read_bytes(), 0o644) for p in sorted(args.completions.iterdir())]
    files.sort()
    if "windows" in args.target:
        out = args.out / f"{folder}.zip"
        when = datetime.datetime.fromtimestamp(epoch(), datetime.timezone.utc).timetuple()[:6]
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
            for name, data, mode in files:
                info = zipfile.ZipInfo(f"{folder}/{name}", when)
                info.external_attr = (0o100000 | mode) << 16
                info.compress_type = zipfile.ZIP_DEFLATED
                packed.writestr(info, data)
    else:
        out = args.out / f"{folder}.tar.gz"
        plain = io.BytesIO()
        with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as packed:
            for name, data, mode in files:
                info = tarfile.TarInfo(f"{folder}/{name}")
                info.size, info.mode, info.mtime = len(data), mode, epoch()
                packed.addfile(info, io.BytesIO(data))
        with out.open("wb") as file, gzip.GzipFile("", "wb", 9, file, epoch()) as packed:
            packed.write(plain.getvalue())
    print(out)


def npm(args: argparse.Namespace) -> None:
    """The package that people name, and one for each binary that is given."""
    work = args.out / "work"
    shutil.rmtree(work, ignore_errors=True)
    common = {
        "version": VERSION,
        "license": PACKAGE["license"],
        "repository": {"type": "git", "url": f"git+{PACKAGE['repository']}.git"},
        "homepage": f"{PACKAGE['repository']}#readme",
    }
    scoped = {target: f"@{NAME}/{os_}-{cpu}" for target, (os_, cpu) in TARGETS.items()}

    main = work / NAME
    shutil.copytree(ROOT / "packaging/npm", main)
    shutil.copy(ROOT / "packaging/README.md", main)
    manifests = {
        main: {
            "name": NAME,
            "description": PACKAGE["description"],
            "keywords": PACKAGE["keywords"],
            **common,
            "bin": {NAME: f"bin/{NAME}.js"},
            "files": ["bin"],
            "engines": {"node": ">=16"},
            "optionalDependencies": {package: VERSION for package in sorted(scoped.values())},
        }
    }
    for target, binary in args.binary:
        os_, cpu = TARGETS[target]
        folder = work / f"{os_}-{cpu}"
        (folder / "bin").mkdir(parents=True)
        placed = folder / "bin" / exe(target)
        shutil.copyfile(binary, placed)
        placed.chmod(0o755)
        (folder / "README.md").write_text(
            f"# {scoped[target]}\n\nThe binary of [{NAME}]({PACKAGE['repository']}) for {target}. Install `{NAME}`.\n",
            encoding="utf-8",
        )
        manifests[folder] = {
            "name": scoped[target],
            "description": f"The binary of {NAME} for {target}",
            **common,
            "files": ["bin"],
            "os": [os_],
            "cpu": [cpu],
            "preferUnplugged": True,
        }
    npm_command = shutil.which("npm") or sys.exit("pack.py: there is no npm")
    for folder, manifest in manifests.items():
        for licence in ["LICENSE-APACHE", "LICENSE-MIT"]:
            shutil.copy(ROOT / licence, folder)
        (folder / "package.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        subprocess.run(
            [npm_command, "pack", "--silent", "--ignore-scripts", "--pack-destination", args.out.resolve()],
            cwd=folder,
            check=True,
        )
    shutil.rmtree(work)


def python(args: argparse.Namespace) -> None:
    """The folder from which maturin builds the wheel: target/python, as deep as packaging/python."""
    shutil.copy(ROOT / "packaging/python/pyproject.toml", args.out)
    for name in ["packaging/README.md", "LICENSE-APACHE", "LICENSE-MIT"]:
        shutil.copy(ROOT / name, args.out)


def debian(args: argparse.Namespace) -> None:
    """The changelogs of the Debian package: its own, and the project's."""
    when = datetime.datetime.fromtimestamp(epoch(), datetime.timezone.utc)
    maintainer = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))
    maintainer = maintainer["package"]["metadata"]["deb"]["maintainer"]
    (args.out / "debian-changelog").write_text(
        f"{NAME} ({VERSION}-1) unstable; urgency=medium\n\n"
        f"  * Version {VERSION}; see changelog.gz for what changed.\n\n"
        f" -- {maintainer}  {when:%a, %d %b %Y %H:%M:%S +0000}\n",
        encoding="utf-8",
    )
    with (args.out / "changelog.gz").open("wb") as file, gzip.GzipFile("", "wb", 9, file, 0) as packed:
        packed.write((ROOT / "CHANGELOG.md").read_bytes())


def notes(args: argparse.Namespace) -> None:
    """What CHANGELOG.md says of this version."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    heading = rf"^## \[{re.escape(VERSION)}\].*\n"
    if args.unreleased:
        heading = rf"^## \[(?:{re.escape(VERSION)}|Unreleased)\].*\n"
    found = re.search(heading + r"((?:(?!^## ).*\n?)*)", text, re.M)
    if not found or not found[1].strip():
        sys.exit(f"pack.py: CHANGELOG.md says nothing of {VERSION}: give [Unreleased] that name, and the day")
    sys.stdout.write(found[1].strip() + "\n")


def sums(args: argparse.Namespace) -> None:
    """SHA256SUMS over all that lies in the folder, as `sha256sum --check` reads it."""
    lines = []
    for path in sorted(args.out.iterdir()):
        if path.is_file() and path.name != "SHA256SUMS":
            lines.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n")
    if not lines:
        sys.exit(f"pack.py: nothing lies in {args.out}")
    (args.out / "SHA256SUMS").write_bytes("".join(lines).encode())


def sbom(args: argparse.Namespace) -> None:
    """The list of what the binary is made of, from the wheel, and the wheel without this folder's name in it."""
    with zipfile.ZipFile(args.wheel) as wheel:
        files = [(info, wheel.read(info)) for info in wheel.infolist()]
    names = [info.filename for info, _ in files]
    inside = [n for n in names if ".dist-info/sboms/" in n and n.endswith(".json")]
    if len(inside) != 1:
        sys.exit(f"pack.py: {args.wheel} has {len(inside)} lists of components")
    here = ROOT.as_uri()
    changed = {}
    for info, data in files:
        if info.filename == inside[0]:
            changed[info.filename] = data.replace(here.encode(), f"file:///{NAME}".encode())
            (args.out / f"{NAME}-{VERSION}-{args.target}.cdx.json").write_bytes(changed[info.filename])
    record = next(n for n in names if n.endswith(".dist-info/RECORD"))
    with zipfile.ZipFile(args.wheel, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as wheel:
        for info, data in files:
            if info.filename == record:
                rows = []
                for row in data.decode().splitlines():
                    name = row.split(",")[0]
                    if name in changed:
                        digest = base64.urlsafe_b64encode(hashlib.sha256(changed[name]).digest()).rstrip(b"=").decode()
                        row = f"{name},sha256={digest},{len(changed[name])}"
                    rows.append(row + "\n")
                data = "".join(rows).encode()
            info.compress_type = zipfile.ZIP_DEFLATED
            wheel.writestr(info, changed.get(info.filename, data))


def meta(args: argparse.Namespace) -> None:
    """One field of [package] in Cargo.toml."""
    print(PACKAGE[args.field])


def pair(text: str) -> tuple[str, Path]:
    target, _, path = text.partition("=")
    if target not in TARGETS or not Path(path).is_file():
        raise argparse.ArgumentTypeError(f"{text}: TARGET=BINARY, with a target that is published")
    return target, Path(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)

    def command(run, *options):
        sub = commands.add_parser(run.__name__, help=run.__doc__)
        for flags, settings in options:
            sub.add_argument(*flags, **settings)
        sub.set_defaults(run=run)

    out = (["--out"], {"type": Path, "required": True})
    target = (["target"], {"choices": TARGETS})
    binary = (["binary"], {"type": Path})
    command(archive, target, binary, (["--completions"], {"type": Path, "required": True}), out)
    command(npm, (["binary"], {"type": pair, "nargs": "*", "metavar": "TARGET=BINARY"}), out)
    command(python, out)
    command(debian, out)
    command(notes, (["--unreleased"], {"action": "store_true", "help": "[Unreleased] will do"}))
    command(sums, out)
    command(sbom, target, (["wheel"], {"type": Path}), out)
    command(meta, (["field"], {"choices": ["name", "version", "repository", "description", "license", "rust-version"]}))
    args = parser.parse_args()
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    if hasattr(args, "out"):
        args.out.mkdir(parents=True, exist_ok=True)
    args.run(args)


if __name__ == "__main__":
    main()
