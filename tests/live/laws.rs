//! What holds between wslint and a running nginx. What a law leaves out is counted, and printed at the end.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use libtest_mimic::Failed;

use super::common::Tree;
use super::support::Observation;

static LEFT_OUT: Mutex<BTreeMap<&'static str, u64>> = Mutex::new(BTreeMap::new());

/// A law does not ask about this, for the reason that is given.
pub(crate) fn leave_out(why: &'static str) {
    *LEFT_OUT.lock().unwrap_or_else(PoisonError::into_inner).entry(why).or_default() += 1;
}

/// What was left out so far, one line for each reason.
pub(crate) fn left_out() -> String {
    let counts = LEFT_OUT.lock().unwrap_or_else(PoisonError::into_inner);
    counts.iter().map(|(why, count)| format!("left out {count} times: {why}\n")).collect()
}

pub(crate) fn check(holds: bool, message: impl Into<String>) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(message.into().into()) }
}

pub(crate) fn show(tree: &Tree) -> String {
    tree.iter().map(|(n, b)| format!("--- {n}\n{}\n", String::from_utf8_lossy(b))).collect()
}

/// What a safe fix must not do to anybody: `before` and `after` are what nginx made of the files before it and
/// after it, which `shown` shows.
pub(crate) fn harms_nothing(
    tree: &Tree,
    before: &Observation,
    after: &Observation,
    shown: &dyn Fn() -> String,
) -> Result<(), Failed> {
    check(
        !(before.verdict() == "upgrades" && after.verdict() != "upgrades"),
        format!("upgraded before, {} after {:?}\n{}", after.verdict(), after.error, shown()),
    )?;
    check(
        before.verdict() == "rejected" || after.accepted,
        format!("nginx refuses the fixed file: {:?}\n{}", after.error, shown()),
    )?;
    if after.h2c_tunnelled && !before.h2c_tunnelled {
        check(lets_all_through(tree), format!("an h2c upgrade is tunnelled now\n{}", shown()))?;
        leave_out("a map or a literal that somebody wrote lets h2c through, once the rest is mended");
    }
    if !before.accepted {
        return Ok(());
    }
    let answered = |o: &Observation| o.ordinary.first().and_then(|r| r.status);
    if answered(before).is_none_or(|s| s >= 400) {
        leave_out("ordinary requests failed before the fix: what becomes of them is not compared");
        return Ok(());
    }
    check(
        answered(before) == answered(after),
        format!("ordinary requests: {:?} -> {:?}\n{}", answered(before), answered(after), shown()),
    )?;
    match ordinary(before) {
        // Answered from a cache, or by nginx itself, it did not get as far as the backend.
        None => leave_out("ordinary requests did not reach the backend: what it would see is not compared"),
        seen => check(
            seen == ordinary(after),
            format!("ordinary requests changed: {seen:?} -> {:?}\n{}", ordinary(after), shown()),
        )?,
    }
    check(
        before.reused != Some(true) || (after.reused == Some(true) && after.connections <= before.connections),
        format!(
            "the connection to the backend is no longer reused: {} -> {}\n{}",
            before.connections,
            after.connections,
            shown()
        ),
    )
}

/// What somebody else wrote may let any protocol through; the map that wslint writes does not. So does their
/// literal once its typo is mended: the word is theirs.
fn lets_all_through(tree: &Tree) -> bool {
    // A template may write nginx's `$` so.
    let texts = show(tree).to_ascii_lowercase().replace("${dollar}", "$");
    let others = ["\"upgrade\"", "upgrade;", "upgrade,", ", upgrade", "$http_connection", "default $http_upgrade"]
        .iter()
        .any(|w| texts.contains(w));
    let misspelt = |line: &str| line.contains("proxy_set_header") && line.contains("ugrade") && !line.contains('$');
    others || texts.split(';').any(misspelt)
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
