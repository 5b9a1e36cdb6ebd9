//! The file of `--baseline` and `--write-baseline`.

use serde::{Deserialize, Serialize};

use crate::engine::Baseline;
use crate::i18n::Text;
use crate::text;

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

/// A baseline that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.text().en)]
pub enum BaselineError {
    /// It is not what wslint writes.
    NoBaseline(serde_json::Error),
    /// Another version wrote it, in a way that this one does not know.
    Version(u32),
}

impl BaselineError {
    /// What is wrong, in both languages.
    pub fn text(&self) -> Text {
        match self {
            BaselineError::NoBaseline(e) => {
                text!("this is no baseline of wslint: {e}", "这不是 wslint 的基线文件：“{e}”")
            }
            BaselineError::Version(version) => text!(
                "schema_version is {version}; this wslint reads 1",
                "schema_version 为 {version}；此版本的 wslint 只读取 1"
            ),
        }
    }
}

/// Reads what [`baseline_text`] wrote; `base` is the canonical directory of the file.
///
/// # Errors
/// What is wrong with it.
pub fn parse_baseline(text: &[u8], base: std::path::PathBuf) -> Result<Baseline, BaselineError> {
    let file: File = serde_json::from_slice(text).map_err(BaselineError::NoBaseline)?;
    if file.schema_version != 1 {
        return Err(BaselineError::Version(file.schema_version));
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
