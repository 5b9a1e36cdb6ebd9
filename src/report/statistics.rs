//! How many findings there are of each rule, and how many of them a fix mends.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Report;
use super::human::{Look, rule_page};
use super::prose::{padded, width};
use crate::diagnostic::{Applicability, Severity};
use crate::text;

/// What is counted of one rule.
#[derive(Default)]
struct Count {
    all: usize,
    safe: usize,
    others: usize,
    worst: Option<Severity>,
}

/// A table, the most frequent rule first.
pub fn statistics(report: &Report<'_>, look: Look) -> String {
    let lang = report.lang;
    let mut counts: BTreeMap<&str, Count> = BTreeMap::new();
    for found in report.shown() {
        let count = counts.entry(found.rule).or_default();
        count.all += 1;
        match found.fix.as_ref().map(|f| f.applicability) {
            Some(Applicability::Safe) => count.safe += 1,
            Some(Applicability::Unsafe) => count.others += 1,
            None => {}
        }
        count.worst = count.worst.max(Some(found.severity));
    }
    let mut rows: Vec<(&str, Count)> = counts.into_iter().collect();
    rows.sort_by_key(|(_, count)| std::cmp::Reverse(count.all));
    if rows.is_empty() {
        return String::new();
    }
    let heads =
        [text!("found", "问题"), text!("fixable", "可修复"), text!("unsafe", "不安全"), text!("severity", "级别")];
    let columns: Vec<usize> = heads.iter().map(|h| width(h.get(lang)) + 1).collect();
    let mut out: String = heads.iter().zip(&columns).map(|(h, c)| padded(h.get(lang), *c)).collect();
    let _ = writeln!(out, "{}", text!("rule", "规则").get(lang));
    for (rule, count) in rows {
        let severity = count.worst.map_or("", |s| s.word(lang)).to_owned();
        let cells = [count.all.to_string(), count.safe.to_string(), count.others.to_string(), severity];
        let cells: String = cells.iter().zip(&columns).map(|(cell, c)| padded(cell, *c)).collect();
        let _ = writeln!(out, "{cells}{}", look.link(&rule_page(rule, lang), rule));
    }
    out.push('\n');
    out
}
