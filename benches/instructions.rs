//! Instructions, which do not depend on what else the machine does: `CARGO_INCREMENTAL=0 cargo bench --profile test
//! --workspace --bench instructions`, with valgrind. What tests/run has compiled for the tests is counted, so that
//! nothing is compiled once more; what is released needs half as many, and what is compiled piece by piece needs more.
//! Each limit is what was counted when the bench was last looked at, and 5 %
//! more: a regression fails, an improvement wants a lower limit here.
//!
//! The bench calls itself under callgrind, which counts within [`counted`] and nowhere else. Libraries that do so
//! want a command of their own, which takes longer to compile than wslint.

mod inputs;

use std::hint::black_box;
use std::io::Write as _;
use std::process::{Command, ExitCode};

use inputs::Tree;
use wslint::source::MemFs;

/// One thing that is counted.
struct Case {
    name: &'static str,
    make: fn() -> Tree,
    work: fn(&Tree, &MemFs) -> usize,
    /// What was counted last.
    last: u64,
}

const CASES: &[Case] = &[
    Case {
        name: "parse",
        make: || inputs::different(500),
        work: |tree, _| wslint::syntax::parse(tree[0].1.as_bytes()).len(),
        last: 18_776_000,
    },
    Case {
        name: "nothing to report",
        make: || inputs::servers(500, true),
        work: |_, fs| inputs::checked(fs),
        last: 52_463_000,
    },
    Case {
        name: "no two alike",
        make: || inputs::different(500),
        work: |_, fs| inputs::checked(fs),
        last: 116_867_000,
    },
    Case {
        name: "findings, for people",
        make: || inputs::servers(250, false),
        work: |_, fs| inputs::told(fs),
        last: 269_578_000,
    },
    Case {
        name: "findings, mended",
        make: || inputs::servers(250, false),
        work: |_, fs| inputs::mended(fs),
        last: 138_690_000,
    },
];

/// The name by which callgrind knows where to count.
#[inline(never)]
fn counted(case: &Case, tree: &Tree, fs: &MemFs) -> usize {
    black_box((case.work)(tree, fs))
}

fn main() -> ExitCode {
    let named = std::env::args().nth(1).and_then(|name| CASES.iter().find(|c| c.name == name));
    if let Some(case) = named {
        let tree = (case.make)();
        let fs = inputs::mem(&tree);
        counted(case, &tree, &fs);
        return ExitCode::SUCCESS;
    }
    let mut out = std::io::stdout().lock();
    let mut regressed = false;
    for case in CASES {
        let said = match under_callgrind(case) {
            Ok(count) => {
                let limit = case.last + case.last / 20;
                regressed |= count > limit;
                let verdict = if count > limit { "TOO MANY" } else { "ok" };
                format!("{count:>12} instructions, at most {limit:>12}: {verdict}")
            }
            Err(error) => {
                regressed = true;
                error
            }
        };
        let _ = writeln!(out, "{:24} {said}", case.name);
    }
    if regressed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// How many instructions one case takes.
fn under_callgrind(case: &Case) -> Result<u64, String> {
    let this = std::env::current_exe().map_err(|e| format!("the bench does not find itself: {e}"))?;
    let done = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=instructions::counted*"])
        .arg(this)
        .arg(case.name)
        .output()
        .map_err(|e| format!("valgrind cannot be run (Debian: apt-get install valgrind): {e}"))?;
    let text = String::from_utf8_lossy(&done.stderr);
    let count = text.lines().find_map(|l| l.split_once("Collected : ")?.1.trim().parse().ok());
    count.filter(|&n| done.status.success() && n > 0).ok_or_else(|| format!("nothing was counted:\n{text}"))
}
