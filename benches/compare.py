#!/usr/bin/env python3
"""How long others take for the same file, in one run: python3 benches/compare.py, after cargo build --release.

Writes docs/benchmarks.md. Needs nginx, cargo, and PyPI and crates.io for the other tools, which go below
target/compare. Each figure is the median of five runs of a whole process, and its peak memory.
"""
import os, shutil, statistics, subprocess, sys, time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "target" / "compare"
PYTHON = ["crossplane==0.5.8", "gixy-ng==0.2.59"]
PARSER = "nginx-lint-parser@0.24.0"
RUNS = 5

HEADERS = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;\n            "

def servers(count, good):
    out = ["events { worker_connections 1024; }\nhttp {\n    access_log off;\n    server_names_hash_max_size 65536;\n    map $http_upgrade $connection_upgrade {\n        default upgrade;\n        ''      close;\n    }\n"]
    for i in range(count):
        out.append(f"    server {{\n        listen 127.0.0.1:8080;\n        server_name host{i}.example.com;\n")
        for path in ("/", "/api", "/ws", "/socket.io/"):
            out.append(f"        # location {path} of host {i}\n        location {path} {{\n            {HEADERS if good else ''}proxy_set_header Host $host;\n            proxy_pass http://127.0.0.1:{9000 + i % 100};\n        }}\n")
        out.append("    }\n")
    return "".join(out) + "}\n"

def set_up():
    WORK.mkdir(parents=True, exist_ok=True)
    (WORK / "wslint.toml").write_text("")
    (WORK / "good.conf").write_text(servers(5000, True))
    (WORK / "bare.conf").write_text(servers(5000, False))
    (WORK / "small.conf").write_text(servers(3, True))
    subprocess.run([sys.executable, "-m", "venv", WORK / "venv"], check=True)
    subprocess.run([WORK / "venv/bin/pip", "install", "-q", "--disable-pip-version-check", *PYTHON], check=True)
    crate = WORK / "nginx-lint"
    if not (crate / "Cargo.toml").exists():
        subprocess.run(["cargo", "init", "-q", "--vcs", "none", "--name", "parse", crate], check=True)
        (crate / "Cargo.toml").open("a").write("\n[workspace]\n")
        subprocess.run(["cargo", "add", "-q", PARSER], cwd=crate, check=True)
        (crate / "src/main.rs").write_text('fn main() {\n    let path = std::env::args().nth(1).unwrap();\n    nginx_lint_parser::parse_config(std::path::Path::new(&path)).unwrap();\n}\n')
    subprocess.run(["cargo", "build", "-q", "--release"], cwd=crate, check=True)

def run(command):
    start = time.time()
    child = subprocess.Popen(command, cwd=WORK, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, use = os.wait4(child.pid, 0)
    return time.time() - start, use.ru_utime + use.ru_stime

def memory(command):
    """By GNU time: a child started from here would be charged for Python's own pages."""
    done = subprocess.run(["/usr/bin/time", "-f", "%M", *map(str, command)], cwd=WORK, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    return int(done.stderr.split()[-1]) / 1024

def row(name, command, runs=RUNS):
    times = [run(command) for _ in range(runs)]
    wall, cpu = (statistics.median(t[i] for t in times) * 1000 for i in range(2))
    print(f"{name}: {wall:.1f} ms", file=sys.stderr)
    return f"| {name} | {wall:,.1f} ms | {cpu:,.1f} ms | {memory(command):,.0f} MB |"

def main():
    nginx = shutil.which("nginx") or sys.exit("no nginx on the PATH: apt-get install nginx-light")
    wslint = ROOT / "target/release/wslint"
    wslint.exists() or sys.exit("no target/release/wslint: cargo build --release")
    set_up()
    test = lambda f: [nginx, "-t", "-q", "-p", WORK, "-g", f"pid {WORK}/x.pid; error_log {WORK}/e.log;", "-c", WORK / f]
    ours = lambda f, *more: [wslint, "--isolated", *more, f]
    head = "| | wall clock | CPU | memory |\n| --- | ---: | ---: | ---: |"
    version = subprocess.run([nginx, "-v"], stderr=subprocess.PIPE, text=True).stderr.split("/")[-1].strip()
    size = (WORK / "good.conf").stat().st_size / 1e6
    tables = [
        (f"A configuration of {size:.1f} MB: 5,000 servers of four locations each, nothing to report", [
            row("wslint", ours("good.conf")),
            row(f"`nginx -t` {version}", test("good.conf")),
            row(f"{PARSER.replace('@', ' ')}, parsing alone", [WORK / "nginx-lint/target/release/parse", "good.conf"]),
            row(f"{PYTHON[0].replace('==', ' ')}, parsing alone", [WORK / "venv/bin/crossplane", "parse", "good.conf"]),
            row(PYTHON[1].replace("==", " "), [WORK / "venv/bin/gixy", "good.conf"], 1),
        ]),
        ("The same without the lines for WebSocket: 10,000 findings", [
            row("wslint, for people", ours("bare.conf")),
            row("wslint `--format json`", ours("bare.conf", "--format", "json")),
            row("wslint `--format sarif`", ours("bare.conf", "--format", "sarif")),
            row("wslint `--diff`", ours("bare.conf", "--diff")),
        ]),
        ("A small file: three servers", [row("wslint", ours("small.conf")), row(f"`nginx -t` {version}", test("small.conf")), row("`nginx -v`", [nginx, "-v"])]),
    ]
    out = ["# Benchmarks\n", "Written by `python3 benches/compare.py`, all figures in one run on one machine; yours will differ, and so will what stands in your configuration. Only wslint says anything about WebSocket; the others are here because they read the same file.\n"]
    for title, rows in tables:
        out += [f"## {title}\n", head, *rows, ""]
    out.append((ROOT / "benches/README.md").read_text())
    (ROOT / "docs/benchmarks.md").write_text("\n".join(out))

main()
