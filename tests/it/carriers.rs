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
type Found = (&'static str, &'static str, usize);

struct Looked {
    said: String,
    found: Vec<Found>,
    patched: Vec<u8>,
    diff: Vec<u8>,
}

fn look(name: &str, bytes: &[u8]) -> Result<Looked, Problem> {
    let fs = MemFs::new([(PathBuf::from(name), bytes.to_vec())]);
    let session = Session::new(&fs, &SettingsFrom::Nowhere)?;
    let asked = Asked { inputs: vec![Input::Path(name.into())], alone: true, ..Asked::default() };
    let subject = session.open(&asked)?;
    let options: Options = common::options(None, None);
    let (files, checked) = subject.check(&options)?;
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

/// Configurations of the rules' own fixtures that need no other file.
fn configurations() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("grammar-fixtures/rules");
    let files = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().map(Result::unwrap);
    let roots =
        files.filter(|f| f.file_name() == "nginx.conf" && !f.path().components().any(|c| c.as_os_str() == "fixed"));
    let texts = roots.filter_map(|f| std::fs::read_to_string(f.path()).ok());
    let fits = |t: &String| {
        let odd = ["include", "''${", "${", "wslint:", "\t", "\r", "`"];
        t.ends_with('\n') && t.is_ascii() && !odd.iter().any(|o| t.contains(o)) && !t.contains("\n\n\n")
    };
    let mut out: Vec<String> = texts.filter(fits).collect();
    out.dedup();
    out
}

/// A text around a configuration.
struct Around {
    name: &'static str,
    before: &'static str,
    after: &'static str,
    indent: &'static str,
    /// What a reader of the carrier turns back.
    escapes: &'static [(&'static str, &'static str)],
}

const AROUND: &[Around] = &[
    Around {
        name: "web.yaml",
        before: "kind: ConfigMap\ndata:\n  nginx.conf: |\n",
        after: "  other: x\n",
        indent: "    ",
        escapes: &[],
    },
    Around {
        name: "web.yml",
        before: "# x\ndata:\n  a: |-\n    x\n  nginx.conf: |2+ # y\n",
        after: "---\na: b\n",
        indent: "    ",
        escapes: &[],
    },
    Around {
        name: "play.yml",
        before: "- copy:\n    dest: /etc/nginx/nginx.conf\n    content: |\n",
        after: "",
        indent: "      ",
        escapes: &[],
    },
    Around {
        name: "a.sh",
        before: "cd /\ncat > /etc/nginx/nginx.conf <<'E O'\n",
        after: "E O\necho\n",
        indent: "",
        escapes: &[],
    },
    Around {
        name: "b.sh",
        before: "tee /etc/nginx/nginx.conf <<END >/dev/null\n",
        after: "END\n",
        indent: "",
        escapes: &[("\\", "\\\\"), ("$", "\\$")],
    },
    Around {
        name: "Dockerfile",
        before: "FROM nginx\nCOPY <<-\"X\" /etc/nginx/nginx.conf\n",
        after: "X\n",
        indent: "\t",
        escapes: &[],
    },
    Around {
        name: "compose.yaml",
        before: "services:\n  web:\n    configs:\n      - source: n\n        target: /etc/nginx/nginx.conf\nconfigs:\n  n:\n    content: |\n",
        after: "",
        indent: "      ",
        escapes: &[("$", "$$")],
    },
];

/// A configuration in its surroundings, and the offset of each of its own.
fn embed(text: &str, around: &Around) -> (String, Vec<usize>) {
    let mut out = around.before.to_owned();
    let mut at = Vec::with_capacity(text.len() + 1);
    for line in text.split_inclusive('\n') {
        if line != "\n" {
            out.push_str(around.indent);
        }
        for (i, c) in line.char_indices() {
            at.push(out.len());
            debug_assert!(i < line.len());
            let written = around.escapes.iter().find(|(plain, _)| plain.starts_with(c)).map(|(_, written)| *written);
            match written {
                Some(written) => out.push_str(written),
                None => out.push(c),
            }
        }
    }
    at.push(out.len());
    out.push_str(around.after);
    (out, at)
}

/// The configuration as whoever reads the carrier would hand it to nginx.
fn taken_out(text: &[u8], around: &Around) -> String {
    let text = std::str::from_utf8(text).unwrap();
    let inner = text.strip_prefix(around.before).unwrap().strip_suffix(around.after).unwrap();
    let bare = |line: &str| line.strip_prefix(around.indent).unwrap_or(line).to_owned();
    let mut out: String = inner.split_inclusive('\n').map(bare).collect();
    for (plain, written) in around.escapes.iter().rev() {
        out = out.replace(written, plain);
    }
    out
}

