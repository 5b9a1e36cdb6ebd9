//! Configurations inside other files: which blocks are read, what is said of them, and in whose hand fixes are
//! written.
//!
//! Each file of `grammar-fixtures/carriers` is read in memory; beside it stands what is said of it, and its patch.
//! `UPDATE_FIXTURES=1 cargo test --test it carriers::` writes both.
#![allow(clippy::unwrap_used, reason = "a test that panics has said what it has to say")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use wslint::engine::Options;
use wslint::fix::{Wanted, unified};
use wslint::project::{Asked, Input, Problem, Session, SettingsFrom};
use wslint::source::MemFs;

use crate::common;

/// A finding: its rule, its severity, and its offset in the file.
pub(crate) type Found = (&'static str, &'static str, usize);

pub(crate) struct Looked {
    pub said: String,
    pub found: Vec<Found>,
    pub patched: Vec<u8>,
    diff: Vec<u8>,
}

pub(crate) fn look(name: &str, bytes: &[u8]) -> Result<Looked, Problem> {
    let fs = MemFs::new([(PathBuf::from(name), bytes.to_vec())]);
    let session = Session::new(&fs, &SettingsFrom::Nowhere)?;
    let asked = Asked { inputs: vec![Input::Path(name.into())], alone: true, ..Asked::default() };
    let subject = session.open(&asked)?;
    let options: Options = common::options(None, None);
    let (files, checked) = subject.check(&options)?;
    let everything = format!("{checked:?}");
    // Where a file holds none of the bytes that stand for a placeholder, nothing that is said does.
    let shows = |(mask, written): (u8, &str)| everything.contains(written) && !bytes.contains(&mask);
    let masks = [(1, "\\u{1}"), (2, "\\u{2}"), (3, "\\u{3}")];
    assert!(!masks.into_iter().any(shows), "{name}: {everything}");
    let (mut said, mut found) = (String::new(), Vec::new());
    for d in &checked.diagnostics {
        let file = files.sources.get(d.primary.place.file);
        let line = file.lines().line(d.primary.place.span.start) + 1;
        let block = file.block.as_deref().unwrap_or("-");
        writeln!(said, "{line}: {}[{}] {} ({block})", d.severity.as_str(), d.rule, d.message.en).unwrap();
        found.push((d.rule, d.severity.as_str(), d.primary.place.span.start as usize));
    }
    let fixed = subject.mend(&options, Wanted::default(), &|_| true)?;
    assert_eq!(fixed.failed, None, "{name}");
    let patched = fixed.files.first().map_or_else(|| bytes.to_vec(), |(_, patched)| patched.text());
    let diff = fixed.files.iter().flat_map(|(path, patched)| unified(path, patched)).collect();
    Ok(Looked { said, found, patched, diff })
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("grammar-fixtures/carriers")
}

