//! Near misses of the words that matter: what people wrote, and what they meant.

use strsim::osa_distance;

/// Curly quotes and HTML entities that stand where ASCII quotes were meant.
const FALSE_QUOTES: &[&str] =
    &["“", "”", "„", "‘", "’", "«", "»", "&quot;", "&#34;", "&#39;", "&apos;", "&ldquo;", "&rdquo;", "'", "\"", "`"];

/// The most that a near miss may differ from what was meant, in letters.
const MOST: usize = 2;

/// The word that `text` is a near miss of: another word of the list within an edit distance of 2,
/// case aside, and no more than a third of its letters. Not the word itself.
pub fn nearest<'w>(text: &str, words: &[&'w str]) -> Option<&'w str> {
    let lower = text.to_ascii_lowercase();
    if words.iter().any(|w| w.eq_ignore_ascii_case(&lower)) {
        return None;
    }
    // A word whose length differs by more is no near miss, however long what was written is.
    let length = lower.chars().count();
    let alike = words.iter().filter(|w| w.chars().count().abs_diff(length) <= MOST);
    let best = alike.map(|w| (osa_distance(&lower, &w.to_ascii_lowercase()), *w)).min_by_key(|(d, _)| *d)?;
    let limit = MOST.min(best.1.len() / 3);
    (best.0 <= limit).then_some(best.1)
}

/// `“upgrade”` as `upgrade`: the text without false quotes around it, if there are any.
pub fn without_false_quotes(text: &str) -> Option<&str> {
    let mut inner = text;
    loop {
        let before = inner;
        for quote in FALSE_QUOTES {
            inner = inner.strip_prefix(quote).unwrap_or(inner);
            inner = inner.strip_suffix(quote).unwrap_or(inner);
        }
        if inner == before {
            return (inner.len() != text.len()).then_some(inner);
        }
    }
}

/// Full-width letters and signs as ASCII, if there are any: what an input method writes.
fn without_full_width(text: &str) -> Option<String> {
    let narrow = |c: char| match u32::from(c) {
        wide @ 0xff01..=0xff5e => char::from_u32(wide - 0xfee0).unwrap_or(c),
        _ => c,
    };
    let out: String = text.chars().map(narrow).collect();
    (out != text).then_some(out)
}

/// `$http-upgrade`: nginx reads `$http`, for a name has no hyphen.
fn hyphenated(value: &str, variables: &[String], usual: &[&str]) -> Option<String> {
    let name = value.strip_prefix('$')?;
    let meant = name.replace('-', "_");
    let known = usual.contains(&meant.as_str()) || variables.iter().any(|v| v.eq_ignore_ascii_case(&meant));
    (meant != name && known).then(|| format!("${meant}"))
}

/// The header that a misspelt header name means: `Upgrade` or `Connection`.
pub fn header_name(name: &str) -> Option<&'static str> {
    const HEADERS: [&str; 2] = ["Upgrade", "Connection"];
    let exact = |n: &str| HEADERS.into_iter().find(|h| h.eq_ignore_ascii_case(n));
    // Headers of one's own begin with `X-`.
    if exact(name).is_some() || name.starts_with("X-") || name.starts_with("x-") {
        return None;
    }
    if let Some(inner) = without_false_quotes(name) {
        return exact(inner).or_else(|| nearest(inner, &HEADERS));
    }
    if let Some(narrow) = without_full_width(name) {
        return exact(&narrow).or_else(|| header_name(&narrow));
    }
    let trimmed = name.trim_end_matches([':', '=', ',', '_']);
    if trimmed.len() != name.len() {
        return exact(trimmed).or_else(|| nearest(trimmed, &HEADERS));
    }
    nearest(name, &HEADERS)
}

/// What a misspelt value of `Connection` means, as it should be written; `variables` are the names
/// that are defined.
pub fn connection_value(value: &str, variables: &[String]) -> Option<String> {
    let lower = value.to_ascii_lowercase();
    if let Some(inner) = without_false_quotes(value) {
        let fixed = connection_value(inner, variables);
        return fixed.or_else(|| {
            (has_token(inner, "upgrade") || is_known_variable(inner, variables)).then(|| inner.to_owned())
        });
    }
    if let Some(narrow) = without_full_width(value) {
        let fixed = connection_value(&narrow, variables);
        let right = has_token(&narrow, "upgrade") || is_known_variable(&narrow, variables);
        return fixed.or_else(|| right.then_some(narrow));
    }
    // `&quot;upgrade&quot;` ends at its first `;`.
    if lower == "&quot" || lower == "&#34" {
        return Some("upgrade".to_owned());
    }
    if let Some(name) = plain_variable(value) {
        return variable(name, variables, &["connection_upgrade", "http_connection"]);
    }
    if has_token(value, "upgrade") || lower.contains('$') {
        return escaped_dollar(value, variables)
            .or_else(|| hyphenated(value, variables, &["connection_upgrade", "http_connection"]));
    }
    if let Some(found) = lost_dollar(&lower, variables, &["connection_upgrade", "http_connection"]) {
        return Some(found);
    }
    // One token of a list may be the misspelt one.
    let tokens: Vec<&str> = value.split([',', ';']).map(str::trim).collect();
    let fixed: Vec<&str> = tokens.iter().map(|t| nearest(t, &["upgrade"]).unwrap_or(t)).collect();
    (fixed != tokens).then(|| fixed.join(", "))
}

