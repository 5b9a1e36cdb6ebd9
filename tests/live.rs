//! The proof: what wslint says of a configuration is what the installed nginx does with it, and what
//! wslint makes of one works there and leaves ordinary requests as they were.
//!
//! `WSLINT_GENERATED=10000 WSLINT_SEED=7 cargo test --release --test live generated` puts that many
//! generated configurations to nginx; in CI it is a few hundred. `WSLINT_CASE=3` prints that case. There are five
//! kinds of them: `generated`, `jumping`, `streams`, `roots` and `templates`.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that panics or prints has said what it has to say"
)]

#[path = "live/case.rs"]
mod case;
mod common;
#[path = "common/disk.rs"]
mod disk;
#[path = "live/generate.rs"]
mod generate;
#[path = "live/jumps.rs"]
mod jumps;
#[path = "live/laws.rs"]
mod laws;
#[path = "live/roots.rs"]
mod roots;
#[path = "live/run.rs"]
mod run;
#[path = "live/streams.rs"]
mod streams;
#[path = "live/support/mod.rs"]
mod support;
#[path = "live/templates.rs"]
mod templates;

use std::path::Path;
use std::sync::OnceLock;

use case::URL;
use common::Tree;
use laws::{check, harms_nothing, leave_out, show};
use libtest_mimic::{Arguments, Failed, Trial};
use run::{Make, generated};
use support::{Backend, Nginx, Observation, observe};
use wslint::diagnostic::{Category, Severity};
use wslint::rules::ALL;

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
    let kinds: [(&str, Make); 5] = [
        ("generated", generate::case),
        ("jumping", jumps::case),
        ("streams", streams::case),
        ("roots", roots::case),
        ("templates", templates::case),
    ];
    trials.extend(kinds.map(|(name, make)| Trial::test(name, move || generated(nginx()?, make))));
    let conclusion = libtest_mimic::run(&args, trials);
    print!("{}", laws::left_out());
    conclusion.exit();
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

/// What a fix must not do, and what it must.
fn fix_is_safe(tree: &Tree, url: &str, before: &Observation) -> Result<bool, Failed> {
    let options = common::options(Some(nginx()?.version()), Some(url));
    let fixed = common::fixed(tree, &options, false)?;
    if fixed == *tree {
        return Ok(false);
    }
    let Some(after) = look(&fixed, url)? else {
        leave_out("the harness cannot ask about the fixed file");
        return Ok(false);
    };
    let shown = || format!("before\n{}after\n{}", show(tree), show(&fixed));
    check(common::fixed(&fixed, &options, false)? == fixed, format!("a second fix changes something\n{}", shown()))?;
    harms_nothing(tree, before, &after, &shown)?;
    Ok(after.verdict() == "upgrades" && before.verdict() != "upgrades")
}

/// The bad example fails on the real nginx, the fixed one passes, the good one does what is said of it.
fn documentation(rule: &'static wslint::rules::Rule) -> Result<(), Failed> {
    for (kind, text) in common::examples(rule.docs) {
        // The file that is missing here is not missing there.
        if rule.name == "unresolved-include" {
            continue;
        }
        let tree = at_harness(&common::single(&text));
        let Some(before) = look(&tree, URL)? else {
            leave_out("the harness cannot ask: TLS, or a port that is not its own");
            continue;
        };
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
        leave_out("a case says that it cannot be put to the installed nginx");
        return Ok(());
    }
    let url = std::fs::read_to_string(case.join("url")).map_or_else(|_| URL.to_owned(), |u| u.trim().to_owned());
    let tree = at_harness(&common::read_tree(case, &["url", "args", "verdict", "expected.txt", "fixed"]));
    let Some(seen) = look(&tree, &url)? else {
        leave_out("the harness cannot ask: TLS, or a port that is not its own");
        return Ok(());
    };
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
