//! Directives with shared memory: its size, and the parameters beside it. Which names are known is
//! asked of all lines together, in `zones`.

use super::super::number::{milliseconds, number, offset, seconds, size};
use super::super::zones::SMALLEST;
use super::{Line, Wrong};
use crate::syntax::word;

/// `zone=name:size` of the two zones for limits.
fn zone(at: usize, value: &str, name_and_size: &str) -> Wrong {
    match name_and_size.split_once(':').and_then(|(_, s)| size(s)) {
        None => Some((at, format!("invalid zone size \"{value}\""))),
        Some(size) if size < SMALLEST => Some((at, format!("zone \"{value}\" is too small"))),
        Some(_) => None,
    }
}

/// The key is compiled before anything else is looked at, and its mistakes are told where variables are.
fn key_is_wrong(line: Line<'_>) -> bool {
    word::parts(line.arg(0).as_bytes()).is_err()
}

fn must_have_zone(line: Line<'_>) -> Wrong {
    let named = |v: &str| v.strip_prefix("zone=").is_some_and(|z| !z.is_empty() && !z.starts_with(':'));
    (!line.args.iter().skip(1).any(|v| named(v)))
        .then(|| (0, format!("\"{}\" must have \"zone\" parameter", line.name)))
}

pub(super) fn limit_conn_zone(line: Line<'_>) -> Wrong {
    if key_is_wrong(line) {
        return None;
    }
    for (at, &value) in line.args.iter().enumerate().skip(1) {
        let wrong = match value.strip_prefix("zone=") {
            Some(z) => zone(at, value, z),
            None => Some((at, format!("invalid parameter \"{value}\""))),
        };
        if wrong.is_some() {
            return wrong;
        }
    }
    must_have_zone(line)
}

pub(super) fn limit_req_zone(line: Line<'_>) -> Wrong {
    if key_is_wrong(line) {
        return None;
    }
    for (at, &value) in line.args.iter().enumerate().skip(1) {
        let wrong = if let Some(z) = value.strip_prefix("zone=") {
            zone(at, value, z)
        } else if let Some(rate) = value.strip_prefix("rate=") {
            let digits = rate.strip_suffix("r/s").or(rate.strip_suffix("r/m")).unwrap_or(rate);
            (number(digits).is_none_or(|n| n == 0)).then(|| (at, format!("invalid rate \"{value}\"")))
        } else {
            Some((at, format!("invalid parameter \"{value}\"")))
        };
        if wrong.is_some() {
            return wrong;
        }
    }
    must_have_zone(line)
}

pub(super) fn limit_req(line: Line<'_>) -> Wrong {
    for (at, &value) in line.args.iter().enumerate() {
        let some = |text: &str| number(text).is_some_and(|n| n > 0);
        let said = if let Some(n) = value.strip_prefix("burst=") {
            (!some(n)).then_some("invalid burst value")
        } else if let Some(n) = value.strip_prefix("delay=") {
            (!some(n)).then_some("invalid delay value")
        } else {
            (value != "nodelay" && !value.starts_with("zone=")).then_some("invalid parameter")
        };
        if let Some(said) = said {
            return Some((at, format!("{said} \"{value}\"")));
        }
    }
    // An empty name counts as one: shared memory of that name does not exist.
    let zone = line.args.iter().any(|v| v.starts_with("zone="));
    (!zone).then(|| (0, format!("\"{}\" must have \"zone\" parameter", line.name)))
}

pub(super) fn limit_conn(line: Line<'_>) -> Wrong {
    let value = line.args.get(1)?;
    match number(value) {
        None | Some(0) => Some((1, format!("invalid number of connections \"{value}\""))),
        Some(n) if n > 65535 => Some((1, "connection limit must be less 65536".to_owned())),
        Some(_) => None,
    }
}

/// `ngx_http_file_cache_set_slot` (http/ngx_http_file_cache.c).
pub(super) fn cache_path(line: Line<'_>) -> Wrong {
    let mut zone = false;
    for (at, &value) in line.args.iter().enumerate().skip(1) {
        let (key, given) = value.split_once('=').unwrap_or((value, ""));
        let said = match key {
            "levels" => (!are_levels(given)).then(|| format!("invalid \"levels\" \"{value}\"")),
            "use_temp_path" => (!["on", "off"].contains(&given))
                .then(|| format!("invalid use_temp_path value \"{value}\", it must be \"on\" or \"off\"")),
            "keys_zone" => match given.split_once(':').and_then(|(_, s)| size(s)) {
                None => Some(format!("invalid keys zone size \"{value}\"")),
                Some(size) if size < 2 * 4096 => Some(format!("keys zone \"{value}\" is too small")),
                Some(_) => {
                    zone = !given.starts_with(':');
                    None
                }
            },
            "inactive" => seconds(given).is_none().then(|| format!("invalid inactive value \"{value}\"")),
            "max_size" | "min_free" => offset(given).is_none().then(|| format!("invalid {key} value \"{value}\"")),
            "loader_files" | "manager_files" => {
                number(given).is_none().then(|| format!("invalid {key} value \"{value}\""))
            }
            "loader_sleep" | "loader_threshold" | "manager_sleep" | "manager_threshold" => {
                milliseconds(given).is_none().then(|| format!("invalid {key} value \"{value}\""))
            }
            // Of the commercial nginx: what it makes of their values is not known.
            "purger" | "purger_files" | "purger_sleep" | "purger_threshold" => None,
            _ => Some(format!("invalid parameter \"{value}\"")),
        };
        if let Some(said) = said {
            return Some((at, said));
        }
    }
    (!zone).then(|| (0, format!("\"{}\" must have \"keys_zone\" parameter", line.name)))
}

/// One to three levels of one or two characters.
fn are_levels(text: &str) -> bool {
    let levels: Vec<&str> = text.split(':').collect();
    levels.len() <= 3 && levels.iter().all(|l| ["1", "2"].contains(l))
}

/// `name:size` behind `shared:`.
fn shared(value: &str) -> Option<i64> {
    let (name, given) = value.strip_prefix("shared:")?.split_once(':')?;
    if name.is_empty() { None } else { size(given) }
}

pub(super) fn session_cache(line: Line<'_>) -> Wrong {
    for (at, &value) in line.args.iter().enumerate() {
        let builtin = |v: &str| v.strip_prefix("builtin:").is_some_and(|n| number(n).is_some());
        if ["off", "none", "builtin"].contains(&value) || builtin(value) {
            continue;
        }
        match shared(value) {
            None => return Some((at, format!("invalid session cache \"{value}\""))),
            Some(size) if size < SMALLEST => return Some((at, format!("session cache \"{value}\" is too small"))),
            Some(_) => {}
        }
    }
    None
}

pub(super) fn ocsp_cache(line: Line<'_>) -> Wrong {
    let value = line.args.first().filter(|v| **v != "off")?;
    match shared(value) {
        None => Some((0, format!("invalid OCSP cache \"{value}\""))),
        Some(size) if size < SMALLEST => Some((0, format!("OCSP cache \"{value}\" is too small"))),
        Some(_) => None,
    }
}
