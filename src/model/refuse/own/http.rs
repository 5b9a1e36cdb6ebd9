//! Functions of http/modules/, and of http/ngx_http_core_module.c what is no size and no time.

use super::super::entries::hash_keys;
use super::super::number::{number, seconds};
use super::{Line, Wrong};
use crate::syntax::word;

/// `ngx_http_proxy_redirect`; `false` has been an undocumented `off` since early versions.
pub(super) fn proxy_redirect(line: Line<'_>) -> Wrong {
    if line.args.len() > 1 {
        return None;
    }
    line.one(0, |v| ["off", "default", "false"].contains(&v), "invalid parameter")
}

/// `ngx_http_proxy_cookie_domain`, `ngx_http_proxy_cookie_path`: a pair, or `off`.
pub(super) fn cookie_rewrite(line: Line<'_>) -> Wrong {
    if line.args.len() > 1 { None } else { line.one(0, |v| v == "off", "invalid parameter") }
}

/// `ngx_http_proxy_cookie_flags`: flags are looked at when a cookie comes.
pub(super) fn cookie_flags(line: Line<'_>) -> Wrong {
    cookie_rewrite(line)
}

/// `ngx_http_file_cache_valid_set_slot`.
pub(super) fn cache_valid(line: Line<'_>) -> Wrong {
    let (time, codes) = line.args.split_last()?;
    if seconds(time).is_none() {
        return Some((codes.len(), format!("invalid time value \"{time}\"")));
    }
    let wrong = codes.iter().position(|c| *c != "any" && number(c).is_none_or(|n| !(100..=599).contains(&n)))?;
    Some((wrong, format!("invalid status \"{}\"", codes[wrong])))
}

pub(super) fn charset_map(line: Line<'_>) -> Wrong {
    let (from, to) = (line.arg(0), line.arg(1));
    from.eq_ignore_ascii_case(to)
        .then(|| (1, format!("\"charset_map\" between the same charsets \"{from}\" and \"{to}\"")))
}

/// `ngx_http_core_error_page`.
pub(super) fn error_page(line: Line<'_>) -> Wrong {
    let codes = line.args.len().saturating_sub(1);
    // nginx reads from the end: the answer's code comes before those that it stands for.
    let answer = codes.checked_sub(1).filter(|&at| line.arg(at).starts_with('='));
    if let Some(at) = answer {
        let code = line.arg(at);
        if at == 0 || (code.len() > 1 && number(&code[1..]).is_none()) {
            return Some((at, format!("invalid value \"{code}\"")));
        }
    }
    for (at, &code) in line.args[..answer.unwrap_or(codes)].iter().enumerate() {
        match number(code) {
            None | Some(499) => return Some((at, format!("invalid value \"{code}\""))),
            Some(n) if !(300..=599).contains(&n) => {
                return Some((at, format!("value \"{code}\" must be between 300 and 599")));
            }
            Some(_) => {}
        }
    }
    None
}

/// `ngx_http_parse_expires`.
pub(super) fn expires(line: Line<'_>) -> Wrong {
    let (at, value) = (line.args.len().checked_sub(1)?, *line.args.last()?);
    let modified = line.args.len() == 2;
    if modified && line.arg(0) != "modified" {
        return line.says(0, "invalid value");
    }
    if word::has_variables(value.as_bytes()) || (!modified && ["epoch", "max", "off"].contains(&value)) {
        return None;
    }
    if let Some(daily) = value.strip_prefix('@') {
        return match seconds(daily) {
            _ if modified => line.says(at, "daily time cannot be used with \"modified\" parameter"),
            None => line.says(at, "invalid value"),
            Some(time) if time > 86_400 => line.says(at, "daily time value must be less than 24 hours"),
            Some(_) => None,
        };
    }
    let time = value.strip_prefix(['+', '-']).unwrap_or(value);
    (seconds(time).is_none()).then(|| line.says(at, "invalid value"))?
}

