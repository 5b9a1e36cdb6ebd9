//! What wslint says of a tree, as the records hold it. Only memory is asked, so that WebAssembly can be, too.

use std::fmt::Write as _;

use wslint::engine::{Options, Selection, check};
use wslint::fix::{Wanted, fix, unified};
use wslint::i18n::Lang;
use wslint::report::{Report, concise};
use wslint::source::Place;
use wslint::syntax::Files;

use crate::common::{self, Tree, told};

/// The nginx of the live tests: Debian's.
pub(crate) const VERSION: &str = "1.22.1";

/// The newest nginx of `truth.jsonl`.
const NEWEST: &str = "1.31.5";

/// Verdict and reason: for the nginx of the live tests, for a new one, and where nobody says which it is.
pub(crate) fn verdicts(tree: &Tree, url: &str) -> String {
    let line = |name: &str, version| format!("{name} {}\n", told(tree, url, version));
    [line(VERSION, Some(VERSION)), line(NEWEST, Some(NEWEST)), line("any", None)].concat()
}

/// Everything that is said of a tree of such a kind: findings, endpoints, fixes.
pub(crate) fn everything(kind: &str, tree: &Tree, url: &str) -> String {
    let mut out = String::new();
    // Those of `verdicts/` have a file of their own.
    if kind.starts_with("nginx") {
        let _ = writeln!(out, "{VERSION}: {}", told(tree, url, Some(VERSION)));
    }
    let mut options = common::options(None, None);
    options.selection = Selection::new(&["all".to_owned()], &[]).unwrap();
    out.push_str(&findings(kind, tree, &options));
    let made = |unsafe_too| fixes(tree, &options, unsafe_too).unwrap_or_else(|e| format!("FAILED {e}\n"));
    let (safe, all) = (made(false), made(true));
    if kind == "nginx/rejected" {
        // They are all fixed alike, and broken elsewhere; what is held back is worth its lines.
        all.lines().filter(|l| l.starts_with("withheld")).for_each(|l| out = format!("{out}{l}\n"));
    } else if safe != all && !safe.is_empty() {
        let _ = write!(out, "safe fixes:\n{safe}all fixes:\n{all}");
    } else if !all.is_empty() {
        let _ = write!(out, "{} fixes:\n{all}", if safe == all { "safe" } else { "unsafe" });
    }
    out
}

fn findings(kind: &str, tree: &Tree, options: &Options) -> String {
    let fs = common::mem(tree);
    let mut files = Files::new(&fs);
    let target = common::target(&mut files);
    let checked = check(&mut files, &[target], options);
    let wanted = Wanted { unsafe_too: true };
    let report = Report {
        sources: &files.sources,
        checked: &checked,
        lang: Lang::En,
        advice: true,
        wanted,
        nginx_version: None,
    };
    let mut out = Vec::new();
    concise(&report, &mut out).unwrap();
    let mut out = String::from_utf8(out).unwrap();
    let line = |place: Place| {
        let file = files.sources.get(place.file);
        format!("{}:{}", file.path.display(), file.lines().line_column(place.span.start, &file.bytes).0)
    };
    for endpoint in &checked.endpoints {
        let evidence = format!("{:?}", endpoint.evidence).to_lowercase();
        let (at, verdict) = (line(endpoint.place), endpoint.verdict.as_str());
        let _ = writeln!(out, "{at}: endpoint, {evidence} evidence, {verdict}");
        if kind.starts_with("nginx") {
            continue;
        }
        if let Some(open) = &endpoint.undecided {
            let _ =
                writeln!(out, "    {}: {} {}", open.location, open.text.en, open.place.map(line).unwrap_or_default());
        }
        let words = endpoint.words();
        let server = [words.server.listen.join(", "), words.server.names.join(" ")].join(" ");
        let effective = words.effective.iter().map(|e| {
            let place = e.place.map(line).unwrap_or_default();
            format!(
                "{} ({}{}{place})",
                e.value.as_deref().unwrap_or("-"),
                e.origin,
                if place.is_empty() { "" } else { " " }
            )
        });
        let effective = effective.collect::<Vec<_>>().join(", ");
        let _ = writeln!(out, "    {} {} at {}: {effective}", words.location, words.proxy_pass, server.trim());
    }
    for found in &checked.diagnostics {
        let _ = writeln!(out, "{}: {}: {}", line(found.primary.place), found.rule, found.primary.text.en);
        for label in &found.labels {
            let _ = writeln!(out, "    {}: {}", line(label.place), label.text.en);
        }
        if kind == "rules" {
            let _ = writeln!(out, "    why: {}", found.why.en);
        }
        let _ = writeln!(out, "    help: {}", found.help.en);
        if let Some(fix) = &found.fix {
            let note = fix.note.as_ref().map(|n| format!(" ({})", n.en)).unwrap_or_default();
            let _ = writeln!(out, "    {:?}: {}{note}", fix.applicability, fix.title.en);
        }
    }
    out
}

fn fixes(tree: &Tree, options: &Options, unsafe_too: bool) -> Result<String, String> {
    let fs = common::mem(tree);
    let open = |files: &mut Files<'_>| vec![common::target(files)];
    let outcome = fix(&fs, &open, options, Wanted { unsafe_too }, &|_| true);
    if let Some(failed) = outcome.failed {
        return Err(failed);
    }
    let mut out = String::new();
    for (path, patched) in &outcome.files {
        out.push_str(&String::from_utf8_lossy(&unified(path, patched)));
    }
    if let Some(withheld) = &outcome.withheld {
        let _ = writeln!(out, "withheld: {withheld:?}");
    }
    // So that the next part begins on a line of its own.
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
    Ok(out)
}
