//! The file of `--baseline` and `--write-baseline`.

use serde::{Deserialize, Serialize};

use crate::engine::Baseline;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema_version: u32,
    findings: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    path: String,
    rule: String,
    line: String,
    count: usize,
}

/// Reads what [`baseline_text`] wrote; `base` is the canonical directory of the file.
///
/// # Errors
/// What is wrong with it.
pub fn parse_baseline(text: &[u8], base: std::path::PathBuf) -> Result<Baseline, String> {
    let file: File = serde_json::from_slice(text).map_err(|e| format!("this is no baseline of wslint: {e}"))?;
    if file.schema_version != 1 {
        return Err(format!("schema_version is {}; this wslint reads 1", file.schema_version));
    }
    let findings = file.findings.into_iter().map(|e| ((e.path, e.rule, e.line), e.count)).collect();
    Ok(Baseline { findings, base })
}

/// A baseline as JSON.
pub fn baseline_text(baseline: &Baseline) -> String {
    let entry = |((path, rule, line), count): (&crate::engine::BaselineKey, &usize)| Entry {
        path: path.clone(),
        rule: rule.clone(),
        line: line.clone(),
        count: *count,
    };
    let file = File { schema_version: 1, findings: baseline.findings.iter().map(entry).collect() };
    serde_json::to_string_pretty(&file).map(|t| t + "\n").unwrap_or_default()
}