#[test]
fn a_configuration_in_another_file_has_the_same_findings_moved() {
    let texts = configurations();
    assert!(texts.len() > 100, "{}", texts.len());
    let mut compared = 0;
    for text in &texts {
        let alone = look("nginx.conf", text.as_bytes()).unwrap();
        // Where nothing is proxied, nobody would look for it inside another file.
        if !text.contains("proxy_") || alone.said.contains("syntax-error") {
            continue;
        }
        for around in AROUND {
            // Two readers of backslashes, one behind the other, are not what people write.
            if !around.escapes.is_empty() && text.contains('\\') {
                continue;
            }
            let (embedded, at) = embed(text, around);
            let inside = match look(around.name, embedded.as_bytes()) {
                Ok(inside) => inside,
                Err(Problem::NothingCarried(_)) if !text.contains("http {") => continue,
                Err(e) => panic!("{}: {e}\n{embedded}", around.name),
            };
            let moved: Vec<Found> = alone.found.iter().map(|(rule, severity, o)| (*rule, *severity, at[*o])).collect();
            // Where a `$` is written in two bytes, a variable is underlined with its word.
            let line = |f: &Found| {
                if around.escapes.is_empty() { *f } else { (f.0, f.1, embedded[..f.2].matches('\n').count()) }
            };
            let lines = |found: &[Found]| found.iter().map(line).collect::<Vec<_>>();
            assert_eq!(
                lines(&inside.found),
                lines(&moved),
                "{}:\n{embedded}\n{}\n{}",
                around.name,
                alone.said,
                inside.said
            );
            let (got, want) = (taken_out(&inside.patched, around), String::from_utf8(alone.patched.clone()).unwrap());
            let words = |t: &str| t.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(words(&got), words(&want), "{}:\n{embedded}", around.name);
            compared += 1;
        }
    }
    assert!(compared > 500, "{compared}");
}

const PAGES: &[Around] = &[
    Around { name: "a.md", before: "# A\n\n```nginx\n", after: "```\n\nend\n", indent: "", escapes: &[] },
    Around { name: "b.mdx", before: "1. x\n\n   ~~~conf\n", after: "   ~~~\n", indent: "   ", escapes: &[] },
    Around {
        name: "c.rst",
        before: "A\n=\n\n.. code-block:: nginx\n\n",
        after: "\nend\n",
        indent: "    ",
        escapes: &[],
    },
    Around { name: "d.adoc", before: "= A\n\n[source,nginx]\n----\n", after: "----\n", indent: "", escapes: &[] },
];

#[test]
fn on_a_page_only_the_handshake_is_spoken_of() {
    let mut compared = 0;
    for text in configurations() {
        let Some(inner) = text.split_once("http {\n").and_then(|(_, rest)| rest.strip_suffix("}\n")) else { continue };
        let alone = look("x.conf", inner.as_bytes()).unwrap();
        if alone.said.contains("[syntax-error]") || !inner.contains("proxy_") {
            continue;
        }
        let handshake = |f: &&Found| {
            let rule = wslint::rules::find(f.0).unwrap();
            rule.category.as_str() == "handshake" && f.0 != "headers-without-proxy"
        };
        for around in PAGES {
            let (embedded, at) = embed(inner, around);
            let Ok(inside) = look(around.name, embedded.as_bytes()) else { panic!("{}:\n{embedded}", around.name) };
            let moved: Vec<_> = alone.found.iter().filter(handshake).map(|f| (f.0, at[f.2])).collect();
            let found: Vec<_> = inside.found.iter().map(|f| (f.0, f.2)).collect();
            assert_eq!(found, moved, "{}:\n{embedded}\n{}", around.name, alone.said);
            assert!(inside.found.iter().all(|f| f.1 != "error"), "{}", inside.said);
            compared += 1;
        }
    }
    assert!(compared > 200, "{compared}");
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

#[test]
fn what_carries_nothing_is_said_to_carry_nothing() {
    for (name, text) in [
        ("README.md", "# Notes\n\n```sh\nnginx -t\n```\n"),
        ("values.yaml", "proxy_pass: true\nserver:\n  listen: 80\n"),
        ("Dockerfile", "FROM nginx\nCOPY nginx.conf /etc/nginx/nginx.conf\n"),
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