/// `ngx_http_index_set_index` shows the first name, whichever is empty.
pub(super) fn index(line: Line<'_>) -> Wrong {
    let at = line.args.iter().position(|v| v.is_empty())?;
    Some((at, format!("index \"{}\" in \"index\" directive is invalid", line.arg(0))))
}

/// `ngx_http_modern_browser`. A lone word other than `unlisted` is refused without a message.
pub(super) fn modern_browser(line: Line<'_>) -> Wrong {
    if line.args.len() < 2 {
        return None;
    }
    let known = |v: &str| ["msie", "gecko", "opera", "safari", "konqueror"].iter().any(|b| b.eq_ignore_ascii_case(v));
    let version = |v: &str| v.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    line.one(0, known, "unknown browser name").or_else(|| line.one(1, version, "invalid browser version"))
}

/// `ngx_http_upstream_random`; the commercial nginx knows more methods that begin so.
pub(super) fn random(line: Line<'_>) -> Wrong {
    line.one(0, |v| v == "two", "invalid parameter")
        .or_else(|| line.one(1, |v| v.starts_with("least_"), "invalid parameter"))
}

/// `ngx_http_valid_referers`, `ngx_http_referer_merge_conf`.
pub(super) fn referers(line: Line<'_>) -> Wrong {
    for (at, &value) in line.args.iter().enumerate() {
        let host = value.split('/').next().unwrap_or(value);
        let said = match value {
            "" => "invalid referer \"\"".to_owned(),
            "none" | "blocked" | "server_names" => continue,
            "~" => "empty regex in \"~\"".to_owned(),
            _ if value.starts_with('~') || hash_keys(host.as_bytes()).is_some() => continue,
            _ => format!("invalid hostname or wildcard \"{host}\""),
        };
        return Some((at, said));
    }
    let nobody = line.args.iter().all(|v| ["none", "blocked"].contains(v));
    (nobody && !line.args.is_empty()).then(|| (0, "the \"none\" or \"blocked\" referers are specified in the \"valid_referers\" directive without any valid referer".to_owned()))
}

/// `ngx_http_rewrite`.
pub(super) fn rewrite(line: Line<'_>) -> Wrong {
    line.args.get(1).filter(|t| t.is_empty()).map(|_| (1, "empty replacement".to_owned()))
}

/// `ngx_http_core_root`.
pub(super) fn root(line: Line<'_>) -> Wrong {
    let value = line.args.first()?;
    let of = ["document_root", "realpath_root"]
        .into_iter()
        .find(|v| value.contains(&format!("${v}")) || value.contains(&format!("${{{v}}}")))?;
    Some((0, format!("the ${of} variable cannot be used in the \"{}\" directive", line.name)))
}

/// `ngx_http_core_server_name`. Whether the hash takes the name is asked only where a port has several
/// servers (`ngx_http_server_names`).
pub(super) fn server_name(line: Line<'_>) -> Wrong {
    let invalid = |v: &str| v == "." || (v.starts_with('*') && (v.len() < 3 || !v.starts_with("*.")));
    for (at, &name) in line.args.iter().enumerate() {
        let said = match name {
            "~" => "empty regex in server name \"~\"".to_owned(),
            _ if invalid(name) => format!("server name \"{name}\" is invalid"),
            _ => continue,
        };
        return Some((at, said));
    }
    None
}

/// `ngx_http_try_files`.
pub(super) fn try_files(line: Line<'_>) -> Wrong {
    let (at, last) = line.args.iter().enumerate().next_back()?;
    let code = last.strip_prefix('=')?;
    (number(code).is_none_or(|n| n > 999)).then(|| (at, format!("invalid code \"{last}\"")))
}

pub(super) fn userid_expires(line: Line<'_>) -> Wrong {
    let value = line.args.first()?;
    let fine = ["max", "off"].contains(value) || seconds(value).is_some();
    (!fine).then(|| line.says(0, "invalid value"))?
}

pub(super) fn userid_mark(line: Line<'_>) -> Wrong {
    let value = line.args.first()?;
    let fine = *value == "off" || (value.len() == 1 && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'='));
    (!fine).then(|| line.says(0, "value must be \"off\" or a single letter, digit or \"=\""))?
}
