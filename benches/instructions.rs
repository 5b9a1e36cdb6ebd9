//! Instructions, which do not depend on what else the machine does: `cargo bench --profile test
//! --workspace --bench instructions`, with valgrind and `cargo install gungraun-runner`. What the tests were compiled
//! to is counted, so that nothing is compiled once more; what is released needs half as many. Each limit is what was
//! counted when the bench was last looked at, and 5 % more: a regression fails, an improvement wants a lower limit
//! here.

#![allow(clippy::exit, reason = "the main function of gungraun ends so")]

mod inputs;

use std::hint::black_box;

use gungraun::{Callgrind, EventKind, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main};
use wslint::source::MemFs;

fn at_most(counted: u64) -> LibraryBenchmarkConfig {
    let limit = counted + counted / 20;
    LibraryBenchmarkConfig::default().tool(Callgrind::default().hard_limits([(EventKind::Ir, limit)])).clone()
}

fn good() -> MemFs {
    inputs::mem(&inputs::servers(500, true))
}

fn different() -> MemFs {
    inputs::mem(&inputs::different(500))
}

fn bare() -> MemFs {
    inputs::mem(&inputs::servers(250, false))
}

#[library_benchmark(config = at_most(18_776_000))]
#[bench::servers(inputs::different(500))]
fn parse(tree: inputs::Tree) -> usize {
    black_box(wslint::syntax::parse(tree[0].1.as_bytes()).len())
}

#[library_benchmark(config = at_most(52_465_000))]
#[bench::servers(good())]
fn nothing_to_report(fs: MemFs) -> usize {
    black_box(inputs::checked(&fs))
}

#[library_benchmark(config = at_most(116_837_000))]
#[bench::servers(different())]
fn no_two_alike(fs: MemFs) -> usize {
    black_box(inputs::checked(&fs))
}

#[library_benchmark(config = at_most(269_532_000))]
#[bench::servers(bare())]
fn findings_for_people(fs: MemFs) -> usize {
    black_box(inputs::told(&fs))
}

#[library_benchmark(config = at_most(138_610_000))]
#[bench::servers(bare())]
fn findings_mended(fs: MemFs) -> usize {
    black_box(inputs::mended(&fs))
}

library_benchmark_group!(
    name = all,
    benchmarks = [parse, nothing_to_report, no_two_alike, findings_for_people, findings_mended]
);

main!(library_benchmark_groups = all);
