//! What holds for any bytes: laws for `tests/fuzz.rs`, `tests/whole.rs` and the long runs of `fuzz/`.
#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has said what it has to say")]

pub(crate) mod one_mouth;

use std::io::Write;

use wslint::engine::{Checked, Options, Selection, check};
use wslint::fix::{Wanted, unified};
use wslint::i18n::Lang;
use wslint::report::{self, Look, Report};
use wslint::source::MemFs;
use wslint::syntax::Files;
use wslint::syntax::{parse, tokens};

use crate::common::{self, Tree};

/// A tree from bytes: the root up to the first zero byte, an included file behind it. Where the first
/// byte is odd, the root is made a server, so that more than the syntax is looked at.
pub(crate) fn tree_of(bytes: &[u8]) -> Tree {
    let (flag, rest) = bytes.split_first().map_or((0, bytes), |(flag, rest)| (*flag, rest));
    let at = rest.iter().position(|b| *b == 0).unwrap_or(rest.len());
    let (root, inc) = (&rest[..at], rest.get(at + 1..).unwrap_or_default());
    let root = match flag % 2 {
        1 => [b"events {}\nhttp {\nserver {\n", root, b"\n}\n}\n"].concat(),
        _ => root.to_vec(),
    };
    Tree::from([("nginx.conf".to_owned(), root), ("inc".to_owned(), inc.to_vec())])
}

/// Tokens are the file: none overlap, none are missing.
pub(crate) fn tokens_tile(bytes: &[u8]) {
    let mut at = 0;
    tokens(bytes, |token| {
        assert_eq!(token.span().start as usize, at);
        assert!(!token.span().is_empty());
        at = token.span().end as usize;
    });
    assert_eq!(at, bytes.len());
}

/// There is a tree for any bytes, and everything in it lies in the file.
pub(crate) fn a_tree_for_any_bytes(bytes: &[u8]) {
    for tree in [parse(bytes), wslint::syntax::parse_template(bytes)] {
        let mut count = 0;
        for directive in tree.all() {
            count += 1;
            let span = directive.span();
            assert!(span.start <= span.end && span.end as usize <= bytes.len());
            for word in directive.words().iter() {
                assert!(word.span().end as usize <= bytes.len());
                wslint::syntax::word::decode(tree.text(bytes), word);
            }
        }
        assert_eq!(count, tree.len());
        assert!(tree.errors.iter().all(|e| e.span.end as usize <= bytes.len()));
        // A slip's `//` is read as the comment that it was meant to be.
        let read = tree.text(bytes);
        assert!(tree.comments.iter().all(|c| read[c.start as usize] == b'#'));
    }
}

fn all_rules() -> Options {
    let mut options = common::options(None, None);
    options.selection = Selection::new(&["all".to_owned()], &[]).unwrap();
    options
}

fn checked<T>(tree: &Tree, then: impl FnOnce(&Files<'_>, &Checked) -> T) -> T {
    let fs: MemFs = common::mem(tree);
    let mut files = Files::new(&fs);
    let target = common::target(&mut files);
    let found = check(&mut files, &[target], &all_rules());
    then(&files, &found)
}

/// Checking comes to an end, and says the same when it is asked again.
pub(crate) fn checking_never_panics(tree: &Tree) {
    let told = || checked(tree, |_, found| format!("{:?}", found.diagnostics));
    assert_eq!(told(), told());
}

/// JSON is JSON, XML is XML, and no control character reaches a terminal, in both languages.
pub(crate) fn reports_are_well_formed(tree: &Tree) {
    checked(tree, |files, found| {
        for lang in [Lang::En, Lang::Zh] {
            let report = Report {
                sources: &files.sources,
                checked: found,
                lang,
                advice: true,
                wanted: Wanted { unsafe_too: true },
                nginx_version: None,
            };
            for format in [report::json, report::sarif, report::gitlab, report::rdjson] {
                serde_json::from_str::<serde_json::Value>(&written(|out| format(&report, out))).unwrap();
            }
            for format in [report::junit, report::checkstyle] {
                let text = written(|out| format(&report, out));
                roxmltree::Document::parse(&text).unwrap();
                only_text(&text);
            }
            only_text(&written(|out| {
                report::human(&report, Look { color: false, width: 80, line: 80, links: false }, out)
            }));
            for format in [report::concise, report::github, report::github_summary] {
                only_text(&written(|out| format(&report, out)));
            }
        }
    });
}

/// What a report writes.
fn written(write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn only_text(text: &str) {
    assert!(!text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')), "a control character in {text:?}");
}

/// Every diff applies, makes what `--fix` writes, and no syntax error that was not there.
pub(crate) fn diffs_apply(tree: &Tree) {
    let errors = |tree: &Tree| tree.values().map(|t| parse(t).errors.len()).sum::<usize>();
    for unsafe_too in [false, true] {
        let fs = common::mem(tree);
        let open = |files: &mut Files<'_>| vec![common::target(files)];
        let outcome = wslint::fix::fix(&fs, &open, &all_rules(), Wanted { unsafe_too }, &|_| true);
        assert!(outcome.failed.is_none(), "{:?}", outcome.failed);
        let mut new = tree.clone();
        for (path, patched) in outcome.files {
            let name = path.to_string_lossy().into_owned();
            let diff = unified(&path, &patched);
            assert_eq!(patched_by(&tree[&name], &diff), patched.text());
            new.insert(name, patched.text());
        }
        assert!(errors(&new) <= errors(tree), "a fix added a syntax error");
    }
}

/// A small `patch`: hunks by line numbers, context checked.
pub(crate) fn patched_by(old: &[u8], diff: &[u8]) -> Vec<u8> {
    let lines: Vec<&[u8]> = old.split_inclusive(|&b| b == b'\n').collect();
    let mut out: Vec<u8> = Vec::new();
    let mut at = 0;
    let mut diff_lines: Vec<&[u8]> = diff.split_inclusive(|&b| b == b'\n').skip(2).collect();
    diff_lines.reverse();
    while let Some(line) = diff_lines.pop() {
        let no_newline = diff_lines.last().is_some_and(|l| l.starts_with(b"\\ No newline"));
        // Only the last line of a file has no end: GNU patch and git call anything else malformed.
        assert!(!no_newline || line[0] == b'-' || diff_lines.len() == 1, "a line without an end in the middle");
        let body = |line: &[u8]| if no_newline { line[1..line.len() - 1].to_vec() } else { line[1..].to_vec() };
        match line[0] {
            b'@' => {
                let text = String::from_utf8_lossy(line).into_owned();
                let range = text.split(' ').nth(1).expect("a range").trim_start_matches('-').to_owned();
                let (start, count) = range.split_once(',').unwrap_or((&range, "1"));
                let start: usize = start.parse().expect("a number");
                let first = if count == "0" { start } else { start - 1 };
                while at < first {
                    out.extend_from_slice(lines[at]);
                    at += 1;
                }
            }
            b' ' | b'-' => {
                assert_eq!(lines[at], body(line), "context");
                if line[0] == b' ' {
                    out.extend_from_slice(lines[at]);
                }
                at += 1;
            }
            b'+' => out.extend(body(line)),
            _ => {}
        }
    }
    for line in &lines[at..] {
        out.extend_from_slice(line);
    }
    out
}
