//! Every command in the documentation is one that wslint takes, and every link leads somewhere.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn pages() -> Vec<PathBuf> {
    let mut out: Vec<PathBuf> = walkdir::WalkDir::new(root().join("docs"))
        .into_iter()
        .map(|e| e.unwrap().into_path())
        .chain(["README.md", "README.zh-CN.md", "CONTRIBUTING.md"].map(|n| root().join(n)))
        .filter(|p| p.extension().is_some_and(|e| e == "md"))
        .collect();
    out.sort();
    out
}

/// The words of the wslint command in a line, as a shell would split them; none if it runs something else.
fn words(line: &str) -> Option<Vec<String>> {
    let line = line.trim().trim_start_matches("$ ");
    let at = line.find("wslint ").filter(|&at| at == 0 || line[..at].ends_with("| "))?;
    let mut out = vec![String::new()];
    let mut quote = None;
    for c in line[at..].chars() {
        match (quote, c) {
            (None, '|' | '#' | ';' | '>' | '&') => break,
            (None, '\'' | '"') => quote = Some(c),
            (Some(q), c) if q == c => quote = None,
            (None, ' ') => out.push(String::new()),
            (_, c) => out.last_mut()?.push(c),
        }
    }
    out.retain(|w| !w.is_empty());
    Some(out)
}

#[test]
fn every_command_is_one_that_wslint_takes() {
    let mut checked = 0;
    // The reader's directory: some of the commands write into it.
    let elsewhere = tempfile::tempdir().unwrap();
    let copied =
        std::process::Command::new("cp").arg("-r").args([root().join("docs"), elsewhere.path().join("docs")]).status();
    assert!(copied.unwrap().success());
    let mut wrong = Vec::new();
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        let mut fenced = false;
        for line in text.lines() {
            if line.trim_start().starts_with("```") {
                fenced = !fenced && ["```sh", "```console"].contains(&line.trim());
                continue;
            }
            let Some(words) = fenced.then(|| words(line)).flatten() else { continue };
            checked += 1;
            // What speaks of the example in this repository is run as it stands.
            if words.iter().any(|w| w.starts_with("docs/example")) && !words.iter().any(|w| w == "--fix") {
                let out = std::process::Command::new(env!("CARGO_BIN_EXE_wslint"))
                    .args(&words[1..])
                    .current_dir(elsewhere.path())
                    .output()
                    .unwrap();
                if out.status.code().is_none_or(|c| c > 1) {
                    wrong.push(format!("{}: {line}\n{}", page.display(), String::from_utf8_lossy(&out.stderr)));
                }
            }
            if let Err(e) = wslint::cli::command().try_get_matches_from(&words) {
                // `--help` and `--version` end the parse in their own way.
                if e.use_stderr() {
                    wrong.push(format!("{}: {line}\n{e}", page.display()));
                }
            }
        }
    }
    assert!(checked > 20, "only {checked} commands");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_link_within_the_project_leads_somewhere() {
    let mut wrong = Vec::new();
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for (at, _) in text.match_indices("](") {
            let target = text[at + 2..].split(')').next().unwrap();
            let path = target.split('#').next().unwrap();
            if !path.is_empty()
                && !target.contains("://")
                && !path.contains(' ')
                && !page.parent().unwrap().join(path).exists()
            {
                wrong.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
