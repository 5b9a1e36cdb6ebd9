//! Arguments against the types of the catalogue: of the row whose module applies in the block around
//! them (core/ngx_conf_file.c, `ngx_conf_set_…_slot`).

use std::borrow::Cow;
use std::sync::OnceLock;

use super::number::{milliseconds, number, offset, seconds, size};
use super::own::{self, Line, Wrong};
use super::{Refusal, RefusalKind as Kind, is_opaque};
use crate::catalog::{Directive, NameSet, Value};
use crate::model::config::lines::Lines;
use crate::model::config::scope::{OccId, ScopeKind};
use crate::model::way::world::World;
use crate::syntax::{Ending, word};

pub(super) fn check(world: &World<'_>, lines: &Lines, top_is_inferred: bool, out: &mut Vec<Refusal>) {
    static TYPED: OnceLock<NameSet> = OnceLock::new();
    let typed = TYPED.get_or_init(|| NameSet::of_names(|n| n.rows().iter().any(|d| d.value != Value::Any)));
    let config = world.config;
    let refused = super::refused(out);
    for &id in &lines.distinct {
        let occ = config.occ(id);
        if !typed.has(occ.name) {
            continue;
        }
        let kind = config.scope(occ.scope).kind;
        if is_opaque(kind) || refused.contains(&id) || config.directive(id).ending() == Ending::Missing {
            continue;
        }
        let Some(context) = kind.context() else { continue };
        // A location has the types of its server, and no hash of its own (`ngx_http_core_merge_loc_conf`).
        if kind == ScopeKind::Location && occ.name.as_str().starts_with("types_hash_") && config.arg_text(id, 0) == "0"
        {
            continue;
        }
        // Where the context is a guess, the line may be meant for any.
        let guessed = top_is_inferred && occ.scope == config.top();
        let rows = occ.name.rows().iter().filter(|d| guessed || d.contexts.has(context));
        line(world, id, rows, guessed, out);
    }
}

/// Asks each row. All of them refuse, or only those of some versions do.
fn line<'d>(
    world: &World<'_>,
    occ: OccId,
    rows: impl Iterator<Item = &'d Directive>,
    guessed: bool,
    out: &mut Vec<Refusal>,
) {
    let config = world.config;
    let args: Vec<Cow<'_, str>> = config.each_text(occ).collect();
    let args: Vec<&str> = args.iter().map(Cow::as_ref).collect();
    let mut all = true;
    let mut wrongs: Vec<(&Directive, (usize, String))> = Vec::new();
    for row in rows {
        match wrong(row.value, Line { name: row.name, args: &args }) {
            Some(said) => wrongs.push((row, said)),
            None => all = false,
        }
    }
    let refuse = |(at, text)| Refusal::new(occ, Kind::Value, text).at(at);
    if all {
        out.extend(wrongs.into_iter().next().map(|(_, first)| refuse(first)));
    } else if !guessed {
        for (row, wrong) in wrongs.into_iter().filter(|(row, _)| row.since.is_some() || row.until.is_some()) {
            let mut refusal = refuse(wrong);
            (refusal.since, refusal.until) = (row.since, row.until);
            out.push(refusal);
        }
    }
}

/// What nginx says of arguments of a type.
fn wrong(value: Value, line: Line<'_>) -> Wrong {
    let first = line.args.first()?;
    let invalid = |fine: bool, said: &str| (!fine).then(|| line.says(0, said))?;
    match value {
        Value::Any => None,
        Value::Flag => {
            let fine = ["on", "off"].iter().any(|w| w.eq_ignore_ascii_case(first));
            let said =
                || format!("invalid value \"{first}\" in \"{}\" directive, it must be \"on\" or \"off\"", line.name);
            (!fine).then(|| (0, said()))
        }
        Value::Number => invalid(number(first).is_some(), "invalid number"),
        Value::Between(least, most) => match number(first) {
            None => line.says(0, "invalid number"),
            Some(n) if n < least || n > most => Some((0, format!("value must be between {least} and {most}"))),
            Some(_) => None,
        },
        Value::Size => invalid(size(first).is_some(), "invalid value"),
        Value::SizeOrVariables => {
            invalid(word::has_variables(first.as_bytes()) || size(first).is_some(), "invalid value")
        }
        Value::Offset => invalid(offset(first).is_some(), "invalid value"),
        Value::Time => invalid(milliseconds(first).is_some(), "invalid value"),
        Value::Seconds => invalid(seconds(first).is_some(), "invalid value"),
        Value::Buffers => own::buffers(line),
        Value::One(words) | Value::Each(words) => {
            let wrong = |v: &str| !words.iter().any(|w| w.eq_ignore_ascii_case(v));
            let at = line.args.iter().position(|v| wrong(v))?;
            Some((at, format!("invalid value \"{}\"", line.args[at])))
        }
        Value::By(own) => own::check(own, line),
    }
}
