//! Configurations put into carriers of every kind: they have the findings that they have alone, moved; and whoever
//! reads the carrier in real life gets the value that was put in, and after a fix the value with the fix.
//!
//! The readers are not ours: a parser of YAML, of Markdown, of Nix and of HCL, and `sh` itself. A Dockerfile's is
//! asked in `tests/outside/carriers.rs`.
#![allow(clippy::unwrap_used, reason = "a test that panics has said what it has to say")]

use std::path::Path;
use std::process::Command;

use wslint::project::Problem;

use crate::carriers::{Found, look};

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

/// What the reader of a carrier makes of it: all texts in it, in order.
type Reader = fn(&str) -> Vec<String>;

/// A text around a configuration.
struct Around {
    name: &'static str,
    before: &'static str,
    after: &'static str,
    indent: &'static str,
    /// What a reader of the carrier turns back, where it stands in front of what.
    escapes: &'static [(&'static str, &'static str)],
    /// What the reader does with the end: `|-` keeps no line break.
    chomps: bool,
    reader: Option<Reader>,
}

const fn around(name: &'static str, before: &'static str, after: &'static str, indent: &'static str) -> Around {
    Around { name, before, after, indent, escapes: &[], chomps: false, reader: None }
}

impl Around {
    const fn read_by(self, reader: Reader) -> Around {
        Around { reader: Some(reader), ..self }
    }

    const fn written(self, escapes: &'static [(&'static str, &'static str)]) -> Around {
        Around { escapes, ..self }
    }

    const fn chomped(self) -> Around {
        Around { chomps: true, ..self }
    }
}

const AROUND: &[Around] = &[
    around("web.yaml", "kind: ConfigMap\ndata:\n  nginx.conf: |\n", "  other: x\n", "    ").read_by(yaml),
    around("web.yml", "# x\ndata:\n  a: |-\n    x\n  nginx.conf: |2+ # y\n", "---\na: b\n", "    ").read_by(yaml),
    around("w.yaml", "data:\n    a: 1\n    'nginx.conf': !!str |-\n", "\n\n    # x\n", "     ").read_by(yaml).chomped(),
    around("s.yaml", "kind: Secret\nstringData:\n  \"nginx.conf\": &x |3+\n", "  y: *x\n", "     ").read_by(yaml),
    around("play.yml", "- copy:\n    dest: /etc/nginx/nginx.conf\n    content: |\n", "", "      ").read_by(yaml),
    around("init.yaml", "write_files:\n- path: /etc/nginx/nginx.conf\n  content: |\n", "runcmd: []\n", "   ").read_by(yaml),
    around("a.sh", "cd /\ncat > /etc/nginx/nginx.conf <<'E O'\n", "E O\necho\n", "").read_by(shell),
    around("b.sh", "tee /etc/nginx/nginx.conf <<END\n", "END\n", "")
        .read_by(shell)
        .written(&[("\\", "\\\\"), ("$", "\\$")]),
    around("c.sh", "if true; then\n\tcat >/etc/nginx/nginx.conf <<-\\_X\n", "\t_X\nfi\n", "\t").read_by(shell),
    around("Dockerfile", "FROM nginx\nCOPY <<-\"X\" /etc/nginx/nginx.conf\n", "X\n", "\t"),
    around(
        "compose.yaml",
        "services:\n  web:\n    configs:\n      - source: n\n        target: /etc/nginx/nginx.conf\nconfigs:\n  n:\n    content: |\n",
        "",
        "      ",
    )
    .read_by(compose)
    .written(&[("$", "$$")]),
    around("web.nix", "{ x, ... }: {\n  a = 1;\n  services.nginx.config = ''\n", "  '';\n}\n", "    ")
        .read_by(nix)
        .written(&[("''", "'''")]),
    around("main.tf", "resource \"a\" \"b\" {\n  content = <<-EOT\n", "  EOT\n}\n", "    ").read_by(hcl),
    around("job.nomad", "template {\n  data = <<EOF\n", "EOF\n  x = 1\n}\n", "").read_by(hcl),
];

