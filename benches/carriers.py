"""What it costs to pass over documents and manifests that have nothing to do with nginx.

Makes a tree of 10,000 YAML and Markdown files (200 MB) without nginx, runs wslint there and prints the processor time
that it took, the least of five runs: `python3 benches/carriers.py [path to wslint]`. Nothing fails by the figure; with
`--carriers none` beside it, the difference is what looking into them costs.
"""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

FILES, BYTES = 10_000, 200_000_000

YAML = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: service-{0}
spec:
  template:
    spec:
      containers:
        - name: app
          image: registry.example/app:{0}
          command: ["sh", "-c", "exec app --listen 0.0.0.0:{0}"]
          env:
            - {{name: MODE, value: "production"}}
data:
  settings.ini: |
    [server]
    listen = 0.0.0.0:{0}
    server_name = app-{0}
---
"""

MARKDOWN = """\
## Part {0}

The proxy in front of it passes requests on; see `proxy` in the settings. Lines like these fill the pages of a
repository, with *emphasis*, [links](https://example.org/{0}) and lists:

- one, which is listed
- another, which is listed as well

```sh
curl -s http://localhost:{0}/health | jq .server
```

"""


def fill(folder: Path) -> int:
    """Writes the files; how many bytes they have."""
    size, total = BYTES // FILES, 0
    for number in range(FILES):
        pattern, end = (YAML, "yaml") if number % 2 else (MARKDOWN, "md")
        text = "".join(pattern.format(number * 100 + part) for part in range(size // (len(pattern) - 20) + 1))
        path = folder / f"part{number % 100}" / f"file{number}.{end}"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        total += len(text)
    return total


def cpu(wslint: str, folder: Path, *args: str) -> float:
    """The least processor time of five runs, in seconds."""

    def once() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        out = subprocess.run([wslint, "--isolated", *args], cwd=folder, capture_output=True, text=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if out.returncode not in (0, 2):
            sys.exit(f"something was found in a tree without nginx:\n{out.stdout}{out.stderr}")
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return min(once() for _ in range(5))


def main() -> None:
    root = Path(__file__).resolve().parent.parent
    wslint = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else root / "target/release/wslint")
    with tempfile.TemporaryDirectory(prefix="wslint-carriers-") as folder:
        total = fill(Path(folder))
        print(f"{FILES:,} files, {total / 1e6:.0f} MB: {cpu(wslint, Path(folder)):.2f} s of processor time, "
              f"{cpu(wslint, Path(folder), '--carriers', 'none'):.2f} s with --carriers none")


main()
