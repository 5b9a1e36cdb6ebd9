//! Random templates, and the files that they are rendered to: words and parts of words behind placeholders of
//! `envsubst` or Jinja, lines and blocks behind `{% if %}`, and nginx's `$` as templates write it.
//!
//! wslint judges the template, nginx gets what it is rendered to. Who renders here is as short as the constructs
//! that are generated, and reads what a fix has written by the same rules.

use std::collections::BTreeMap;

use super::case::{Ask, Case, Language, MAIN, Rendering};
use super::common::Tree;
use super::generate::{self, Dice};
use super::jumps;

/// The files, those rendered that are templates.
pub(crate) fn render(tree: &Tree, rendering: &Rendering) -> Tree {
    let one = |text: &str| match rendering.language {
        Language::Jinja => jinja(text, &rendering.values),
        how => envsubst(text, &rendering.values, how == Language::All),
    };
    let made = |n: &String, b: &Vec<u8>| match rendering.files.contains(n) {
        true => one(&String::from_utf8_lossy(b)).into_bytes(),
        false => b.clone(),
    };
    tree.iter().map(|(n, b)| (n.clone(), made(n, b))).collect()
}

fn envsubst(text: &str, values: &BTreeMap<String, String>, all: bool) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        let braced = behind.strip_prefix('{').and_then(|t| Some((t.split_once('}')?.0, 2)));
        let bare = behind.len() - behind.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_').len();
        let (name, around) = braced.unwrap_or((&behind[..bare], 0));
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        match values.get(name) {
            Some(value) if is_name => out.push_str(value),
            None if is_name && all => {}
            _ => {
                out.push('$');
                rest = behind;
                continue;
            }
        }
        rest = &behind[name.len() + around..];
    }
    out + rest
}

fn jinja(text: &str, values: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    render_until_end(&mut &*text, values, &mut out);
    out
}

/// Renders up to the tag that ends a block, which comes back.
fn render_until_end<'t>(rest: &mut &'t str, values: &BTreeMap<String, String>, out: &mut String) -> &'t str {
    while let Some(at) = rest.find("{{").into_iter().chain(rest.find("{%")).chain(rest.find("{#")).min() {
        out.push_str(&rest[..at]);
        let (open, end) = (&rest[at..at + 2], ["}}", "%}", "#}"]);
        let end = end[["{{", "{%", "{#"].iter().position(|o| *o == open).unwrap_or(0)];
        let Some((inside, behind)) = rest[at + 2..].split_once(end) else { break };
        *rest = behind;
        let words: Vec<&str> = inside.trim_matches('-').split_whitespace().collect();
        let value = |name: &str| values.get(name).map_or("", String::as_str);
        match (open, &words[..]) {
            ("{{", [name, ..]) => out.push_str(value(name)),
            ("{%", ["if", name]) => {
                let (mut yes, mut no) = (String::new(), String::new());
                if render_until_end(rest, values, &mut yes) == "else" {
                    render_until_end(rest, values, &mut no);
                }
                out.push_str(if value(name).is_empty() { &no } else { &yes });
            }
            ("{%", ["for", _, "in", name]) => {
                let mut body = String::new();
                render_until_end(rest, values, &mut body);
                out.push_str(&body.repeat(value(name).split_whitespace().count()));
            }
            ("{%", [word @ ("else" | "endif" | "endfor")]) => return word,
            _ => {}
        }
    }
    out.push_str(rest);
    *rest = "";
    ""
}

/// What a word may be instead, by what it is.
fn others(word: &str) -> &'static [&'static str] {
    match word {
        "1.1" => &["1.1", "1.0"],
        "\"upgrade\"" | "upgrade" | "Upgrade" => &["upgrade", "close", "keep-alive"],
        "127.0.0.1:9000" => &["127.0.0.1:9000"],
        // Another path, and a location would stand outside the one around it.
        "/ws" => &["/ws"],
        "example.com" => &["example.com", "other.example"],
        "$http_upgrade" => &["$http_upgrade", "websocket", "$http_connection"],
        "be" => &["be"],
        "418" | "404" => &["404", "418", "403"],
        "websocket" => &["websocket", "h2c"],
        "64" => &["64", "128"],
        "off" | "on" => &["on", "off"],
        "/b" => &["/b"],
        _ => &[],
    }
}

/// Puts placeholders for words, in place of the text, but for the name of an `upstream` that `has_port` somewhere;
/// what they stand for goes into each of the `values`.
fn placeholders(
    dice: &mut Dice,
    text: &str,
    has_port: bool,
    language: Language,
    values: &mut [BTreeMap<String, String>],
) -> String {
    let bare = language != Language::Jinja && dice.one_in(4);
    let mut out = String::new();
    let mut number = 0;
    let is_end = |c: char| c.is_whitespace() || c == ';';
    let mut rest = text;
    while !rest.is_empty() {
        let word = &rest[..rest.find(is_end).unwrap_or(rest.len())];
        let gap = &rest[word.len()..];
        let gap = &gap[..gap.len() - gap.trim_start_matches(is_end).len()];
        rest = &rest[word.len() + gap.len()..];
        // A part of a word is one, too.
        let (before, inner) = match word.strip_prefix("http://") {
            Some(host) => ("http://", host),
            None => ("", word),
        };
        // Two equal keys of a map, one behind a placeholder, or the name of an `upstream` that somewhere has a port:
        // nginx refuses what nobody can know to be refused.
        let begins = |before: &str| before.trim_end().ends_with(['{', ';', '}']) || before.trim().is_empty();
        let lower = text.to_ascii_lowercase();
        let same = || lower.match_indices(&word.to_ascii_lowercase()).filter(|(at, _)| begins(&lower[..*at])).count();
        let twice = (begins(&out) && same() > 1) || (word == "be" && has_port);
        let choices = others(inner);
        if choices.is_empty() || !dice.one_in(8) || twice {
            out.push_str(word);
        } else {
            let name = format!("X_{number}");
            number += 1;
            for (i, each) in values.iter_mut().enumerate() {
                let at = if i == 0 { 0 } else { dice.below(choices.len()) };
                each.insert(name.clone(), choices[at].to_owned());
            }
            out.push_str(before);
            out.push_str(&match language {
                Language::Jinja => format!("{{{{ {name} }}}}"),
                _ if bare => format!("${name}"),
                _ => format!("${{{name}}}"),
            });
        }
        out.push_str(gap);
    }
    out
}

