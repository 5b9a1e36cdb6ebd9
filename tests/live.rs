//! The proof: what wslint says of a configuration is what the installed nginx does with it, and what
//! wslint makes of one works there and leaves ordinary requests as they were.
//!
//! `WSLINT_GENERATED=10000 WSLINT_SEED=7 cargo test --release --test live generated` puts that many
//! generated configurations to nginx; in CI it is a few hundred. `WSLINT_CASE=3` prints that case.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that panics or prints has said what it has to say"
)]

mod common;
#[path = "live/generate.rs"]
mod generate;
#[path = "live/jumps.rs"]
mod jumps;
#[path = "live/support/mod.rs"]
mod support;

use std::path::Path;
use std::sync::OnceLock;

use common::Tree;
use jumps::Case;
use libtest_mimic::{Arguments, Failed, Trial};
use support::{Backend, Nginx, Observation, observe};
use wslint::diagnostic::{Category, Severity};
use wslint::rules::ALL;

/// The URL of every case that does not say otherwise.
const URL: &str = "ws://example.com:8080/ws";

fn main() {
    let mut args = Arguments::from_args();
    // Two nginx at a time: as many as there are cores, and each with a backend of its own.
    args.test_threads = args.test_threads.or(Some(2));
    let mut trials = Vec::new();
    for rule in ALL {
        trials.push(Trial::test(format!("docs::{}", rule.name), move || documentation(rule)));
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("grammar-fixtures");
    for kind in ["verdicts", "rules"] {
        for case in cases(&root.join(kind)) {
            let name = case.strip_prefix(&root).unwrap().to_string_lossy().replace('/', "::");
            trials.push(Trial::test(format!("verdict::{name}"), move || fixture(&case)));
        }
    }
    trials.push(Trial::test("generated", || generated(written)));
    trials.push(Trial::test("jumping", || generated(jumps::case)));
    libtest_mimic::run(&args, trials).exit();
}

/// Folders that hold an `nginx.conf`.
fn cases(root: &Path) -> Vec<std::path::PathBuf> {
    let walk = walkdir::WalkDir::new(root).sort_by_file_name().into_iter().filter_map(Result::ok);
    let roots =
        walk.filter(|e| e.file_name() == "nginx.conf" && !e.path().components().any(|c| c.as_os_str() == "fixed"));
    roots.map(|e| e.path().parent().unwrap().to_owned()).collect()
}

fn nginx() -> Result<&'static Nginx, Failed> {
    static NGINX: OnceLock<Option<Nginx>> = OnceLock::new();
    NGINX
        .get_or_init(Nginx::find)
        .as_ref()
        .ok_or_else(|| "no nginx on this machine: apt-get install nginx-light".into())
}

fn check(holds: bool, message: impl Into<String>) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(message.into().into()) }
}

fn at_harness(tree: &Tree) -> Tree {
    tree.iter()
        .map(|(n, b)| {
            (
                n.clone(),
                String::from_utf8(b.clone()).map_or_else(|_| b.clone(), |t| common::for_the_harness(&t).into_bytes()),
            )
        })
        .collect()
}

fn look(tree: &Tree, url: &str) -> Result<Option<Observation>, Failed> {
    let backend = Backend::start().map_err(|e| Failed::from(format!("backend: {e}")))?;
    Ok(observe(nginx()?, &backend, tree, url))
}

/// The verdict of wslint is nginx's, or an honest `unknown`.
fn agrees(tree: &Tree, url: &str, seen: &Observation) -> Result<String, Failed> {
    let (said, why) = common::verdict(tree, url, nginx()?.version());
    let holds = said == seen.verdict() || said == "unknown";
    check(
        holds,
        format!(
            "wslint says {said} ({why}), nginx {}: {:?} {:?}\n{}",
            seen.verdict(),
            seen.error,
            seen.refused,
            show(tree)
        ),
    )?;
    Ok(said)
}

fn show(tree: &Tree) -> String {
    tree.iter().map(|(n, b)| format!("--- {n}\n{}\n", String::from_utf8_lossy(b))).collect()
}

