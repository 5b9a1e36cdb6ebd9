//! What is generated from the rules: `docs/rules/`, the table in the README. A stale file is written
//! anew, and the test fails once, so that it gets committed.

use std::fmt::Write as _;
use std::path::Path;

use wslint::rules::{ALL, FixKind, Rule};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Writes a file if it is stale; whether it was.
fn refresh(path: &Path, want: &str) -> bool {
    if std::fs::read_to_string(path).is_ok_and(|now| now == want) {
        return false;
    }
    std::fs::create_dir_all(path.parent().expect("below the root")).expect("a folder");
    std::fs::write(path, want).expect("a file that can be written");
    true
}

fn fix_word(rule: &Rule) -> &'static str {
    match rule.fix {
        FixKind::None => "in words",
        FixKind::Sometimes => "sometimes",
        FixKind::Always => "always",
    }
}

fn page(rule: &Rule) -> String {
    let mut out = format!("# {}\n\n", rule.name);
    let _ = writeln!(out, "{}: {}.\n", rule.severity.as_str(), rule.title.en);
    let _ = writeln!(
        out,
        "| category | severity | fix |\n| --- | --- | --- |\n| {} | {} | {} |\n",
        rule.category.as_str(),
        rule.severity.as_str(),
        fix_word(rule)
    );
    for line in rule.docs.lines() {
        let line = line.strip_prefix(' ').unwrap_or(line);
        // The kinds of examples are for the tests; a reader wants the colours of nginx.
        let line = if line.starts_with("```nginx ") { "```nginx" } else { line };
        let _ = writeln!(out, "{line}");
    }
    let _ = writeln!(out, "\n## 中文\n\n{}。\n\n{}", rule.title.zh, rule.about_zh);
    out
}

fn table() -> String {
    let mut out = String::from("| rule | severity | fix | finds |\n| --- | --- | --- | --- |\n");
    for rule in ALL {
        let _ = writeln!(
            out,
            "| [`{0}`](docs/rules/{0}.md) | {1} | {2} | {3} |",
            rule.name,
            rule.severity.as_str(),
            fix_word(rule),
            rule.title.en
        );
    }
    out
}

#[test]
fn the_generated_documentation_is_fresh() {
    let mut stale = Vec::new();
    for rule in ALL {
        let path = root().join(format!("docs/rules/{}.md", rule.name));
        if refresh(&path, &page(rule)) {
            stale.push(path);
        }
    }
    let readme = root().join("README.md");
    let text = std::fs::read_to_string(&readme).expect("README.md");
    let (start, end) = ("<!-- rules:start -->\n", "<!-- rules:end -->");
    let from = text.find(start).expect("the marker rules:start") + start.len();
    let to = text.find(end).expect("the marker rules:end");
    if refresh(&readme, &format!("{}{}{}", &text[..from], table(), &text[to..])) {
        stale.push(readme);
    }
    assert!(stale.is_empty(), "these were stale and are written anew, commit them: {stale:?}");
}

#[test]
fn every_page_in_docs_rules_is_a_rule() {
    for entry in std::fs::read_dir(root().join("docs/rules")).expect("docs/rules") {
        let name = entry.expect("an entry").file_name().to_string_lossy().trim_end_matches(".md").to_owned();
        assert!(wslint::rules::find(&name).is_some(), "docs/rules/{name}.md belongs to no rule");
    }
}
