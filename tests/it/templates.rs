//! Templates: what is certain in each language, what is unknown, and what decides.
//!
//! Each `grammar-fixtures/templates/*.conf` is read in memory; beside it stands what is said of it, and
//! what `--fix` makes of it, if anything. `UPDATE_FIXTURES=1 cargo test --test it templates::` writes both.

#![allow(clippy::unwrap_used, reason = "a test that panics has said what it has to say")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use wslint::catalog::name;
use wslint::engine::check;
use wslint::fix::{Wanted, fix};
use wslint::model::analysis::{Analysis, Versions};
use wslint::model::config::include::expand;
use wslint::model::config::inherit::Found;
use wslint::model::evidence::Declarations;
use wslint::source::{MemFs, Place};
use wslint::syntax::Files;

use crate::common;

/// What is said of a file: its endpoints, then its findings.
fn said(name: &str, bytes: &[u8]) -> String {
    let fs = MemFs::new([(PathBuf::from(name), bytes.to_vec())]);
    let mut files = Files::new(&fs);
    let targets = [common::target_called(&mut files, name)];
    let checked = check(&mut files, &targets, &common::options(None, None));
    let line = |place: Place| {
        let file = files.sources.get(place.file);
        file.lines().line_column(place.span.start, &file.bytes).0
    };
    let mut out = String::new();
    for endpoint in &checked.endpoints {
        let (words, verdict) = (endpoint.words(), endpoint.verdict.as_str());
        let evidence = endpoint.evidence.as_str();
        write!(out, "{}: location {}: {evidence}, {verdict}", line(endpoint.place), words.location).unwrap();
        if let Some(undecided) = endpoint.undecided.as_deref() {
            write!(out, " ({}", undecided.text.en).unwrap();
            if let Some(place) = undecided.place {
                write!(out, " in line {}", line(place)).unwrap();
            }
            out.push(')');
        }
        out.push('\n');
    }
    for found in &checked.diagnostics {
        let fix = if found.fix.is_some() { ", with a fix" } else { "" };
        let severity = found.severity.as_str();
        writeln!(out, "{}: {severity}[{}] {}{fix}", line(found.primary.place), found.rule, found.message.en).unwrap();
    }
    out
}

fn fixed(name: &str, bytes: &[u8]) -> Vec<u8> {
    let fs = MemFs::new([(PathBuf::from(name), bytes.to_vec())]);
    let open = |files: &mut Files<'_>| vec![common::target_called(files, name)];
    let outcome = fix(&fs, &open, &common::options(None, None), Wanted { unsafe_too: false }, &|_| true);
    assert_eq!(outcome.failed, None, "{name}");
    outcome.files.into_iter().next().map_or_else(|| bytes.to_vec(), |(_, patched)| patched.text())
}

#[test]
fn every_language_is_read_as_far_as_it_is_certain() {
    let update = std::env::var_os("UPDATE_FIXTURES").is_some();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("grammar-fixtures/templates");
    let mut cases: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).collect();
    cases.retain(|p| p.extension().is_some_and(|e| e == "conf"));
    cases.sort();
    assert!(cases.len() > 20);
    for case in cases {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(&case).unwrap();
        let (report, patched) = (said(&name, &bytes), fixed(&name, &bytes));
        assert!(!report.contains(['\u{1}', '\u{2}', '\u{3}']), "{name} is shown as written: {report}");
        assert_eq!(fixed(&name, &patched), patched, "{name}: a fix is made once");
        let (expected, after) = (case.with_extension("expected"), case.with_extension("fixed"));
        if update {
            std::fs::write(&expected, &report).unwrap();
            let _ = std::fs::remove_file(&after);
            if patched != bytes {
                std::fs::write(&after, &patched).unwrap();
            }
        }
        assert_eq!(report, std::fs::read_to_string(&expected).unwrap_or_default(), "{name}");
        let want = std::fs::read(&after).unwrap_or(bytes);
        assert_eq!(String::from_utf8_lossy(&patched), String::from_utf8_lossy(&want), "{name}");
    }
}

/// Whatever stands in a file, its mask is as long as the file, and reading it takes no longer than it should.
#[test]
fn hostile_templates_are_read_in_linear_time() {
    for piece in [
        "{% if a %}",
        "{{",
        "${",
        "<%",
        "{% endif %}",
        "%{ if x ~}",
        "[[ .A ]]",
        "{% if a %}x;{% else %}",
        "\\$host",
        "${a}listen 80;\n",
        "{% foo %}",
        "_",
        "<",
        "{% comment %}",
    ] {
        let text = piece.repeat(20_000);
        let start = std::time::Instant::now();
        let ast = wslint::syntax::parse_template(text.as_bytes());
        assert_eq!(ast.text(text.as_bytes()).len(), text.len());
        assert!(start.elapsed().as_secs() < 20, "{piece}");
    }
}

/// A line between tags is there in some renderings: without one, nobody knows what is effective.
#[test]
fn a_line_between_tags_is_not_certain_without_a_rendering() {
    let with = |before: &str, behind: &str| {
        let text = format!(
            "events {{}}\nhttp {{\n    server {{\n        listen 8080;\n        location /ws {{\n{before}\
             proxy_http_version 1.1;\n{behind}            proxy_pass http://127.0.0.1:3000;\n        }}\n    }}\n}}\n"
        );
        let fs = common::mem(&common::single(&text));
        let mut files = Files::new(&fs);
        let root = common::target(&mut files);
        let expanded = expand(&mut files, root.file, root.context, &root.lookup);
        let declared = Declarations::default();
        let analysis = Analysis::new(&files.sources, &files.asts, &expanded, true, false, Versions::ALL, &declared);
        analysis.config().effective(analysis.endpoints[0].scope, name::PROXY_HTTP_VERSION)
    };
    assert!(matches!(with("", ""), Found::At(_, true)));
    assert_eq!(with("{% if modern %}\n", "{% endif %}\n"), Found::Unknown);
}