/// A configuration in its surroundings, and the offset of each of its own.
fn embed(text: &str, around: &Around, ending: &str) -> (String, Vec<usize>) {
    let mut out = around.before.replace('\n', ending);
    let mut at = Vec::with_capacity(text.len() + 1);
    for line in text.split_inclusive('\n') {
        if line != "\n" {
            out.push_str(around.indent);
        }
        let mut rest = line;
        while let Some(first) = rest.chars().next() {
            let found = around.escapes.iter().find(|(plain, _)| rest.starts_with(plain));
            let (plain, written) = found.copied().unwrap_or((&rest[..first.len_utf8()], &rest[..first.len_utf8()]));
            at.extend(std::iter::repeat_n(out.len(), plain.len()));
            out.push_str(if written == "\n" { ending } else { written });
            rest = &rest[plain.len()..];
        }
    }
    at.push(out.len());
    out.push_str(&around.after.replace('\n', ending));
    (out, at)
}

fn yaml(text: &str) -> Vec<String> {
    let events =
        saphyr_parser::Parser::new_from_str(text).map(|event| event.unwrap_or_else(|e| panic!("{e}\n{text}")).0);
    let scalar = |event| match event {
        saphyr_parser::Event::Scalar(value, ..) => Some(value.into_owned()),
        _ => None,
    };
    events.filter_map(scalar).collect()
}

/// Compose reads YAML, and then takes `$$` for a `$`.
fn compose(text: &str) -> Vec<String> {
    yaml(text).into_iter().map(|value| value.replace("$$", "$")).collect()
}

/// What the script writes. The file that it names is another here.
fn shell(text: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out");
    let script = text.replacen("/etc/nginx/nginx.conf", file.to_str().unwrap(), 1);
    let out = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert!(out.status.success() && out.stderr.is_empty(), "{}\n{text}", String::from_utf8_lossy(&out.stderr));
    vec![std::fs::read_to_string(file).unwrap()]
}

fn nix(text: &str) -> Vec<String> {
    let read = rnix::Root::parse(text).ok().unwrap_or_else(|e| panic!("{e}\n{text}"));
    strings_of(&read)
}

/// All strings below a node, as Nix sees them: without the common indentation, escapes turned back.
fn strings_of(root: &impl rnix::ast::AstNode) -> Vec<String> {
    fn cast<N: rnix::ast::AstNode>(node: rnix::SyntaxNode) -> Option<N> {
        N::cast(node)
    }
    let strings = root.syntax().descendants().filter_map(cast::<rnix::ast::Str>);
    strings
        .map(|string| {
            let parts = string.normalized_parts().into_iter();
            parts
                .map(|part| match part {
                    rnix::ast::InterpolPart::Literal(text) => text,
                    rnix::ast::InterpolPart::Interpolation(_) => "${}".to_owned(),
                })
                .collect()
        })
        .collect()
}

fn hcl(text: &str) -> Vec<String> {
    use hcl::eval::Evaluate as _;
    fn look(body: &hcl::Body, out: &mut Vec<String>) {
        for structure in body.iter() {
            match structure {
                hcl::Structure::Attribute(attribute) => {
                    let value = attribute.expr.evaluate(&hcl::eval::Context::new()).unwrap();
                    out.push(value.as_str().map_or_else(|| value.to_string(), str::to_owned));
                }
                hcl::Structure::Block(block) => look(&block.body, out),
            }
        }
    }
    let mut out = Vec::new();
    look(&hcl::parse(text).unwrap_or_else(|e| panic!("{e}\n{text}")), &mut out);
    out
}

/// The texts of the blocks of code.
fn markdown(text: &str) -> Vec<String> {
    use pulldown_cmark::{Event, Parser, Tag, TagEnd};
    let (mut out, mut open) = (Vec::new(), false);
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => {
                open = true;
                out.push(String::new());
            }
            Event::End(TagEnd::CodeBlock) => open = false,
            Event::Text(text) if open => out.last_mut().unwrap().push_str(&text),
            _ => {}
        }
    }
    out
}