/// What a fix must not do, and what it must.
fn fix_is_safe(tree: &Tree, url: &str, before: &Observation) -> Result<bool, Failed> {
    let options = common::options(Some(nginx()?.version()), Some(url));
    let fixed = common::fixed(tree, &options, false)?;
    if fixed == *tree {
        return Ok(false);
    }
    let Some(after) = look(&fixed, url)? else { return Ok(false) };
    let shown = || format!("before\n{}after\n{}", show(tree), show(&fixed));
    check(common::fixed(&fixed, &options, false)? == fixed, format!("a second fix changes something\n{}", shown()))?;
    check(
        !(before.verdict() == "upgrades" && after.verdict() != "upgrades"),
        format!("upgraded before, {} after {:?}\n{}", after.verdict(), after.error, shown()),
    )?;
    // What somebody else wrote may let any protocol through; the map that wslint writes does not.
    let texts = show(tree).to_ascii_lowercase();
    // So does their literal once its typo is mended: the word is theirs.
    let others = ["\"upgrade\"", "upgrade;", "upgrade,", ", upgrade", "$http_connection", "default $http_upgrade"]
        .iter()
        .any(|w| texts.contains(w));
    let misspelt = |line: &str| line.contains("proxy_set_header") && line.contains("ugrade") && !line.contains('$');
    let others = others || texts.split(';').any(misspelt);
    check(
        before.h2c_tunnelled || !after.h2c_tunnelled || others,
        format!("an h2c upgrade is tunnelled now\n{}", shown()),
    )?;
    check(
        before.verdict() == "rejected" || after.accepted,
        format!("nginx refuses the fixed file: {:?}\n{}", after.error, shown()),
    )?;
    if before.accepted {
        let answered = |o: &Observation| o.ordinary.first().and_then(|r| r.status);
        if answered(before).is_some_and(|s| s < 400) {
            check(
                answered(before) == answered(&after),
                format!("ordinary requests: {:?} -> {:?}\n{}", answered(before), answered(&after), shown()),
            )?;
            check(
                // Answered from a cache, it did not get as far as the backend.
                ordinary(before).is_none() || ordinary(before) == ordinary(&after),
                format!("ordinary requests changed: {:?} -> {:?}\n{}", ordinary(before), ordinary(&after), shown()),
            )?;
            check(
                before.reused != Some(true) || after.reused == Some(true),
                format!("the connection to the backend is no longer reused\n{}", shown()),
            )?;
        }
    }
    Ok(after.verdict() == "upgrades" && before.verdict() != "upgrades")
}

/// The request line without its version and the headers but those that a fix is about.
fn ordinary(seen: &Observation) -> Option<(String, Vec<(String, String)>)> {
    let request = seen.backend_ordinary.as_ref()?;
    let line = request.line.rsplit_once(" HTTP/").map_or(request.line.clone(), |(l, _)| l.to_owned());
    let about = |name: &str| {
        let name = name.to_ascii_lowercase();
        let near = |w: &str| strsim::osa_distance(&name.replace(|c: char| !c.is_ascii_alphabetic(), ""), w) <= 2;
        near("connection") || near("upgrade")
    };
    let mut headers: Vec<(String, String)> =
        request.headers.iter().filter(|(n, _)| !about(n)).map(|(n, v)| (n.to_ascii_lowercase(), v.clone())).collect();
    // The default Host names the backend's port, which is another for each observation.
    for (name, value) in &mut headers {
        if name == "host" && value.starts_with("127.0.0.1:") {
            "backend".clone_into(value);
        }
    }
    headers.sort();
    Some((line, headers))
}

/// The bad example fails on the real nginx, the fixed one passes, the good one does what is said of it.
fn documentation(rule: &'static wslint::rules::Rule) -> Result<(), Failed> {
    for (kind, text) in common::examples(rule.docs) {
        // The file that is missing here is not missing there.
        if rule.name == "unresolved-include" {
            continue;
        }
        let tree = at_harness(&common::single(&text));
        let Some(before) = look(&tree, URL)? else { continue };
        let said = agrees(&tree, URL, &before)?;
        match kind.as_str() {
            "bad" => {
                let opens = before.verdict() == "upgrades";
                let may_open = matches!(
                    rule.name,
                    "duplicate-upgrade-header"
                        | "path-mismatch"
                        | "subrequest-upgrade"
                        | "cached-handshake"
                        | "unused-ignore"
                );
                let may_open = may_open
                    || rule.severity == Severity::Advice
                    || matches!(rule.category, Category::Lifetime | Category::Security);
                check(!opens || may_open, format!("the bad example opens on nginx\n{text}"))?;
                let mended = fix_is_safe(&tree, URL, &before)?;
                check(
                    mended || opens || said == "unknown" || !text_is_fixed(rule.docs),
                    format!("the fix does not mend it\n{text}"),
                )?;
            }
            "fixed" => check(
                before.verdict() == "upgrades" || said == "unknown",
                format!("the fixed example: {}\n{text}", before.verdict()),
            )?,
            _ => {}
        }
    }
    Ok(())
}

fn text_is_fixed(docs: &str) -> bool {
    docs.contains("```nginx fixed")
}