#[test]
fn each_block_is_read_in_place_and_mended_in_its_own_hand() {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(fixtures()).unwrap().map(|e| e.unwrap().path()).collect();
    paths.retain(|p| !p.to_string_lossy().ends_with(".expected"));
    paths.sort();
    assert!(paths.len() > 10);
    let mut wrong = String::new();
    for path in paths {
        let name = path.file_name().unwrap().to_str().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let looked = look(name, &bytes).unwrap();
        let now = format!("{}\n{}", looked.said, String::from_utf8(looked.diff).unwrap());
        let expected = path.with_file_name(format!("{name}.expected"));
        if std::env::var_os("UPDATE_FIXTURES").is_some() {
            std::fs::write(&expected, &now).unwrap();
        } else if std::fs::read_to_string(&expected).unwrap_or_default() != now {
            writeln!(wrong, "{name}:\n{now}").unwrap();
        }
        // What a fix made needs no other.
        let again = look(name, &looked.patched).unwrap();
        assert_eq!(again.patched, looked.patched, "{name}: fixed twice");
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_shell_writes_what_was_mended() {
    let script = b"D=example.com\ncat <<EOF\nserver {\n    listen 80;\n    server_name $D;\n    location /ws {\n        proxy_pass http://127.0.0.1:3000;\n        proxy_set_header Host \\$host;\n    }\n}\nEOF\n";
    let patched = look("a.sh", script).unwrap().patched;
    let mut shell = Command::new("sh").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut shell.stdin.take().unwrap(), &patched).unwrap();
    let written = String::from_utf8(shell.wait_with_output().unwrap().stdout).unwrap();
    assert!(written.contains("server_name example.com;"), "{written}");
    assert!(written.contains("proxy_set_header Upgrade $http_upgrade;"), "{written}");
    assert!(written.contains("proxy_set_header Host $host;"), "{written}");
}

/// What bash writes of heredocs within heredocs: each unquoted one takes its share of the backslashes.
#[test]
fn what_heredocs_leave_of_a_dollar_is_what_bash_leaves_of_it() {
    let written = |script: &[u8], passes: usize| {
        let mut text = script.to_vec();
        for _ in 0..passes {
            let mut bash = Command::new("bash").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            let mut stdin = bash.stdin.take().unwrap();
            std::io::Write::write_all(&mut stdin, &text).unwrap();
            drop(stdin);
            text = bash.wait_with_output().unwrap().stdout;
        }
        String::from_utf8(text).unwrap()
    };
    let right = "proxy_set_header Upgrade $http_upgrade;";
    let (mut passed, mut mended) = (0, 0);
    for words in [vec!["A"], vec!["'A'"], vec!["A", "B"], vec!["A", "'B'"], vec!["'A'", "B"], vec!["A", "B", "C"]] {
        let dollars = (0..9).map(|slashes| "\\".repeat(slashes) + "$").chain(["$$".to_owned()]);
        for dollar in dollars {
            let mut script = format!(
                "server {{\nlisten 80;\nlocation /ws {{\nproxy_pass http://a:1;\nproxy_http_version 1.1;\nproxy_set_header Upgrade {dollar}http_upgrade;\nproxy_set_header Connection \"upgrade\";\n}}\n}}\n"
            );
            for word in words.iter().rev() {
                script = format!("cat <<{word}\n{script}{}\n", word.trim_matches('\''));
            }
            let looked = look("a.sh", script.as_bytes()).unwrap();
            let is_right = written(script.as_bytes(), words.len()).contains(right);
            let errors: Vec<_> = looked.found.iter().filter(|f| f.1 == "error").collect();
            passed += usize::from(is_right);
            if is_right {
                assert!(errors.is_empty() && looked.patched == script.as_bytes(), "{script}{}", looked.said);
            } else if looked.patched != script.as_bytes() {
                mended += 1;
                assert!(written(&looked.patched, words.len()).contains(right), "{script}{}", looked.said);
            }
            // Where nothing stands before the `$`, the outermost shell takes it for its own, or for its process's number.
            let lost = !dollar.starts_with('\\') && words.iter().any(|word| !word.contains('\''));
            assert!(!lost || !errors.is_empty(), "{script}");
        }
    }
    assert!(passed == 6 && mended > 4, "{passed} {mended}");
}

#[test]
fn what_carries_nothing_is_said_to_carry_nothing() {
    for (name, text) in [
        ("README.md", "# Notes\n\n```sh\nnginx -t\n```\n"),
        ("values.yaml", "proxy_pass: true\nserver:\n  listen: 80\n"),
        ("Dockerfile", "FROM nginx\nCOPY nginx.conf /etc/nginx/nginx.conf\n"),
        ("page.html", "<!doctype html>\n<title>nginx</title>\n"),
        ("reload.py", "import subprocess\nsubprocess.run([\"nginx\", \"-s\", \"reload\"])\n"),
    ] {
        match look(name, text.as_bytes()) {
            Err(problem @ Problem::NothingCarried(_)) => assert!(problem.to_string().contains("wslint -"), "{problem}"),
            Err(other) => panic!("{name}: {other}"),
            Ok(looked) => panic!("{name}: {}", looked.said),
        }
    }
}

#[test]
fn a_page_is_never_more_than_a_warning_but_for_its_answer() {
    let block = |value: &str| {
        format!(
            "```nginx\nlocation /ws {{\n    proxy_pass http://a:1;\n    proxy_http_version 1.1;\n    proxy_set_header Upgrade $http_upgrade;\n    proxy_set_header Connection \"{value}\";\n}}\n```\n\n"
        )
    };
    let severities = |text: &str| {
        let found = look("a.md", text.as_bytes()).unwrap().found;
        found.iter().map(|f| f.1).filter(|s| *s != "advice").collect::<Vec<_>>()
    };
    assert_eq!(severities(&block("ugrade")), ["warning"]);
    assert_eq!(severities(&(block("ugrade") + &block("upgrade"))), ["warning"]);
    // What the page offers as its answer does not work either.
    assert_eq!(severities(&(block("close") + &block("ugrade"))), ["warning", "error"]);
}

#[test]
fn a_block_includes_its_like_and_nothing_of_the_repository_around_it() {
    let headers =
        "proxy_http_version 1.1;\nproxy_set_header Upgrade $http_upgrade;\nproxy_set_header Connection \"ugrade\";\n";
    let site = "server {\n  listen 80;\n  location /ws {\n    include ws.conf;\n    proxy_pass http://a:1;\n  }\n}\n";
    let indented = |text: &str| text.lines().map(|l| format!("    {l}\n")).collect::<String>();
    let page = format!("# Notes\n\n```nginx\n{site}```\n");
    let whole = format!("# Notes\n\n```nginx\nevents {{}}\nhttp {{\n{site}}}\n```\n");
    let globbed = page.replace("ws.conf", "*.conf");
    let manifest = |key: &str| {
        format!("kind: ConfigMap\ndata:\n  site.conf: |\n{}  {key}: |\n{}", indented(site), indented(headers))
    };
    let verdicts = |name: &str, text: &str| {
        let files = [(name, text), ("docs/ws.conf", headers), ("ws.conf", headers), ("docs/x.conf", headers)];
        let fs = MemFs::new(files.map(|(path, text)| (PathBuf::from(path), text.as_bytes().to_vec())));
        let session = Session::new(&fs, &SettingsFrom::Nowhere).unwrap();
        let subject = session.open(&Asked { inputs: vec![Input::Path(name.into())], ..Asked::default() }).unwrap();
        let (files, checked) = subject.check(&common::options(None, None)).unwrap();
        let paths: Vec<PathBuf> = checked.files.iter().map(|(f, _)| files.sources.get(*f).path.clone()).collect();
        assert!(paths.iter().all(|p| p == Path::new(name)), "{name}: {paths:?}");
        let endpoints = checked.endpoints.iter().map(|e| e.verdict.as_str()).collect::<Vec<_>>();
        (endpoints, checked.diagnostics.iter().filter(|d| d.severity.as_str() != "advice").count())
    };
    // What the page's machine has under that name, nobody knows.
    for page in [&page, &whole, &globbed] {
        assert_eq!(verdicts("docs/README.md", page), (vec!["unknown"], 0), "{page}");
    }
    assert_eq!(verdicts("docs/cm.yaml", &manifest("other.conf")).0, ["unknown"]);
    // Another key of the same ConfigMap is the file that is meant.
    assert_eq!(verdicts("docs/cm.yaml", &manifest("ws.conf")), (vec!["broken"], 1));
}

/// Lines from which files around configurations are made, whole ones and broken ones.
const LINES: &[&str] = &[
    "```nginx",
    "```",
    "~~~~",
    "> ```",
    "- ```conf",
    "  ```",
    "<!-- wslint: ignore",
    "..",
    ".. code-block:: nginx",
    "x::",
    "----",
    "[source,nginx]",
    "data:",
    "  a.conf: |",
    "  b: >2-",
    "- |9",
    "- - content: \"server {\\n listen 80;\\n\"",
    "---",
    "kind: x",
    "services:",
    "{{- if .x }}",
    "{{ end }}",
    "cat <<EOF > /etc/nginx/nginx.conf",
    "tee x <<-'E F'",
    "EOF",
    "\tE F",
    "x = ''",
    "'';",
    "''${",
    "\"",
    "${x",
    "a = <<-T",
    "  T",
    "$$",
    "\\$",
    "location /ws {",
    "    proxy_pass http://a;",
    "  }",
    "    proxy_set_header Upgrade \\$http_upgrade;",
    "    proxy_set_header Connection \"ugrade\";",
    "server {",
    "...",
    "# ...",
    "",
    "    域名;",
    "\u{1}\u{2}\u{3}",
];

#[test]
fn whatever_stands_in_a_file_is_read_without_harm() {
    let line = prop_oneof![
        16 => proptest::sample::select(LINES).prop_map(|l| l.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..6),
    ];
    let end = prop_oneof![12 => Just("\n"), 1 => Just("\r\n"), 1 => Just("")];
    let text = proptest::collection::vec((line, end), 0..40).prop_map(|parts| {
        parts.into_iter().flat_map(|(l, e)| [l, e.as_bytes().to_vec()].concat()).collect::<Vec<u8>>()
    });
    const NAMES: &[&str] = &["a.md", "a.rst", "a.adoc", "a.yaml", "a.sh", "Dockerfile", "a.nix", "a.tf"];
    let cases = std::env::var("WSLINT_FUZZ").ok().and_then(|n| n.parse().ok()).unwrap_or(400);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let strategy = (proptest::sample::select(NAMES), text);
    let outcome = runner.run(&strategy, |(name, text)| {
        let Ok(looked) = look(name, &text) else { return Ok(()) };
        for (rule, _, offset) in looked.found {
            prop_assert!(offset <= text.len(), "{rule} at {offset}");
        }
        Ok(())
    });
    outcome.unwrap();
}