/// What a misspelt value of `Upgrade` means.
pub fn upgrade_value(value: &str, variables: &[String]) -> Option<String> {
    let lower = value.to_ascii_lowercase();
    if let Some(inner) = without_false_quotes(value) {
        let fixed = upgrade_value(inner, variables);
        return fixed.or_else(|| {
            (lower.contains("websocket") || is_known_variable(inner, variables)).then(|| inner.to_owned())
        });
    }
    if let Some(narrow) = without_full_width(value) {
        let fixed = upgrade_value(&narrow, variables);
        let right = narrow.eq_ignore_ascii_case("websocket") || is_known_variable(&narrow, variables);
        return fixed.or_else(|| right.then_some(narrow));
    }
    if let Some(name) = plain_variable(value) {
        return variable(name, variables, &["http_upgrade"]);
    }
    if lower.contains('$') {
        return escaped_dollar(value, variables).or_else(|| hyphenated(value, variables, &["http_upgrade"]));
    }
    if let Some(found) = lost_dollar(&lower, variables, &["http_upgrade"]) {
        return Some(found);
    }
    // A literal makes every ordinary request look like a handshake; the variable does not.
    nearest(value, &["websocket"]).map(|_| "$http_upgrade".to_owned())
}

/// A variable that is a near miss of one that exists or is usual. A name that nginx knows is only
/// ever meant otherwise where it can never have a value: `$http_ugrade`.
fn variable(name: &str, variables: &[String], usual: &[&str]) -> Option<String> {
    let lower = name.to_ascii_lowercase();
    let exists = variables.iter().any(|v| v.eq_ignore_ascii_case(name));
    if exists || usual.contains(&lower.as_str()) {
        return None;
    }
    if lower == "upgrade" || lower == "httpupgrade" || lower == "http" {
        return (usual[0] == "http_upgrade" || lower == "httpupgrade").then(|| "$http_upgrade".to_owned());
    }
    let builtin = crate::catalog::builtin_variable(name.as_bytes());
    let misspelt_header = lower.starts_with("http_") || lower.starts_with("sent_http_");
    if builtin.is_some() && !misspelt_header {
        return None;
    }
    let mut words: Vec<&str> = usual.to_vec();
    words.push("http_upgrade");
    let related = |v: &&str| v.contains("upgrade") || v.contains("connection");
    words.extend(variables.iter().map(String::as_str).filter(related));
    // `$connection_upgrade` spelt as a client header, seen in the wild.
    if lower == "http_connection_upgrade" {
        return Some("$connection_upgrade".to_owned());
    }
    nearest(name, &words).map(|w| format!("${w}"))
}

/// `http_upgrade` without its `$`.
fn lost_dollar(lower: &str, variables: &[String], usual: &[&str]) -> Option<String> {
    let bare = lower.trim_start_matches('{').trim_end_matches('}');
    let known = usual.contains(&bare)
        || bare == "http_upgrade"
        || variables.iter().any(|v| v.eq_ignore_ascii_case(bare) && v.contains('_'));
    if known {
        return Some(format!("${bare}"));
    }
    let near: Vec<&str> = usual.iter().copied().filter(|w| w.contains('_')).collect();
    (bare.contains('_')).then(|| nearest(bare, &near)).flatten().map(|w| format!("${w}"))
}

/// `\$http_upgrade`, as heredocs leave it behind.
fn escaped_dollar(value: &str, variables: &[String]) -> Option<String> {
    let inner = value.strip_prefix('\\')?;
    let name = plain_variable(inner)?;
    (is_known_variable(inner, variables) || crate::catalog::builtin_variable(name.as_bytes()).is_some())
        .then(|| inner.to_owned())
}

/// Whether a value is a variable, and one that the handshake's headers are set to.
pub fn is_known_variable(value: &str, variables: &[String]) -> bool {
    plain_variable(value).is_some_and(|n| {
        ["http_upgrade", "connection_upgrade", "http_connection"].contains(&n.to_ascii_lowercase().as_str())
            || variables.iter().any(|v| v.eq_ignore_ascii_case(n))
    })
}

