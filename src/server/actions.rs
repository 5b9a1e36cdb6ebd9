//! Code actions: what wslint can do about a finding, and about all of them. The edits are those of `--fix`,
//! made in memory and proven by another check.

use serde_json::{Value, json};

use super::client::Client;
use super::desk::{Desk, Spot, Teller};
use super::wire::{Refusal, code};
use crate::diagnostic::{Applicability, Diagnostic};
use crate::fix::{Fixed, Wanted};
use crate::i18n::{Lang, Text};
use crate::source::{FileId, SourceFile, Span};
use crate::text;

/// The kind of what mends a file as a whole, for `editor.codeActionsOnSave` and the like.
pub(super) const FIX_ALL: &str = "source.fixAll.wslint";

/// What an action does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    /// Mends this finding.
    Mend,
    /// Mends all findings of its rule in the folder.
    MendRule,
    /// Mends all of a file.
    MendFile,
    /// Writes a comment that ignores the finding.
    Ignore,
}

impl Does {
    const ALL: [(Does, &'static str); 4] =
        [(Does::Mend, "mend"), (Does::MendRule, "mendRule"), (Does::MendFile, "mendFile"), (Does::Ignore, "ignore")];

    fn name(self) -> &'static str {
        Does::ALL.iter().find(|(does, _)| *does == self).map_or("", |(_, name)| name)
    }

    fn named(name: &str) -> Option<Does> {
        Does::ALL.iter().find(|(_, n)| *n == name).map(|(does, _)| *does)
    }
}

/// `textDocument/codeAction`
pub(super) fn actions(desk: &Desk<'_, '_>, params: &Value) -> Result<Value, Refusal> {
    let Some(spot) = desk.spot(params)? else { return Ok(json!([])) };
    let start = desk.offset(&spot, params.pointer("/range/start"))?;
    let end = desk.offset(&spot, params.pointer("/range/end"))?;
    let (Some(start), Some(end)) = (start, end) else { return Ok(json!([])) };
    let (Some(teller), Some(file)) = (desk.teller(spot.folder), desk.folders[spot.folder].file(&spot.path)) else {
        return Ok(json!([]));
    };
    let only = params.pointer("/context/only").and_then(Value::as_array);
    let wants = |kind: &str| {
        // `source` stands for everything below it.
        let covers = |o: &str| o.is_empty() || kind == o || kind.strip_prefix(o).is_some_and(|r| r.starts_with('.'));
        only.is_none_or(|only| only.iter().filter_map(Value::as_str).any(covers))
    };
    let told: Vec<&Diagnostic> = teller.standing.checked().diagnostics.iter().filter(|d| teller.tells(d)).collect();
    let mut out = Vec::new();
    if wants("quickfix") {
        let (from, to) = (start.min(end), start.max(end));
        let touched = |d: &&&Diagnostic| {
            let span = d.primary.place.span;
            teller.page(d.primary.place.file) == file && span.start <= to && from <= span.end
        };
        let here: Vec<&Diagnostic> = told.iter().filter(touched).copied().collect();
        for found in &here {
            out.extend(mend(&teller, found));
        }
        for found in &here {
            out.extend(mend_rule(&teller, found, &told));
            out.extend(ignore(&teller, found));
        }
    }
    let fixable = |d: &&&Diagnostic| {
        teller.page(d.primary.place.file) == file && Wanted::default().takes(d, desk.folders[spot.folder].options())
    };
    let count = told.iter().filter(fixable).count();
    if wants(FIX_ALL) && count > 0 {
        let title = text!(
            "wslint: fix all safe findings of this file ({count})",
            "wslint：修复此文件中所有可安全修复的问题（{count} 处）"
        );
        let data = json!({ "does": Does::MendFile.name(), "uri": teller.uri(file) });
        out.push(json!({ "title": title.get(teller.lang()), "kind": FIX_ALL, "data": data }));
    }
    if desk.client.resolves_actions {
        return Ok(Value::Array(out));
    }
    // Who cannot ask later gets the edits now, and no action that would have none.
    let with_edit = |mut action: Value| {
        action["edit"] = edit_for(desk, &action["data"]).ok()?;
        Some(action)
    };
    Ok(out.into_iter().filter_map(with_edit).collect())
}

/// `codeAction/resolve`
pub(super) fn resolve(desk: &Desk<'_, '_>, params: Value) -> Result<Value, Refusal> {
    let mut action = params;
    if !action.is_object() {
        return Err(Refusal::params("a code action"));
    }
    action["edit"] = edit_for(desk, &action["data"])?;
    Ok(action)
}

fn data(teller: &Teller<'_, '_>, does: Does, found: &Diagnostic) -> Value {
    let span = found.primary.place.span;
    json!({
        "does": does.name(),
        "uri": teller.uri(found.primary.place.file),
        "rule": found.rule,
        "start": span.start,
        "end": span.end,
        "message": found.message.en,
    })
}

fn mend(teller: &Teller<'_, '_>, found: &Diagnostic) -> Option<Value> {
    let fix = found.fix.as_ref()?;
    let lang = teller.lang();
    let safe = fix.applicability == Applicability::Safe;
    let mut title = fix.title.clone();
    if !safe {
        let note = fix.note.clone().unwrap_or_default();
        let (en, zh, note_en, note_zh) = (&fix.title.en, &fix.title.zh, &note.en, &note.zh);
        title = text!("{en} (unsafe: {note_en})", "{zh}（不安全：{note_zh}）");
    }
    Some(json!({
        "title": title.get(lang),
        "kind": "quickfix",
        "isPreferred": safe,
        "diagnostics": [teller.diagnostic(found)],
        "data": data(teller, Does::Mend, found),
    }))
}

/// Offered where there is more than one to mend.
fn mend_rule(teller: &Teller<'_, '_>, found: &Diagnostic, told: &[&Diagnostic]) -> Option<Value> {
    let safe = |d: &Diagnostic| d.fix.as_ref().is_some_and(|f| f.applicability == Applicability::Safe);
    let count = told.iter().filter(|d| d.rule == found.rule && safe(d)).count();
    let rule = found.rule;
    let title = text!("Fix all {count} findings of {rule}, in all files", "修复所有文件中的全部 {count} 处 {rule}");
    (count > 1 && safe(found)).then(|| {
        json!({
            "title": title.get(teller.lang()),
            "kind": "quickfix",
            "diagnostics": [teller.diagnostic(found)],
            "data": data(teller, Does::MendRule, found),
        })
    })
}

/// Where a configuration stands in another file, what begins its lines is not nginx's: there, a person writes the
/// comment.
fn ignore(teller: &Teller<'_, '_>, found: &Diagnostic) -> Option<Value> {
    let is_own_file = teller.source(found.primary.place.file).block.is_none();
    let rule = found.rule;
    let title = text!("Ignore {rule} here, with a reason", "在此处忽略 {rule}，并写明理由");
    is_own_file.then(|| {
        json!({
            "title": title.get(teller.lang()),
            "kind": "quickfix",
            "diagnostics": [teller.diagnostic(found)],
            "data": data(teller, Does::Ignore, found),
        })
    })
}

/// The edits of an action that was offered before. What it was about may have gone since.
fn edit_for(desk: &Desk<'_, '_>, data: &Value) -> Result<Value, Refusal> {
    let lang = desk.client.lang();
    let gone = || refusal(text!("this finding is no longer there", "这个问题已经不存在了"), lang);
    let text = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str| data.get(name).and_then(Value::as_u64);
    let does = Does::named(text("does")).ok_or_else(|| Refusal::params("the data of an action of wslint"))?;
    let Some(Spot { folder, path }) = desk.spot(&json!({ "textDocument": { "uri": text("uri") } }))? else {
        return Err(gone());
    };
    let (Some(teller), Some(file)) = (desk.teller(folder), desk.folders[folder].file(&path)) else {
        return Err(gone());
    };
    let is_it = |d: &Diagnostic| {
        let span = d.primary.place.span;
        d.rule == text("rule")
            && teller.page(d.primary.place.file) == file
            && (Some(u64::from(span.start)), Some(u64::from(span.end))) == (number("start"), number("end"))
            && d.message.en == text("message")
    };
    let found = teller.standing.checked().diagnostics.iter().find(|d| is_it(d));
    let mended = |unsafe_too, choose: &dyn Fn(&Diagnostic) -> bool| {
        let fixed = teller.standing.mend(Wanted { unsafe_too }, choose);
        fixed.map_err(|problem| refusal(problem.text(), lang))
    };
    let fixed = match does {
        Does::Ignore => return Ok(ignoring(&teller, found.ok_or_else(gone)?)),
        Does::Mend => {
            found.ok_or_else(gone)?;
            mended(true, &is_it)?
        }
        Does::MendRule => mended(false, &|d| d.rule == text("rule") && teller.tells(d))?,
        Does::MendFile => mended(false, &|d| teller.page(d.primary.place.file) == file && teller.tells(d))?,
    };
    if fixed.files.is_empty() {
        return Err(refusal(held_back(&fixed), lang));
    }
    Ok(workspace_edit(&teller, desk.client, &fixed))
}

fn refusal(why: Text, lang: Lang) -> Refusal {
    Refusal { code: code::INTERNAL_ERROR, why: why.get(lang).to_owned() }
}

fn held_back(fixed: &Fixed) -> Text {
    match &fixed.withheld {
        Some(withheld) => withheld.text(),
        None => text!("there is nothing to fix", "没有可以修复的内容"),
    }
}

fn workspace_edit(teller: &Teller<'_, '_>, client: &Client, fixed: &Fixed) -> Value {
    let files = fixed.files.iter().map(|(path, patched)| {
        let old = SourceFile::new(path.clone(), patched.old().to_vec());
        let edits: Vec<Value> = (patched.changes().iter())
            .map(|change| {
                let span = Span::new(change.start as u32, change.end as u32);
                let range = super::desk::range_in(&old, span, client);
                json!({ "range": range, "newText": String::from_utf8_lossy(&change.new) })
            })
            .collect();
        let file = teller.standing.file(path);
        (file.map_or_else(|| teller.uri_of(path), |f| teller.uri(f)), file, edits)
    });
    as_edit(teller, client, files.collect())
}

/// Edits of files, with the versions of those that are open: an editor refuses what is meant for another text.
fn as_edit(teller: &Teller<'_, '_>, client: &Client, files: Vec<(String, Option<FileId>, Vec<Value>)>) -> Value {
    if !client.versioned_edits {
        let changes: serde_json::Map<String, Value> =
            files.into_iter().map(|(uri, _, edits)| (uri, Value::Array(edits))).collect();
        return json!({ "changes": changes });
    }
    let version = |file: Option<FileId>| Some(teller.open(file?).first()?.version);
    let changes: Vec<Value> = (files.into_iter())
        .map(|(uri, file, edits)| json!({ "textDocument": { "uri": uri, "version": version(file) }, "edits": edits }))
        .collect();
    json!({ "documentChanges": changes })
}

/// A comment in the line above the finding. Its reason is for a person to write.
fn ignoring(teller: &Teller<'_, '_>, found: &Diagnostic) -> Value {
    let place = found.primary.place;
    let source = teller.source(place.file);
    let lines = source.lines();
    let line = lines.line(place.span.start);
    let range = lines.line_range(line, &source.bytes);
    let own = &source.bytes[range.clone()];
    let indent: Vec<u8> = own.iter().copied().take_while(|b| matches!(b, b' ' | b'\t')).collect();
    let ending = if own.ends_with(b"\r") { "\r\n" } else { "\n" };
    let reason = text!("TODO: say why this is fine", "TODO：写明为什么这样没有问题");
    let (indent, rule) = (String::from_utf8_lossy(&indent), found.rule);
    let comment = format!("{indent}# wslint: ignore[{rule}] {}{ending}", reason.get(teller.lang()));
    let at = Span::new(range.start as u32, range.start as u32);
    let edit = json!({ "range": teller.range(place.file, at), "newText": comment });
    as_edit(teller, teller.client, vec![(teller.uri(place.file), Some(place.file), vec![edit])])
}