/// Puts `{% if %}`, `{% for %}` and comments around whole lines and blocks.
fn branches(dice: &mut Dice, text: &str, values: &mut [BTreeMap<String, String>]) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut out = String::new();
    let mut at = 0;
    let mut number = 0;
    while at < lines.len() {
        let depth = |range: &[&str]| -> i64 {
            range.iter().map(|l| l.matches('{').count() as i64 - l.matches('}').count() as i64).sum()
        };
        // Up to where as many blocks end as began.
        let mut end = at + 1;
        while end < lines.len() && depth(&lines[at..end]) > 0 {
            end += 1;
        }
        // What defines a variable or a server is there in every rendering, or nginx would refuse most of them.
        let needed = ["events", "http", "server", "listen", "map", "set", "upstream", "location ~", "include conf.d"];
        let outer = needed.iter().any(|w| lines[at].starts_with(w)) || lines[at].contains(" set $");
        let whole = depth(&lines[at..end]) == 0 && !outer;
        if !whole || !dice.one_in(12) {
            out.push_str(lines[at]);
            out.push('\n');
            at += 1;
            continue;
        }
        let name = format!("flag_{number}");
        number += 1;
        for each in values.iter_mut() {
            each.insert(name.clone(), ["", "yes", "yes", "a b"][dice.below(4)].to_owned());
        }
        let body = lines[at..end].join("\n");
        let other = match dice.below(4) {
            0 => "{% else %}\n# nothing\n".to_owned(),
            1 if end < lines.len() && depth(&lines[end..=end]) == 0 && !lines[end].starts_with("listen") => {
                end += 1;
                format!("{{% else %}}\n{}\n", lines[end - 1])
            }
            _ => String::new(),
        };
        if dice.one_in(8) && !body.contains('{') && body.starts_with("proxy_set_header X") {
            out.push_str(&format!("{{% for x in {name} %}}\n{body}\n{{% endfor %}}\n{{# {name} #}}\n"));
        } else {
            out.push_str(&format!("{{% if {name} %}}\n{body}\n{other}{{% endif %}}\n"));
        }
        at = end;
    }
    out
}

/// One case.
pub(crate) fn case(seed: u64, case: u64) -> Case {
    let mut dice = Dice::new(seed ^ 0x7465_6d70, case);
    let number = case ^ seed.rotate_left(17);
    let from = if dice.one_in(3) { jumps::case(number, case) } else { generate::case(number, case) };
    let language = [Language::Listed, Language::All, Language::Jinja, Language::Jinja][dice.below(4)];
    let mut values = vec![BTreeMap::new(); 2];
    let mut tree = Tree::new();
    let has_port = from.tree.values().any(|b| b.windows(5).any(|w| w == b"//be:"));
    for (name, bytes) in &from.tree {
        let mut text = String::from_utf8_lossy(bytes).into_owned();
        // A `$` of nginx's is marked until the placeholders have theirs.
        if language == Language::All {
            text = text.replace("${", "\u{1}{").replace('$', "\u{1}");
        }
        // Names are counted in each file: one file of a case is a template.
        if name == MAIN {
            text = placeholders(&mut dice, &text, has_port, language, &mut values);
            if language == Language::Jinja && !dice.one_in(4) {
                text = branches(&mut dice, &text, &mut values);
            }
        }
        if language == Language::All {
            text = text.replace("\u{1}{", "${DOLLAR}{").replace('\u{1}', "${DOLLAR}");
        }
        tree.insert(name.clone(), text.into_bytes());
    }
    for each in &mut values {
        if language == Language::All {
            each.insert("DOLLAR".to_owned(), "$".to_owned());
        }
    }
    // Without one `${DOLLAR}` nobody can know that every `$` of the file will be replaced.
    let marked = tree[MAIN].windows(9).any(|w| w == b"${DOLLAR}");
    let language = if language == Language::All && !marked { Language::Listed } else { language };
    let is_template =
        |text: &[u8]| [&b"${"[..], b"{{", b"{%", b"$X_"].iter().any(|p| text.windows(p.len()).any(|w| w == *p));
    let files: Vec<String> = tree.iter().filter(|(_, b)| is_template(b)).map(|(n, _)| n.clone()).collect();
    let rendering = |values| Rendering { language, values, files: files.clone() };
    let renderings = values.into_iter().map(rendering).collect();
    let asks = from.asks.into_iter().map(|a| Ask { root: MAIN, url: a.url }).collect();
    Case { tree, asks, renderings }
}
