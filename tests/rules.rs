//! Every rule: its documentation is run, and every fixture gives what it should.
//!
//! `UPDATE_FIXTURES=1 cargo test --test rules` writes `expected.txt` and `fixed/` anew.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that panics or prints has said what it has to say"
)]

mod common;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Arguments, Failed, Trial};
use wslint::diagnostic::{Category, Severity};
use wslint::engine::Selection;
use wslint::i18n::Lang;
use wslint::rules::{ALL, FixKind, Rule};

fn main() {
    let args = Arguments::from_args();
    let mut trials = Vec::new();
    for rule in ALL {
        trials.push(Trial::test(format!("docs::{}", rule.name), move || documentation(rule)));
        trials.push(Trial::test(format!("words::{}", rule.name), move || words(rule)));
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("grammar-fixtures/rules");
    for rule in folders(&root) {
        for case in folders(&rule) {
            let name = format!(
                "{}::{}",
                rule.file_name().unwrap().to_string_lossy(),
                case.file_name().unwrap().to_string_lossy()
            );
            trials.push(Trial::test(name, move || fixture(&case)));
        }
    }
    libtest_mimic::run(&args, trials).exit();
}

fn folders(root: &Path) -> Vec<PathBuf> {
    let mut out: Vec<PathBuf> =
        std::fs::read_dir(root).into_iter().flatten().map(|e| e.unwrap().path()).filter(|p| p.is_dir()).collect();
    out.sort();
    out
}

fn check(holds: bool, message: impl Into<String>) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(message.into().into()) }
}

/// The bad example fires exactly this rule, the fixed one is what `--fix` makes of it, the good one
/// is silent.
fn documentation(rule: &Rule) -> Result<(), Failed> {
    for heading in [
        "## What it finds",
        "## Why it breaks",
        "## Example",
        "## Instead",
        "## The fix and its safety",
        "## References",
    ] {
        check(rule.docs.contains(heading), format!("the documentation lacks `{heading}`"))?;
    }
    let examples = common::examples(rule.docs);
    let of = |kind: &str| examples.iter().filter(|(k, _)| k == kind).map(|(_, t)| t.clone()).collect::<Vec<_>>();
    let options = options_for(rule);
    for bad in of("bad") {
        let found = common::findings(&common::single(&bad), &options);
        let mut names: Vec<&str> =
            found.iter().filter(|d| d.severity > Severity::Advice || d.rule == rule.name).map(|d| d.rule).collect();
        names.dedup();
        check(names == [rule.name], format!("the bad example fires {names:?}\n{bad}"))?;
        let own: Vec<_> = found.iter().filter(|d| d.rule == rule.name).collect();
        let has_fix = own.iter().any(|d| d.fix.is_some());
        check(
            has_fix == (rule.fix != FixKind::None),
            format!("declared {:?}, and the example {} a fix", rule.fix, if has_fix { "has" } else { "lacks" }),
        )?;
        let fixed = common::fixed(&common::single(&bad), &options, false)?;
        if let [want] = of("fixed").as_slice() {
            let got = String::from_utf8_lossy(&fixed["nginx.conf"]).into_owned();
            check(got == *want, format!("--fix gives\n{got}\nthe documentation says\n{want}"))?;
            let again = common::findings(&fixed, &options);
            check(
                again.iter().all(|d| d.severity == Severity::Advice),
                format!("the fixed example still fires {:?}", again.iter().map(|d| d.rule).collect::<Vec<_>>()),
            )?;
        } else {
            check(fixed == common::single(&bad), "there is a safe fix, and the documentation does not show it")?;
        }
    }
    for good in of("good") {
        let found = common::findings(&common::single(&good), &options);
        let names: Vec<&str> =
            found.iter().filter(|d| d.severity > Severity::Advice || d.rule == rule.name).map(|d| d.rule).collect();
        check(names.is_empty(), format!("the good example fires {names:?}\n{good}"))?;
    }
    Ok(())
}

/// The security rules speak only when they are asked.
fn options_for(rule: &Rule) -> wslint::engine::Options {
    let mut options = common::options(None, None);
    if rule.category == Category::Security {
        options.selection = Selection::new(&["security".to_owned()], &[]).unwrap();
    }
    options
}

/// The page in Chinese says all that the English one says: as many paragraphs, and in each the same code and
/// the same numbers; in the same places the same examples and sources.
fn pages_agree(rule: &Rule) -> Result<(), Failed> {
    let (en, zh) = (rule.about(Lang::En), rule.about(Lang::Zh));
    let blocks = |page: &str| page.split("\n\n").map(str::to_owned).collect::<Vec<_>>();
    let (en, zh) = (blocks(&en), blocks(&zh));
    check(en.len() == zh.len(), format!("{} blocks in English, {} in Chinese", en.len(), zh.len()))?;
    for (en, zh) in en.iter().zip(&zh) {
        let is_shared = en.contains("```") || en.starts_with("- ") || en.starts_with("    ");
        check(!is_shared || en == zh, format!("not the same:\n{en}\n{zh}"))?;
        check(is_shared || zh.chars().any(is_chinese), format!("not translated: {zh}"))?;
        check(en.starts_with("## ") == zh.starts_with("## "), format!("one is a heading:\n{en}\n{zh}"))?;
        check(facts(en) == facts(zh), format!("{:?}\n{:?}\n{en}\n{zh}", facts(en), facts(zh)))?;
    }
    Ok(())
}