/// A fixture: verdict and fix. `url` holds another URL than the usual one.
///
/// `not-live` says why a case cannot be put to the installed nginx.
fn fixture(case: &Path) -> Result<(), Failed> {
    if case.join("not-live").is_file() {
        return Ok(());
    }
    let url = std::fs::read_to_string(case.join("url")).map_or_else(|_| URL.to_owned(), |u| u.trim().to_owned());
    let tree = at_harness(&common::read_tree(case, &["url", "args", "verdict", "expected.txt", "fixed"]));
    let Some(seen) = look(&tree, &url)? else { return Ok(()) };
    agrees(&tree, &url, &seen)?;
    // What `tests/records` compares with on machines that have no nginx.
    if let Ok(record) = std::fs::read_to_string(case.join("verdict"))
        && let Some(recorded) = record.strip_prefix(&format!("{} ", nginx()?.version()))
    {
        let recorded = recorded.split_whitespace().next().unwrap_or_default();
        check(
            recorded == seen.verdict() || recorded == "unknown",
            format!("on record is {recorded}, nginx {}\n{}", seen.verdict(), show(&tree)),
        )?;
    }
    fix_is_safe(&tree, &url, &seen)?;
    Ok(())
}

/// Configurations that nobody wrote: levels, includes, maps, shadowing, typos, duplicates.
fn written(seed: u64, case: u64) -> Case {
    Case { tree: generate::tree(seed, case), url: URL.to_owned() }
}

/// How a case is made of a seed and its number.
type Make = fn(u64, u64) -> Case;

fn generated(make: Make) -> Result<(), Failed> {
    let number = |name: &str, default: u64| std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default);
    let (count, seed) = (number("WSLINT_GENERATED", 150), number("WSLINT_SEED", 1));
    if let Some(case) = std::env::var("WSLINT_CASE").ok().and_then(|c| c.parse().ok()) {
        let case = make(seed, case);
        println!("{}\n{}", case.url, show(&case.tree));
        return Ok(());
    }
    let threads = 2;
    let started = std::time::Instant::now();
    let outcomes: Vec<Result<[u64; 5], String>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|t| scope.spawn(move || work(make, seed, t, threads, count))).collect();
        workers.into_iter().map(|w| w.join().unwrap_or_else(|_| Err("a worker panicked".to_owned()))).collect()
    });
    let mut sums = [0u64; 5];
    for outcome in outcomes {
        let counts = outcome.map_err(Failed::from)?;
        sums.iter_mut().zip(counts).for_each(|(s, c)| *s += c);
    }
    let [upgrades, broken, rejected, unknown, fixes] = sums;
    println!(
        "{count} generated configurations, seed {seed}: {upgrades} upgrade, {broken} broken, {rejected} rejected, {unknown} left open, 0 contradictions; {fixes} fixes proven; {:.0} s",
        started.elapsed().as_secs_f64()
    );
    // nginx refuses one of sixty jumps: 150 may have none.
    let refused = rejected > 0 || count < 1_000 && upgrades + broken + unknown == count;
    check(upgrades > 0 && broken > 0 && refused && unknown * 10 < count, "the generator does not cover what it should")
}

fn work(make: Make, seed: u64, thread: u64, threads: u64, count: u64) -> Result<[u64; 5], String> {
    let nginx = nginx().map_err(|e| e.message().unwrap_or_default().to_owned())?;
    let backend = Backend::start().map_err(|e| e.to_string())?;
    let mut counts = [0u64; 5];
    for case in (thread..count).step_by(threads as usize) {
        let Case { tree, url } = make(seed, case);
        let Some(seen) = observe(nginx, &backend, &tree, &url) else { continue };
        let (said, why) = common::verdict(&tree, &url, nginx.version());
        match said.as_str() {
            "unknown" => counts[3] += 1,
            said if said == seen.verdict() => {
                counts[match said {
                    "upgrades" => 0,
                    "broken" => 1,
                    _ => 2,
                }] += 1
            }
            said => {
                return Err(format!(
                    "seed {seed} case {case}: {url}: wslint says {said} ({why}), nginx {}: {:?} {:?}\n{}",
                    seen.verdict(),
                    seen.error,
                    seen.refused,
                    show(&generate::smaller(&tree, &|t| contradicts(nginx, &backend, t, &url, (said, seen.verdict()))))
                ));
            }
        }
        // Every fourth broken one is fixed and looked at again.
        if said == "broken" && case % 4 == 0 {
            let mended = fix_is_safe(&tree, &url, &seen)
                .map_err(|e| format!("seed {seed} case {case}: {}", e.message().unwrap_or_default()))?;
            counts[4] += u64::from(mended);
        }
    }
    Ok(counts)
}

/// Whether a smaller case shows the same contradiction.
fn contradicts(nginx: &Nginx, backend: &Backend, tree: &Tree, url: &str, same: (&str, &str)) -> bool {
    let Some(seen) = observe(nginx, backend, tree, url) else { return false };
    let (said, _) = common::verdict(tree, url, nginx.version());
    (said.as_str(), seen.verdict()) == same
}