/// The name of a value that is one variable and nothing else.
pub fn plain_variable(value: &str) -> Option<&str> {
    let name = value.strip_prefix('$')?;
    let name = name.strip_prefix('{').and_then(|n| n.strip_suffix('}')).unwrap_or(name);
    (!name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')).then_some(name)
}

/// Whether a comma-separated header value has a token.
pub fn has_token(value: &str, token: &str) -> bool {
    value.split(',').any(|t| t.trim().eq_ignore_ascii_case(token))
}

/// The value that a misspelt `proxy_http_version` means.
pub fn http_version(value: &str) -> Option<&'static str> {
    let inner = without_false_quotes(value).unwrap_or(value);
    let digits = inner.to_ascii_lowercase();
    let digits =
        digits.trim_start_matches("http/").trim_start_matches("http").trim_start_matches([':', '=', 'v', ' ']).trim();
    (value != "1.1" && matches!(digits, "1.1" | "1,1" | "11" | "1..1" | "1.1." | "1")).then_some("1.1")
}

/// The directive of this list that a misspelt name means.
pub fn directive(name: &str, candidates: &[&'static str]) -> Option<&'static str> {
    let trimmed = name.trim_end_matches([':', '=']);
    if trimmed.len() != name.len()
        && let Some(exact) = candidates.iter().find(|c| c.eq_ignore_ascii_case(trimmed))
    {
        return Some(exact);
    }
    if let Some(other_case) = candidates.iter().find(|c| c.eq_ignore_ascii_case(name) && **c != name) {
        return Some(other_case);
    }
    nearest(name, candidates).and_then(|n| candidates.iter().find(|c| **c == n).copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_in_public_files_is_understood() {
        for (value, want) in [
            ("ugrade", Some("upgrade")),
            ("Ugrade", Some("upgrade")),
            ("upgade", Some("upgrade")),
            ("upgrad", Some("upgrade")),
            ("upgraded", Some("upgrade")),
            ("“upgrade”", Some("upgrade")),
            ("&quot;upgrade&quot;", Some("upgrade")),
            ("upgrade'", Some("upgrade")),
            ("connection_upgrade", Some("$connection_upgrade")),
            ("$connection_upgarde", Some("$connection_upgrade")),
            ("$http_connection_upgrade", Some("$connection_upgrade")),
            ("\\$connection_upgrade", Some("$connection_upgrade")),
            ("ｕｐｇｒａｄｅ", Some("upgrade")),
            ("＄connection_upgrade", Some("$connection_upgrade")),
            ("$connection-upgrade", Some("$connection_upgrade")),
            ("$http_upgrade-", None),
            ("upgrade; keep-alive", None),
            ("upgrade", None),
            ("keep-alive, Upgrade", None),
            ("keep-alive", None),
            ("close", None),
            ("", None),
            ("websocket", None),
            ("$http_upgrade", None),
            ("$http_connection", None),
            ("$connection_upgrade", None),
            ("$uri", None),
        ] {
            assert_eq!(connection_value(value, &[]).as_deref(), want, "{value}");
        }
        for (value, want) in [
            ("$http_ugrade", Some("$http_upgrade")),
            ("$http_upgarde", Some("$http_upgrade")),
            ("$upgrade", Some("$http_upgrade")),
            ("http_upgrade", Some("$http_upgrade")),
            ("websockets", Some("$http_upgrade")),
            ("\\$http_upgrade", Some("$http_upgrade")),
            ("$http-upgrade", Some("$http_upgrade")),
            ("Ｗｅｂｓｏｃｋｅｔ", Some("Websocket")),
            ("$http_upgrade", None),
            ("websocket", None),
            ("$connection_upgrade", None),
            ("$http_connection", None),
            ("h2c", None),
        ] {
            assert_eq!(upgrade_value(value, &[]).as_deref(), want, "{value}");
        }
        for (name, want) in [
            ("Conection", Some("Connection")),
            ("Upgrad", Some("Upgrade")),
            ("Upgrade:", Some("Upgrade")),
            ("Connection_", Some("Connection")),
            ("Ｕｐｇｒａｄｅ", Some("Upgrade")),
            ("Upgrade-Insecure-Requests", None),
            ("connection", None),
            ("Host", None),
        ] {
            assert_eq!(header_name(name), want, "{name}");
        }
        for (value, want) in [
            ("1,1", Some("1.1")),
            ("HTTP/1.1", Some("1.1")),
            ("1.1", None),
            ("1.0", None),
            ("2", None),
            ("“1.1”", Some("1.1")),
        ] {
            assert_eq!(http_version(value), want, "{value}");
        }
        for (name, want) in [
            ("proxy_set_haeder", Some("proxy_set_header")),
            ("proxy_set_headers", Some("proxy_set_header")),
            ("proxy_http_verison", Some("proxy_http_version")),
            ("Proxy_Set_Header", Some("proxy_set_header")),
            ("proxy_http_version:", Some("proxy_http_version")),
            ("proxy_hide_header", None),
        ] {
            assert_eq!(directive(name, &["proxy_set_header", "proxy_http_version", "proxy_pass"]), want, "{name}");
        }
    }
}
