//! Code lenses: the verdict beside each location that proxies, and how many open in each server.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::desk::{Desk, Teller};
use super::wire::Refusal;
use crate::engine::EndpointFact;
use crate::i18n::Text;
use crate::model::evidence::Evidence;
use crate::model::way::verdict::Verdict;
use crate::source::Place;
use crate::text;

/// `textDocument/codeLens`
pub(super) fn lenses(desk: &Desk<'_, '_>, params: &Value) -> Result<Value, Refusal> {
    let Some(spot) = desk.spot(params)?.filter(|_| desk.client.wishes.lenses) else { return Ok(json!([])) };
    let (Some(teller), Some(file)) = (desk.teller(spot.folder), desk.folders[spot.folder].file(&spot.path)) else {
        return Ok(json!([]));
    };
    let (mut locations, mut servers): (Groups<'_>, Groups<'_>) = Default::default();
    for endpoint in &teller.standing.checked().endpoints {
        let Some(beside) = &endpoint.words().beside else { continue };
        if teller.page(beside.location.file) == file {
            locations.entry(beside.location).or_default().push(endpoint);
        }
        if let Some(server) = beside.server.filter(|s| teller.page(s.file) == file) {
            servers.entry(server).or_default().push(endpoint);
        }
    }
    let mut out: Vec<Value> = Vec::new();
    for (place, endpoints) in &servers {
        out.push(lens(&teller, *place, &of_server(endpoints), endpoints));
    }
    for (place, endpoints) in &locations {
        out.push(lens(&teller, *place, &of_location(endpoints), endpoints));
    }
    Ok(Value::Array(out))
}

type Groups<'e> = BTreeMap<Place, Vec<&'e EndpointFact>>;

/// What a line says of its endpoints; a click shows the way of a request for one of them.
fn lens(teller: &Teller<'_, '_>, place: Place, title: &Text, endpoints: &[&EndpointFact]) -> Value {
    let example = endpoints.iter().find_map(|e| e.words().beside.as_ref()?.example.clone());
    let command = match example {
        Some(url) => json!({
            "title": title.get(teller.lang()),
            "command": "wslint.trace",
            "arguments": [url, teller.uri(place.file)],
        }),
        // A title alone is text that nobody can click.
        None => json!({ "title": title.get(teller.lang()), "command": "" }),
    };
    json!({ "range": teller.range(place.file, place.span), "command": command })
}

/// In words what becomes of a handshake at a location, which may stand in several servers.
pub(super) fn of_location(endpoints: &[&EndpointFact]) -> Text {
    let count = |verdict| endpoints.iter().filter(|e| e.verdict == verdict).count();
    let reason = |verdict| {
        let of = endpoints.iter().filter(|e| e.verdict == verdict);
        of.filter_map(|e| e.words().beside.as_ref()?.reason.clone()).next().unwrap_or_default()
    };
    let all = endpoints.len();
    let some = |n: usize| match n == all {
        true => Text::default(),
        false => text!(" ({n} of {all})", "（{all} 处中的 {n} 处）"),
    };
    let meant = endpoints.iter().any(|e| e.evidence > Evidence::None);
    let failing = if count(Verdict::Rejected) > 0 { Verdict::Rejected } else { Verdict::Broken };
    let (sign, why, some) = match (count(failing), count(Verdict::Unknown)) {
        (0, 0) => return text!("✓ WebSocket opens", "✓ WebSocket 可以建立连接"),
        (0, unknown) => ("?", reason(Verdict::Unknown), some(unknown)),
        // Nobody says that this is one.
        (failing_here, _) if !meant && failing == Verdict::Broken => ("–", reason(failing), some(failing_here)),
        (failing_here, _) => ("✗", reason(failing), some(failing_here)),
    };
    let (en, zh, some_en, some_zh) = (why.en, why.zh, some.en, some.zh);
    text!("{sign} WebSocket{some_en}: {en}", "{sign} WebSocket{some_zh}：{zh}")
}

fn of_server(endpoints: &[&EndpointFact]) -> Text {
    let meant = |e: &&&EndpointFact| e.evidence > Evidence::None || e.verdict == Verdict::Upgrades;
    let count = |wanted: &[Verdict]| endpoints.iter().filter(meant).filter(|e| wanted.contains(&e.verdict)).count();
    let opens = count(&[Verdict::Upgrades]);
    let parts = [
        ("✓", opens),
        ("✗", count(&[Verdict::Broken, Verdict::Rejected])),
        ("?", count(&[Verdict::Unknown])),
        ("–", endpoints.len() - endpoints.iter().filter(meant).count()),
    ];
    let shown: Vec<String> = parts.iter().filter(|(_, n)| *n > 0).map(|(sign, n)| format!("{sign} {n}")).collect();
    Text::same(format!("WebSocket  {}", shown.join("  ")))
}

/// A number that is another one when lenses may be.
pub(super) fn digest(desk: &Desk<'_, '_>) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut out = DefaultHasher::new();
    for folder in desk.folders.iter() {
        for endpoint in folder.standing().iter().flat_map(|s| &s.checked().endpoints) {
            (endpoint.place, endpoint.verdict as u8, endpoint.evidence as u8).hash(&mut out);
            let reason = endpoint.words().beside.as_ref().and_then(|b| b.reason.as_ref());
            reason.map(|r| &r.en).hash(&mut out);
        }
    }
    out.finish()
}
