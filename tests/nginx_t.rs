//! Whole configurations, put to the real `nginx -t` and to wslint: both accept or both refuse.
//!
//! `grammar-fixtures/nginx/accepted/<case>/nginx.conf` are accepted by both;
//! `grammar-fixtures/nginx/rejected/<case>/nginx.conf` are refused by both, and `error.txt` is what
//! nginx says. `UPDATE_FIXTURES=1 cargo test --test nginx_t` writes `error.txt` anew. Cases in
//! `platform/` are refused by nginx on Linux and accepted elsewhere: wslint, which does not know where
//! the configuration will run, lets them pass.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;
mod real_nginx;

use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Arguments, Failed, Trial};
use real_nginx::{Nginx, VERSION, updating};
use serde_json::Value;

const URL: &str = "ws://example.com:8080/ws";

fn main() {
    let args = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("grammar-fixtures/nginx");
    let nginx = Nginx::find();
    let mut trials = vec![Trial::test("nginx_is_there", {
        let found = nginx.clone();
        move || found.map(|_| ()).map_err(Failed::from)
    })];
    if let Ok(nginx) = nginx {
        for (kind, run) in [
            ("accepted", accepted as fn(&Nginx, &Path) -> Result<(), Failed>),
            ("rejected", rejected),
            ("platform", platform),
        ] {
            for case in folders(&root.join(kind)) {
                let name = format!("{kind}::{}", case.file_name().unwrap().to_string_lossy());
                let nginx = nginx.clone();
                trials.push(Trial::test(name, move || run(&nginx, &case)));
            }
        }
    }
    libtest_mimic::run(&args, trials).exit();
}

fn folders(root: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root).unwrap_or_else(|e| panic!("{}: {e}", root.display()));
    let mut out: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).filter(|p| p.is_dir()).collect();
    out.sort();
    out
}

fn accepted(nginx: &Nginx, case: &Path) -> Result<(), Failed> {
    put_to(nginx, case)?.map_err(|said| format!("nginx refuses it: {said}"))?;
    let report = wslint(case, &[])?;
    let refused = list(&report["endpoints"]).find(|e| e["verdict"] == "rejected");
    if let Some(endpoint) = refused {
        return Err(format!("nginx accepts it; wslint has a rejected endpoint: {endpoint:#}").into());
    }
    let invalid = list(&report["diagnostics"]).find(|d| d["category"] == "validity" && d["severity"] == "error");
    if let Some(found) = invalid {
        return Err(format!("nginx accepts it; wslint: {}: {}", found["rule"], found["message"]).into());
    }
    Ok(())
}

fn rejected(nginx: &Nginx, case: &Path) -> Result<(), Failed> {
    let Err(said) = put_to(nginx, case)? else { return Err("nginx accepts it".into()) };
    let path = case.join("error.txt");
    if updating() {
        std::fs::write(&path, format!("{said}\n"))?;
    }
    let expected = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    // Other versions say the same in other words.
    if nginx.exact && said != expected.trim_end() {
        return Err(format!("nginx says    {said}\nerror.txt has {expected}").into());
    }
    // What is quoted is what nginx says. nginx stops at the first; a syntax error has its own words.
    let quoted = common::refusals(&common::read_tree(case, &[]), VERSION);
    if nginx.exact && !quoted.is_empty() && !quoted.iter().any(|q| said.contains(q.as_str())) {
        return Err(format!("nginx says {said}\nwslint has {quoted:#?}").into());
    }
    let report = wslint(case, &["trace", URL])?;
    if report["verdict"] != "rejected" {
        return Err(format!("nginx says {said}; wslint says {}", report["verdict"]).into());
    }
    Ok(())
}

fn platform(nginx: &Nginx, case: &Path) -> Result<(), Failed> {
    if put_to(nginx, case)?.is_ok() {
        return Err("nginx accepts it here".into());
    }
    match wslint(case, &["trace", URL])?["verdict"].as_str() {
        Some("rejected") => Err("wslint refuses what nginx on another system starts with".into()),
        _ => Ok(()),
    }
}

/// What nginx says of a copy of the case: nothing that it creates stays in the fixtures.
fn put_to(nginx: &Nginx, case: &Path) -> Result<Result<(), String>, Failed> {
    let copy = tempfile::tempdir()?;
    let root = copy.path().canonicalize()?;
    for entry in walkdir::WalkDir::new(case).into_iter() {
        let entry = entry?;
        let target = root.join(entry.path().strip_prefix(case)?);
        match entry.file_type().is_dir() {
            true => std::fs::create_dir_all(target)?,
            false => std::fs::copy(entry.path(), target).map(|_| ())?,
        }
    }
    Ok(nginx.test(&root))
}

fn wslint(case: &Path, command: &[&str]) -> Result<Value, Failed> {
    let output = Command::new(env!("CARGO_BIN_EXE_wslint"))
        .current_dir(case)
        .args(command)
        .args(["--isolated", "--nginx-version", VERSION, "--format", "json", "nginx.conf"])
        .output()?;
    let wrong = || {
        let screen = String::from_utf8_lossy(&output.stderr);
        format!("wslint gave no report ({}): {screen}", output.status)
    };
    serde_json::from_slice(&output.stdout).map_err(|_| wrong().into())
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
