//! `wslint explain RULE` and `wslint rules`.

use std::fmt::Write as _;

use serde::Serialize;

use super::args::RulesFormat;
use super::{Failure, Terminal, Verdict};
use crate::catalog::near::nearest;
use crate::i18n::Lang;
use crate::report::page;
use crate::rules::{self, Rule};
use crate::symptoms::find_symptom;
use crate::text;

/// Prints what a rule or a symptom means.
pub(super) fn explain(words: &str, terminal: &Terminal) -> Result<Verdict, Failure> {
    let out = match (named_rule(words), find_symptom(words)) {
        (Some(rule), _) => rule.page(terminal.lang),
        (None, Some(symptom)) => symptom.page(terminal.lang),
        (None, None) => {
            let known: Vec<&str> = rules::ALL.iter().map(|r| r.name).collect();
            let near = nearest(words, &known);
            let (en, zh) = match near {
                Some(n) => (format!("; did you mean `{n}`?"), format!("，是不是想写 `{n}`？")),
                None => Default::default(),
            };
            return Err(Failure(text!(
                "there is no rule or symptom `{words}`{en} (`wslint rules` lists the rules; symptoms are status codes such as 400, 1006, \"60 seconds\")",
                "没有叫 `{words}` 的规则或现象{zh}（`wslint rules` 列出所有规则；现象可以是状态码，例如 400、1006、\"60 秒\"）"
            )));
        }
    };
    terminal.print(page(&out, terminal.look.width).as_bytes())?;
    Ok(Verdict::Clean)
}

/// The rule that a text names: alone, or within a line of a report, as in `error[missing-upgrade-header] …`.
fn named_rule(words: &str) -> Option<&'static Rule> {
    let part_of_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    rules::find(words.trim()).or_else(|| words.split(|c| !part_of_name(c)).find_map(rules::find))
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
    // What a script reads is the same in every language.
    let lang = if format == RulesFormat::Json { Lang::En } else { terminal.lang };
    let rows: Vec<Row> = rules::ALL
        .iter()
        .map(|r| Row {
            name: r.name,
            category: r.category.word(lang),
            severity: r.severity.word(lang),
            fix: r.fix.word(lang),
            title: r.title.get(terminal.lang),
        })
        .collect();
    let text = match format {
        RulesFormat::Json => {
            serde_json::to_string_pretty(&rows).map_err(|e| Failure(crate::i18n::Text::same(e.to_string())))? + "\n"
        }
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
