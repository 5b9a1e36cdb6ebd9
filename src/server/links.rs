//! Where things lead: definitions, includes, and the outline of a file.

use serde_json::{Value, json};

use super::desk::{Desk, Teller};
use super::wire::Refusal;
use crate::project::{Block, Goal, Outline};
use crate::source::{FileId, Span};
use crate::text;

/// `textDocument/definition`
pub(super) fn definition(desk: &mut Desk<'_, '_>, params: &Value) -> Result<Value, Refusal> {
    let Some(spot) = desk.spot(params)? else { return Ok(Value::Null) };
    let Some(offset) = desk.offset(&spot, params.get("position"))? else { return Ok(Value::Null) };
    let folder = &mut desk.folders[spot.folder];
    let inside = folder.inside(&spot.path);
    let Some(sight) = folder.standing_mut().and_then(|s| s.look(&inside, offset)) else { return Ok(Value::Null) };
    let Some(teller) = desk.teller(spot.folder) else { return Ok(Value::Null) };
    let start = json!({ "line": 0, "character": 0 });
    let location = |goal: &Goal| match goal {
        Goal::Place(place) => teller.standing.can_be_opened(place.file).then(|| teller.location(*place)),
        Goal::File(path) => Some(json!({ "uri": teller.uri_of(path), "range": { "start": start, "end": start } })),
    };
    let goals: Vec<Value> = sight.leads_to.iter().filter_map(location).collect();
    Ok(Value::Array(goals))
}

/// The outline of a document, with its file.
fn outline(desk: &mut Desk<'_, '_>, params: &Value) -> Result<Option<(usize, FileId, Outline)>, Refusal> {
    let Some(spot) = desk.spot(params)? else { return Ok(None) };
    let folder = &mut desk.folders[spot.folder];
    let Some(file) = folder.file(&spot.path) else { return Ok(None) };
    let inside = folder.inside(&spot.path);
    Ok(folder.standing_mut().map(|s| (spot.folder, file, s.outline(&inside))))
}

/// `textDocument/documentLink`
pub(super) fn links(desk: &mut Desk<'_, '_>, params: &Value) -> Result<Value, Refusal> {
    let Some((folder, file, outline)) = outline(desk, params)? else { return Ok(json!([])) };
    let Some(teller) = desk.teller(folder) else { return Ok(json!([])) };
    let mut out = Vec::new();
    for (span, paths) in &outline.includes {
        // A link leads to one place; to several leads "go to definition".
        let [first, rest @ ..] = paths.as_slice() else { continue };
        let more = rest.len();
        let mut link = json!({ "range": teller.range(file, *span), "target": teller.uri_of(first) });
        if more > 0 {
            let first = first.display();
            let tip = text!("{first}, the first of {} files", "{first}，共 {} 个文件中的第一个", more + 1);
            link["tooltip"] = json!(tip.get(teller.lang()));
        }
        out.push(link);
    }
    Ok(Value::Array(out))
}

/// `textDocument/documentSymbol`
pub(super) fn symbols(desk: &mut Desk<'_, '_>, params: &Value) -> Result<Value, Refusal> {
    let Some((folder, file, outline)) = outline(desk, params)? else { return Ok(json!([])) };
    let Some(teller) = desk.teller(folder) else { return Ok(json!([])) };
    if !desk.client.nested_symbols {
        let flat = |block: &Block| {
            let location = json!({ "uri": teller.uri(file), "range": teller.range(file, block.span) });
            json!({ "name": title(block), "kind": kind(block), "location": location })
        };
        return Ok(outline.blocks.iter().map(flat).collect());
    }
    // The symbols that are still open, each with its depth: blocks may be nested without end.
    let mut open: Vec<(usize, Value)> = Vec::new();
    let mut out: Vec<Value> = Vec::new();
    for block in outline.blocks.iter().filter(|b| b.depth < DEEPEST) {
        close(&mut open, &mut out, block.depth);
        open.push((block.depth, symbol(&teller, file, block)));
    }
    close(&mut open, &mut out, 0);
    Ok(Value::Array(out))
}

/// Nobody reads further, and JSON that is nested without end is no answer.
const DEEPEST: usize = 16;

/// Puts finished symbols into those around them.
fn close(open: &mut Vec<(usize, Value)>, out: &mut Vec<Value>, depth: usize) {
    while let Some((_, done)) = open.pop_if(|(d, _)| *d >= depth) {
        let around = open.last_mut().and_then(|(_, around)| around.get_mut("children")).and_then(Value::as_array_mut);
        around.unwrap_or(out).push(done);
    }
}

fn symbol(teller: &Teller<'_, '_>, file: FileId, block: &Block) -> Value {
    let head = Span::new(block.head.start, block.head.end.min(block.span.end));
    json!({
        "name": title(block),
        "kind": kind(block),
        "range": teller.range(file, block.span),
        "selectionRange": teller.range(file, head),
        "children": [],
    })
}

fn title(block: &Block) -> String {
    let words = block.words.trim();
    if words.is_empty() { block.name.clone() } else { format!("{} {words}", block.name) }
}

/// The nearest of what editors have icons for (LSP 3.17, `SymbolKind`).
fn kind(block: &Block) -> u8 {
    const MODULE: u8 = 2;
    const CLASS: u8 = 5;
    const METHOD: u8 = 6;
    const VARIABLE: u8 = 13;
    const OBJECT: u8 = 19;
    match block.name.as_str() {
        "server" => CLASS,
        "location" => METHOD,
        "upstream" => OBJECT,
        "map" | "geo" | "split_clients" => VARIABLE,
        _ => MODULE,
    }
}
