//! `wslint explain RULE` and `wslint rules`.

use std::fmt::Write as _;

use serde::Serialize;

use super::args::RulesFormat;
use super::{Failure, Terminal, Verdict};
use crate::i18n::Lang;
use crate::model::near::nearest;
use crate::rules::{self, FixKind};

/// Prints what a rule means.
pub(super) fn explain(name: &str, terminal: &Terminal) -> Result<Verdict, Failure> {
    let Some(rule) = rules::find(name) else {
        let known: Vec<&str> = rules::ALL.iter().map(|r| r.name).collect();
        let hint = nearest(name, &known).map(|n| format!("; did you mean `{n}`?")).unwrap_or_default();
        return Err(Failure(format!("there is no rule `{name}`{hint} (`wslint rules` lists them)")));
    };
    let title = rule.title.get(terminal.lang);
    let mut out = format!("# {}\n\n{title}\n\n", rule.name);
    if terminal.lang == Lang::Zh {
        let _ = writeln!(out, "{}\n", rule.about_zh);
    }
    for line in rule.docs.lines() {
        let _ = writeln!(out, "{}", line.strip_prefix(' ').unwrap_or(line));
    }
    terminal.print(out.as_bytes())?;
    Ok(Verdict::Clean)
}

#[derive(Serialize)]
struct Row {
    name: &'static str,
    category: &'static str,
    severity: &'static str,
    fix: &'static str,
    title: &'static str,
}

/// Prints all rules.
pub(super) fn rules(format: RulesFormat, terminal: &Terminal) -> Result<Verdict, Failure> {
    let rows: Vec<Row> = rules::ALL
        .iter()
        .map(|r| Row {
            name: r.name,
            category: r.category.as_str(),
            severity: r.severity.as_str(),
            fix: match r.fix {
                FixKind::None => "in words",
                FixKind::Sometimes => "sometimes",
                FixKind::Always => "always",
            },
            title: r.title.get(terminal.lang),
        })
        .collect();
    let text = match format {
        RulesFormat::Json => serde_json::to_string_pretty(&rows).map_err(|e| Failure(e.to_string()))? + "\n",
        RulesFormat::Human => {
            let mut out = String::new();
            for row in &rows {
                let _ = writeln!(
                    out,
                    "{:<30} {:<10} {:<8} {:<10} {}",
                    row.name, row.category, row.severity, row.fix, row.title
                );
            }
            out
        }
    };
    terminal.print(text.as_bytes())?;
    Ok(Verdict::Clean)
}
