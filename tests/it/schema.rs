//! The JSON that wslint prints is what `docs/json-schema/report.v1.json` says, for every fixture.
#![allow(clippy::unwrap_used, reason = "a test that panics has said what it has to say")]

use std::path::{Path, PathBuf};
use std::process::Command;

fn schema() -> serde_json::Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/json-schema/report.v1.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn fixtures() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("grammar-fixtures/rules");
    let found = walkdir::WalkDir::new(root).sort_by_file_name().into_iter().filter_map(Result::ok);
    found
        .filter(|e| e.file_name() == "nginx.conf" && !e.path().ancestors().any(|a| a.ends_with("fixed")))
        .map(walkdir::DirEntry::into_path)
        .collect()
}

fn print(folder: &Path, args: &[&str]) -> serde_json::Value {
    let out = Command::new(env!("CARGO_BIN_EXE_wslint"))
        .current_dir(folder)
        .args(args)
        .args(["--isolated", "--format", "json", "nginx.conf"])
        .output()
        .unwrap();
    serde_json::from_slice(&out.stdout)
        .unwrap_or_else(|e| panic!("{folder:?}: {e}: {}", String::from_utf8_lossy(&out.stderr)))
}

#[test]
fn reports_follow_the_schema() {
    let schema = schema();
    let report = jsonschema::validator_for(&schema).unwrap();
    let mut trace_schema = schema["$defs"]["trace"].clone();
    trace_schema["$defs"] = schema["$defs"].clone();
    let trace = jsonschema::validator_for(&trace_schema).unwrap();
    let fixtures = fixtures();
    assert!(fixtures.len() > 100, "only {} fixtures", fixtures.len());
    for path in fixtures {
        let folder = path.parent().unwrap();
        for args in [&[][..], &["--lang", "zh-CN", "--select", "all"]] {
            let value = print(folder, args);
            let errors: Vec<String> =
                report.iter_errors(&value).map(|e| format!("{} at {}", e, e.instance_path())).collect();
            assert!(errors.is_empty(), "{folder:?}: {errors:?}");
        }
        let value = print(folder, &["trace", "ws://example.com:8080/ws"]);
        let errors: Vec<String> =
            trace.iter_errors(&value).map(|e| format!("{} at {}", e, e.instance_path())).collect();
        assert!(errors.is_empty(), "{folder:?}: {errors:?}");
    }
}

/// Editors check a `wslint.toml` against the schema: it says what wslint itself says.
#[test]
fn settings_follow_their_schema() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/json-schema/wslint.v1.json");
    let schema = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let uncommented: String = wslint::settings::TEMPLATE
        .en
        .lines()
        .map(|l| l.strip_prefix("# ").filter(|r| r.contains(" = ")).unwrap_or(l))
        .collect::<Vec<_>>()
        .join("\n");
    for (text, valid) in [
        (uncommented.as_str(), true),
        ("", true),
        ("root = []", false),
        ("fail-on = \"errr\"", false),
        ("[rules]\nshort-read-timeot = \"off\"", false),
        ("[websocket]\nlocations = \"/x\"", false),
    ] {
        let value = serde_json::to_value(text.parse::<toml::Table>().unwrap()).unwrap();
        assert_eq!(schema.is_valid(&value), valid, "{text}");
        let fs = wslint::source::MemFs::new([("/p/wslint.toml".into(), text.as_bytes().to_vec())]);
        assert_eq!(wslint::settings::read(&fs, Path::new("/p/wslint.toml")).is_ok(), valid, "{text}");
    }
}