/// What a reader gets of a carrier that holds a text, and of the same mended: all that it got before but for the
/// text, which is as it is mended alone.
fn assert_read(around: &Around, embedded: &str, text: &str, patched: &[u8], mended: &str) {
    let Some(reader) = around.reader else { return };
    let patched = std::str::from_utf8(patched).unwrap();
    let plain = |texts: Vec<String>| texts.into_iter().map(|t| t.replace('\r', "")).collect::<Vec<_>>();
    let (before, after) = (plain(reader(embedded)), plain(reader(patched)));
    let end = |t: &str| if around.chomps { t.trim_end_matches('\n').to_owned() } else { t.to_owned() };
    let (text, mended) = (end(text), end(mended));
    assert!(before.contains(&text), "{}: put in\n{text}\nread\n{before:#?}", around.name);
    let wanted: Vec<String> = before.into_iter().map(|t| if t == text { mended.clone() } else { t }).collect();
    assert_eq!(after, wanted, "{}:\n{patched}", around.name);
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
        let mended = String::from_utf8(alone.patched.clone()).unwrap();
        for (number, around) in AROUND.iter().enumerate() {
            // Two readers of backslashes, one behind the other, are not what people write.
            if around.escapes.iter().any(|(plain, _)| *plain == "$") && text.contains('\\') {
                continue;
            }
            // What NixOS sets around a fragment, nobody knows.
            if around.name.ends_with(".nix") && !text.contains("http {") {
                continue;
            }
            // Each in its turn, so that every carrier has both.
            // A shell runs no script with CRLF, and Nix takes no indentation away from lines that end so.
            let only_lf = [".sh", ".nix"].iter().any(|end| around.name.ends_with(end));
            let crlf = (compared + number).is_multiple_of(3) && !only_lf;
            let ending = if crlf { "\r\n" } else { "\n" };
            let (embedded, at) = embed(text, around, ending);
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
            assert_read(around, &embedded, text, &inside.patched, &mended);
            compared += 1;
        }
    }
    assert!(compared > 1200, "{compared}");
}

const PAGES: &[Around] = &[
    around("a.md", "# A\n\n```nginx\n", "```\n\nend\n", "").read_by(markdown),
    around("b.mdx", "1. x\n\n   ~~~conf\n", "   ~~~\n", "   ").read_by(markdown),
    around("e.md", "- a\n  - ````nginx title=\"x\"\n", "    ````\n- b\n", "    ").read_by(markdown),
    around("f.markdown", "<details>\n\n  ```nginx configuration\n", "  ```\n</details>\n", "  ").read_by(markdown),
    around("c.rst", "A\n=\n\n.. code-block:: nginx\n\n", "\nend\n", "    "),
    around("d.adoc", "= A\n\n[source,nginx]\n----\n", "----\n", ""),
];

#[test]
fn on_a_page_only_the_handshake_is_spoken_of() {
    let (mut compared, mut read) = (0, 0);
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
            let ending = if compared % 4 == 1 { "\r\n" } else { "\n" };
            let (embedded, at) = embed(inner, around, ending);
            let Ok(inside) = look(around.name, embedded.as_bytes()) else { panic!("{}:\n{embedded}", around.name) };
            let moved: Vec<_> = alone.found.iter().filter(handshake).map(|f| (f.0, at[f.2])).collect();
            let found: Vec<_> = inside.found.iter().map(|f| (f.0, f.2)).collect();
            assert_eq!(found, moved, "{}:\n{embedded}\n{}", around.name, alone.said);
            assert!(inside.found.iter().all(|f| f.1 != "error"), "{}", inside.said);
            // Where no more is known alone, it is mended as it is alone.
            let severities =
                |found: &[Found]| found.iter().map(|f| f.1.replace("error", "warning")).collect::<Vec<_>>();
            if severities(&alone.found) == severities(&inside.found) {
                let mended = String::from_utf8(alone.patched.clone()).unwrap();
                assert_read(around, &embedded, inner, &inside.patched, &mended);
                read += usize::from(mended != inner);
            }
            compared += 1;
        }
    }
    assert!(compared > 400 && read > 100, "{compared} {read}");
}
