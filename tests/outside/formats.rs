//! Every format over the same inputs: findings, clean, a syntax error, CRLF, bytes that are no UTF-8,
//! several files. Each is compared with what it was, and read back by those who read it in real life.
//!
//! `UPDATE_FIXTURES=1 cargo test --test outside formats::` writes the expected files anew. The consumers are
//! Python packages that `tests/run` installs below `target/consumers`.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const FORMATS: [&str; 10] =
    ["human", "concise", "json", "sarif", "github", "gitlab", "junit", "checkstyle", "rdjson", "ticket"];
const INPUTS: [&str; 6] = ["findings", "clean", "syntax-error", "crlf", "bytes", "several"];

fn folder(input: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("grammar-fixtures/formats").join(input)
}

fn run(input: &str, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wslint"))
        .current_dir(folder(input))
        .args(["--isolated", "nginx.conf"])
        .args(args)
        .env_remove("GITHUB_STEP_SUMMARY")
        .env("LANG", "C")
        .output()
        .unwrap()
}

fn print(input: &str, args: &[&str]) -> String {
    String::from_utf8(run(input, args).stdout).unwrap()
}

/// What a Python program says of a report that it gets on its standard input.
fn python(program: &str, report: &str) -> String {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/consumers/bin/python");
    assert!(python.exists(), "{} is missing: `sh tests/run` installs the consumers", python.display());
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), report).unwrap();
    let out = Command::new(python).args(["-c", program]).arg(file.path()).output().unwrap();
    assert!(out.status.success(), "{}\n{report}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

#[test]
fn every_format_prints_what_it_printed() {
    let mut stale = Vec::new();
    for input in INPUTS {
        for format in FORMATS {
            let got =
                print(input, &["--format", format, "--color", "never"]).replace(env!("CARGO_PKG_VERSION"), "VERSION");
            // The rules' own documentation is compared elsewhere.
            let got = if format == "sarif" { without_rules(&got) } else { got };
            let path = folder(input).join(format!("{format}.expected"));
            if std::fs::read_to_string(&path).is_ok_and(|want| want == got) {
                continue;
            }
            if std::env::var_os("UPDATE_FIXTURES").is_some() {
                std::fs::write(&path, &got).unwrap();
            } else {
                stale.push(format!("{input}/{format}:\n{got}"));
            }
        }
    }
    assert!(stale.is_empty(), "{}", stale.join("\n"));
}

/// A SARIF log with nothing of its rules but their names.
fn without_rules(text: &str) -> String {
    let mut log: Value = serde_json::from_str(text).unwrap();
    let rules = &mut log["runs"][0]["tool"]["driver"]["rules"];
    *rules = rules.as_array().unwrap().iter().map(|r| r["id"].clone()).collect();
    serde_json::to_string_pretty(&log).unwrap() + "\n"
}

/// The number of findings that a person sees.
fn count(input: &str) -> usize {
    print(input, &["--format", "concise"]).lines().count()
}

#[test]
fn no_format_lets_control_characters_through() {
    for format in FORMATS {
        for lang in ["en", "zh-CN"] {
            let text = print("bytes", &["--format", format, "--lang", lang, "--color", "never"]);
            let wild: Vec<char> = text.chars().filter(|c| c.is_control() && *c != '\n').collect();
            assert!(wild.is_empty(), "{format}: {wild:?}");
        }
    }
}

#[test]
fn sarif_tools_reads_sarif() {
    let program = "import sys\nfrom sarif import loader\nfile = loader.load_sarif_file(sys.argv[1])\nfor r in file.get_records():\n    print(r['Severity'], r['Location'], r['Line'], r['Code'], sep='|')";
    for input in INPUTS {
        let text = print(input, &["--format", "sarif"]);
        let rows = python(program, &text);
        assert_eq!(rows.lines().filter(|l| !l.is_empty()).count(), count(input), "{input}: {rows}");
        let log: Value = serde_json::from_str(&text).unwrap();
        for result in log["runs"][0]["results"].as_array().unwrap() {
            let rule = &log["runs"][0]["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().unwrap() as usize];
            assert_eq!(rule["id"], result["ruleId"]);
        }
    }
    assert_eq!(
        python(program, &print("findings", &["--format", "sarif"])),
        "error|nginx.conf|10|misspelled-websocket-setting"
    );
    assert!(print("several", &["--format", "sarif"]).contains("conf.d/a%2520b,%20c.conf"));
}

#[test]
fn sarif_fingerprints_survive_moved_lines() {
    let of = |text: &str| -> Vec<String> {
        let log: Value = serde_json::from_str(text).unwrap();
        let results = log["runs"][0]["results"].as_array().unwrap().clone();
        results.iter().map(|r| r["partialFingerprints"]["wslint/v1"].as_str().unwrap().to_owned()).collect()
    };
    let moved = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(folder("findings").join("nginx.conf")).unwrap();
    std::fs::write(moved.path().join("nginx.conf"), format!("# one\n# two\n{text}")).unwrap();
    let out = Command::new(env!("CARGO_BIN_EXE_wslint"))
        .current_dir(moved.path())
        .args(["--isolated", "--format", "sarif", "nginx.conf"])
        .output()
        .unwrap();
    assert_eq!(of(&print("findings", &["--format", "sarif"])), of(&String::from_utf8(out.stdout).unwrap()));
}

#[test]
fn junitparser_reads_junit() {
    let program = "import sys\nfrom junitparser import JUnitXml\nxml = JUnitXml.fromfile(sys.argv[1])\nprint(sum(s.failures for s in xml), sum(s.tests for s in xml), sum(len(c.result) for s in xml for c in s))";
    for input in INPUTS {
        let said = python(program, &print(input, &["--format", "junit"]));
        let numbers: Vec<usize> = said.split(' ').map(|n| n.parse().unwrap()).collect();
        assert_eq!((numbers[0], numbers[2]), (count(input), count(input)), "{input}");
        assert!(numbers[1] >= 1, "{input}");
    }
}

#[test]
fn diff_cover_reads_checkstyle() {
    let program = "import sys\nimport xml.etree.ElementTree as E\nfrom diff_cover.violationsreporters.java_violations_reporter import CheckstyleXmlDriver\nfound = CheckstyleXmlDriver().parse_reports([open(sys.argv[1], encoding='utf-8').read()])\nrows = [(path, v.line) for path, vs in found.items() for v in vs]\nassert all(line > 0 for _, line in rows)\nassert all(e.get('source').startswith('wslint.') for f in E.parse(sys.argv[1]).getroot() for e in f)\nprint(len(rows))";
    for input in INPUTS {
        assert_eq!(python(program, &print(input, &["--format", "checkstyle"])), count(input).to_string(), "{input}");
    }
}

#[test]
fn gitlab_and_rdjson_hold_what_their_readers_ask_for() {
    for input in INPUTS {
        let issues: Value = serde_json::from_str(&print(input, &["--format", "gitlab"])).unwrap();
        let issues = issues.as_array().unwrap();
        assert_eq!(issues.len(), count(input));
        let mut prints: Vec<&str> = issues.iter().map(|i| i["fingerprint"].as_str().unwrap()).collect();
        prints.sort_unstable();
        prints.dedup();
        assert_eq!(prints.len(), issues.len(), "GitLab drops issues of the same fingerprint");
        for issue in issues {
            assert!(["info", "minor", "major", "critical", "blocker"].contains(&issue["severity"].as_str().unwrap()));
            assert!(
                issue["location"]["lines"]["begin"].is_u64()
                    && issue["description"].is_string()
                    && issue["check_name"].is_string()
            );
        }
        let report: Value = serde_json::from_str(&print(input, &["--format", "rdjson"])).unwrap();
        assert_eq!(report["diagnostics"].as_array().unwrap().len(), count(input));
    }
    // The suggestion, put in place, is what --fix writes; columns count bytes.
    let report: Value = serde_json::from_str(&print("findings", &["--format", "rdjson"])).unwrap();
    let suggestion = &report["diagnostics"][0]["suggestions"][0];
    let text = std::fs::read_to_string(folder("findings").join("nginx.conf")).unwrap();
    let at = |p: &Value| {
        let line = p["line"].as_u64().unwrap() as usize - 1;
        text.split_inclusive('\n').take(line).map(str::len).sum::<usize>() + p["column"].as_u64().unwrap() as usize - 1
    };
    let (start, end) = (at(&suggestion["range"]["start"]), at(&suggestion["range"]["end"]));
    assert_eq!(&text[start..end], "\"ugrade\"");
    assert_eq!(suggestion["text"], "\"upgrade\"");
}

/// The workflow commands of a run, as the runner of GitHub Actions reads them.
fn commands(text: &str) -> Vec<(&str, &str)> {
    text.lines().filter_map(|l| l.strip_prefix("::")?.split_once("::")).collect()
}

#[test]
fn github_gets_commands_and_a_summary() {
    for input in INPUTS {
        let text = print(input, &["--format", "github"]);
        let found = commands(&text);
        assert_eq!(found.len(), count(input), "{input}: {text}");
        for (properties, _) in found {
            let (kind, properties) = properties.split_once(' ').unwrap();
            assert!(["error", "warning", "notice"].contains(&kind));
            for pair in properties.split(',') {
                let (key, value) = pair.split_once('=').unwrap();
                assert!(["file", "line", "endLine", "col", "endColumn", "title"].contains(&key), "{key}={value}");
            }
        }
    }
    // Past the tenth of a kind, GitHub would drop them: they stand in the log, and in the summary.
    let many = tempfile::tempdir().unwrap();
    let location = |n: usize| format!("location /ws/{n} {{ proxy_pass http://127.0.0.1:1; }}\n");
    let text = format!("events {{}}\nhttp {{ server {{\n{}}} }}\n", (0..25).map(location).collect::<String>());
    std::fs::write(many.path().join("nginx.conf"), text).unwrap();
    let summary = many.path().join("summary.md");
    let out = Command::new(env!("CARGO_BIN_EXE_wslint"))
        .current_dir(many.path())
        .args(["--isolated", "--format", "github", "nginx.conf"])
        .env("GITHUB_STEP_SUMMARY", &summary)
        .output()
        .unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    assert_eq!(commands(&text).len(), 10);
    assert_eq!(text.lines().filter(|l| l.starts_with("  nginx.conf:")).count(), 15);
    let written = std::fs::read_to_string(summary).unwrap();
    assert_eq!(written.lines().filter(|l| l.starts_with("| nginx.conf:")).count(), 25, "{written}");
}