/// What does not change with the language: code, status codes, versions, sections.
fn facts(text: &str) -> BTreeSet<String> {
    let mut out: BTreeSet<String> = text.split('`').skip(1).step_by(2).map(|code| code.replace('\n', " ")).collect();
    let numbers = text.split(|c: char| !(c.is_ascii_digit() || c == '.')).map(|n| n.trim_matches('.'));
    out.extend(numbers.filter(|n| n.len() > 2).map(str::to_owned));
    out
}

fn is_chinese(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

/// Both languages are there, and are what they say they are.
fn words(rule: &Rule) -> Result<(), Failed> {
    let chinese = |t: &str| t.chars().any(is_chinese);
    check(!chinese(rule.title.en) && chinese(rule.title.zh) && !chinese(rule.docs), "title or text lacks a language")?;
    pages_agree(rule)?;
    let options = options_for(rule);
    for (_, text) in common::examples(rule.docs) {
        for found in common::findings(&common::single(&text), &options).iter().filter(|d| d.rule == rule.name) {
            let fix = found.fix.as_ref();
            let mut texts = vec![&found.message, &found.primary.text, &found.why, &found.help];
            texts.extend(found.labels.iter().map(|l| &l.text));
            texts.extend(fix.map(|f| &f.title));
            texts.extend(fix.and_then(|f| f.note.as_ref()));
            for t in texts {
                check(!t.en.is_empty() && !chinese(&t.en), format!("English: {t:?}"))?;
                check(!t.zh.is_empty() && (chinese(&t.zh) || t.zh == t.en), format!("Chinese: {t:?}"))?;
            }
            check(!found.message.en.ends_with('.'), "a message has no full stop")?;
        }
    }
    Ok(())
}

/// `nginx.conf` and its includes, `expected.txt`, `fixed/`, and perhaps `args`.
fn fixture(case: &Path) -> Result<(), Failed> {
    const OURS: [&str; 4] = ["expected.txt", "fixed", "args", "not-live"];
    let update = std::env::var_os("UPDATE_FIXTURES").is_some();
    let tree = common::read_tree(case, &OURS);
    let args: Vec<String> =
        std::fs::read_to_string(case.join("args")).unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    let folder = tempfile::tempdir().unwrap();
    let lay_out = |tree: &common::Tree| {
        for (name, bytes) in tree {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
    };
    let run = |extra: &[&str]| {
        let out = Command::new(env!("CARGO_BIN_EXE_wslint"))
            .current_dir(folder.path())
            .env("LC_ALL", "C")
            .args(["--isolated"])
            .args(extra)
            .args(&args)
            .arg("nginx.conf")
            .output()
            .unwrap();
        (
            out.status.code(),
            String::from_utf8_lossy(&out.stdout).into_owned(),
            String::from_utf8_lossy(&out.stderr).into_owned(),
        )
    };
    lay_out(&tree);
    let (status, report, errors) = run(&["--format", "concise"]);
    check(matches!(status, Some(0 | 1)), format!("exit {status:?}: {errors}"))?;
    let expected = case.join("expected.txt");
    if update {
        std::fs::write(&expected, &report).unwrap();
    }
    let want = std::fs::read_to_string(&expected).unwrap_or_default();
    check(report == want, format!("reported\n{report}\nexpected\n{want}"))?;
    let rule = case.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
    let good = case.file_name().unwrap().to_string_lossy().starts_with("good");
    check(
        good == report.is_empty() || (good && !report.contains(&rule)),
        "a case called good is silent, every other fires",
    )?;
    check(good || report.contains(&format!("[{rule}]")), format!("does not fire {rule}"))?;
    // The fix: what it makes, that it converges, that it stays.
    let (_, _, errors) = run(&["--fix", "--quiet"]);
    check(!errors.contains("internal error"), errors)?;
    let after = common::read_tree(folder.path(), &[]);
    let fixed = case.join("fixed");
    if update {
        let _ = std::fs::remove_dir_all(&fixed);
        for (name, bytes) in after.iter().filter(|(n, b)| tree.get(*n) != Some(b)) {
            std::fs::create_dir_all(fixed.join(name).parent().unwrap()).unwrap();
            std::fs::write(fixed.join(name), bytes).unwrap();
        }
    }
    let mut want = tree.clone();
    want.extend(common::read_tree_if_there(&fixed));
    for (name, bytes) in &after {
        check(want.get(name) == Some(bytes), format!("--fix makes of {name}:\n{}", String::from_utf8_lossy(bytes)))?;
    }
    run(&["--fix", "--quiet"]);
    check(common::read_tree(folder.path(), &[]) == after, "a second --fix changes something")?;
    let (_, diff, _) = run(&["--diff"]);
    check(diff.is_empty(), format!("--diff after --fix is not empty:\n{diff}"))
}
