//! What twice as much of something costs: `cargo bench --bench growth`. The bytes, the files, the places
//! of a snippet, the locations, the map entries, the findings are doubled; 2.0 is linear. It fails above
//! [`MOST`].

mod inputs;

use std::hint::black_box;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Instant;

use inputs::Tree;
use wslint::source::MemFs;

/// Caches and page faults make up what is above 2.
const MOST: f64 = 2.8;
const ROUNDS: usize = 3;

/// One thing that may grow.
struct Case {
    name: &'static str,
    size: usize,
    make: fn(usize) -> Tree,
    work: fn(&MemFs) -> usize,
}

const CASES: &[Case] = &[
    Case { name: "servers, nothing to report", size: 5_000, make: |n| inputs::servers(n, true), work: inputs::checked },
    Case { name: "servers that all differ", size: 5_000, make: inputs::different, work: inputs::checked },
    Case { name: "locations in one server", size: 10_000, make: inputs::locations, work: inputs::checked },
    Case { name: "places of a snippet", size: 10_000, make: |n| inputs::snippet(n, RIGHT), work: inputs::checked },
    Case {
        name: "places of a wrong snippet",
        size: 10_000,
        make: |n| inputs::snippet(n, WRONG),
        work: inputs::checked,
    },
    Case { name: "files", size: 5_000, make: inputs::files, work: inputs::checked },
    Case { name: "map entries", size: 100_000, make: inputs::map_entries, work: inputs::checked },
    Case { name: "bytes in one line", size: 25_000_000, make: inputs::long_line, work: inputs::checked },
    Case { name: "findings, checked", size: 25_000, make: inputs::findings, work: inputs::checked },
    Case { name: "findings, for people", size: 25_000, make: inputs::findings, work: inputs::told },
    Case { name: "findings, as JSON", size: 25_000, make: inputs::findings, work: inputs::json },
    Case { name: "findings, mended", size: 25_000, make: inputs::findings, work: inputs::mended },
    Case { name: "ifs in one location", size: 1_000, make: inputs::ifs, work: inputs::checked },
    Case { name: "rewrites, 300 exact locations", size: 500, make: inputs::rewrites, work: inputs::checked },
    Case { name: "headers and who inherits them", size: 1_500, make: inputs::inherited, work: inputs::checked },
    Case { name: "wrong maps", size: 2_000, make: inputs::wrong_maps, work: inputs::checked },
    Case { name: "targets of auth_request", size: 1_500, make: inputs::authorised, work: inputs::checked },
    Case { name: "locations that jump", size: 1_500, make: inputs::jumps, work: inputs::checked },
    Case { name: "hops from server to server", size: 2_000, make: inputs::hops, work: inputs::checked },
    Case { name: "maps and sets that double", size: 30, make: inputs::doubling, work: inputs::checked },
    Case { name: "bare servers, checked", size: 2_500, make: |n| inputs::servers(n, false), work: inputs::checked },
    Case { name: "bare servers, mended", size: 2_500, make: |n| inputs::servers(n, false), work: inputs::mended },
];

const RIGHT: &str = "proxy_http_version 1.1;\nproxy_set_header Upgrade $http_upgrade;\nproxy_set_header Connection $connection_upgrade;\n";
const WRONG: &str =
    "proxy_http_version 1.1;\nproxy_set_header Upgrade $http_upgrade;\nproxy_set_header Connection ugrade;\n";

fn main() -> ExitCode {
    // `cargo test --benches` only wants to know that it runs.
    if std::env::args().any(|a| a == "--test") {
        return ExitCode::SUCCESS;
    }
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let mut worst: f64 = 0.0;
    for case in CASES.iter().filter(|c| wanted.is_empty() || wanted.iter().any(|w| c.name.contains(w.as_str()))) {
        let [once, twice] = [case.size, 2 * case.size].map(|size| seconds(case, size));
        let ratio = twice / once;
        worst = worst.max(ratio);
        // A closed pipe is no failure.
        let _ = writeln!(
            std::io::stdout(),
            "{:<28} {:>10} {:>8.1} ms {:>10} {:>8.1} ms   {ratio:.2} x",
            case.name,
            case.size,
            once * 1e3,
            2 * case.size,
            twice * 1e3
        );
    }
    if worst > MOST { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// The best of some rounds.
fn seconds(case: &Case, size: usize) -> f64 {
    let fs = inputs::mem(&(case.make)(size));
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        black_box((case.work)(black_box(&fs)));
        best = best.min(start.elapsed().as_secs_f64());
    }
    best
}
