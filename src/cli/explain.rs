//! `wslint explain RULE` and `wslint rules`.

use std::fmt::Write as _;

use serde::Serialize;

use super::args::RulesFormat;
use super::{Failure, Terminal, Verdict};
use crate::catalog::near::nearest;
use crate::i18n::Lang;
use crate::report::page;
use crate::report::prose::{padded, wrap};
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
                "there is no rule or symptom `{words}`{en} (`wslint rules` lists the rules; a symptom is what is seen, such as 400, 1006, \"60 seconds\")",
                "没有叫 `{words}` 的规则或现象{zh}（`wslint rules` 列出所有规则；现象就是看到的内容，例如 400、1006、\"每分钟断开\"）"
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
        RulesFormat::Human => table(&rows, terminal),
    };
    terminal.print(text.as_bytes())?;
    Ok(Verdict::Clean)
}

/// The table of rules: a title that does not fit goes on below itself.
fn table(rows: &[Row], terminal: &Terminal) -> String {
    const LEFT: usize = 61;
    let heads = [
        text!("rule", "规则"),
        text!("category", "类别"),
        text!("severity", "级别"),
        text!("fix", "修复"),
        text!("finds", "问题"),
    ];
    let [rule, category, severity, fix, finds] = heads.each_ref().map(|h| h.get(terminal.lang));
    let mut out = String::new();
    let mut line = |cells: [&str; 5]| {
        let [name, category, severity, fix, title] = cells;
        let before =
            format!("{} {} {} {} ", padded(name, 29), padded(category, 10), padded(severity, 8), padded(fix, 9));
        // On a narrow terminal the title stands below.
        let narrow = terminal.look.line < LEFT + 30;
        let left = if narrow { 4 } else { LEFT };
        let lines = wrap(title, terminal.look.line.saturating_sub(left).max(20));
        for (i, text) in lines.iter().enumerate() {
            let _ = match (i, narrow) {
                (0, false) => writeln!(out, "{before}{text}"),
                (0, true) => writeln!(out, "{}\n{}{text}", before.trim_end(), " ".repeat(left)),
                _ => writeln!(out, "{}{text}", " ".repeat(left)),
            };
        }
    };
    line([rule, category, severity, fix, finds]);
    for row in rows {
        line([row.name, row.category, row.severity, row.fix, row.title]);
    }
    out
}
