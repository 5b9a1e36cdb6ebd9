//! Functions of core/ and event/, and the sizes and times of http/ngx_http_core_module.c and its HTTP/2.

use super::super::number::{milliseconds, number, offset, seconds, size};
use super::{Line, Wrong};

pub(super) fn is_number(text: &str) -> bool {
    number(text).is_some()
}

/// `user:rw`, `group:r`, `all:r`.
pub(super) fn is_access(text: &str) -> bool {
    text.split_once(':')
        .is_some_and(|(who, right)| ["user", "group", "all"].contains(&who) && ["r", "rw"].contains(&right))
}

/// Up to three levels, each a number, ten characters in all.
pub(super) fn path(line: Line<'_>) -> Wrong {
    let mut length = 0;
    for (at, level) in line.args.iter().enumerate().skip(1) {
        match number(level) {
            Some(level) if level > 0 => length += level + 1,
            _ => return line.says(at, "invalid value"),
        }
    }
    let most = 10 + line.args.len() as i64 - 1;
    (length > most).then(|| line.says(1, "invalid value"))?
}

pub(super) fn worker_processes(line: Line<'_>) -> Wrong {
    let value = line.args.first()?;
    (*value != "auto" && number(value).is_none()).then(|| line.says(0, "invalid value"))?
}

/// With a sign, which other numbers have not.
pub(super) fn priority(line: Line<'_>) -> Wrong {
    let value = line.args.first()?;
    let digits = value.strip_prefix(['-', '+']).unwrap_or(value);
    number(digits).is_none().then(|| line.says(0, "invalid number"))?
}

pub(super) fn cpu_affinity(line: Line<'_>) -> Wrong {
    let auto = line.arg(0) == "auto";
    if auto && line.args.len() > 2 {
        return Some((2, "invalid number of arguments in \"worker_cpu_affinity\" directive".to_owned()));
    }
    // nginx reads the mask from its end.
    let (at, wrong) = line
        .args
        .iter()
        .enumerate()
        .skip(usize::from(auto))
        .find_map(|(i, mask)| mask.chars().rev().find(|c| !matches!(c, '0' | '1' | ' ')).map(|c| (i, c)))?;
    Some((at, format!("invalid character \"{wrong}\" in \"worker_cpu_affinity\"")))
}

/// Those of all platforms: the machine that the configuration is for is not known.
pub(super) fn is_event_method(text: &str) -> bool {
    ["epoll", "poll", "select", "kqueue", "/dev/poll", "eventport", "rtsig", "win32poll", "iocp"].contains(&text)
}

pub(super) fn thread_pool(line: Line<'_>) -> Wrong {
    let mut threads = false;
    for (at, &value) in line.args.iter().enumerate().skip(1) {
        if let Some(count) = value.strip_prefix("threads=") {
            if number(count).is_none_or(|n| n == 0) {
                return Some((at, format!("invalid threads value \"{value}\"")));
            }
            threads = true;
        } else if let Some(length) = value.strip_prefix("max_queue=")
            && number(length).is_none()
        {
            return Some((at, format!("invalid max_queue value \"{value}\"")));
        }
    }
    (!threads).then(|| (0, format!("\"{}\" must have \"threads\" parameter", line.name)))
}

/// `ngx_log_set_log`, `ngx_log_set_levels`.
pub(super) fn error_log(line: Line<'_>) -> Wrong {
    const LEVELS: [&str; 8] = ["emerg", "alert", "crit", "error", "warn", "notice", "info", "debug"];
    const DEBUG: [&str; 7] =
        ["debug_core", "debug_alloc", "debug_mutex", "debug_event", "debug_http", "debug_mail", "debug_stream"];
    if let Some(said) = line.arg(0).strip_prefix("syslog:").and_then(syslog) {
        return Some((0, said));
    }
    let mut set = false;
    for (at, level) in line.args.iter().enumerate().skip(1) {
        if !LEVELS.contains(level) && !DEBUG.contains(level) {
            return Some((at, format!("invalid log level \"{level}\"")));
        }
        if LEVELS.contains(level) && set {
            return Some((at, format!("duplicate log level \"{level}\"")));
        }
        set = true;
    }
    None
}

/// What is wrong with the parameters behind `syslog:` (`ngx_syslog_parse_args`, core/ngx_syslog.c).
pub(in super::super) fn syslog(parameters: &str) -> Option<String> {
    const SEVERITIES: [&str; 8] = ["emerg", "alert", "crit", "error", "warn", "notice", "info", "debug"];
    const FACILITIES: [&str; 24] = [
        "kern", "user", "mail", "daemon", "auth", "intern", "lpr", "news", "uucp", "clock", "authpriv", "ftp", "ntp",
        "audit", "alert", "cron", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
    ];
    let (mut server, mut facility, mut severity) = (false, false, false);
    for parameter in parameters.split(',') {
        let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let has_value = parameter.contains('=');
        match key {
            "server" if has_value => {
                if server {
                    return Some("duplicate syslog \"server\"".to_owned());
                }
                server = true;
                if let Err(said) = super::network::address(value, false) {
                    return Some(format!("{said} in syslog server \"{value}\""));
                }
            }
            "facility" if has_value => {
                if facility {
                    return Some("duplicate syslog \"facility\"".to_owned());
                }
                facility = true;
                if !FACILITIES.contains(&value) {
                    return Some(format!("unknown syslog facility \"{value}\""));
                }
            }
            "severity" if has_value => {
                if severity {
                    return Some("duplicate syslog \"severity\"".to_owned());
                }
                severity = true;
                if !SEVERITIES.contains(&value) {
                    return Some(format!("unknown syslog severity \"{value}\""));
                }
            }
            "tag" if has_value => {
                if value.len() > 32 {
                    return Some("syslog tag length exceeds 32".to_owned());
                }
                if !value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                    return Some("syslog \"tag\" only allows alphanumeric characters and underscore".to_owned());
                }
            }
            "nohostname" if !has_value => {}
            _ => return Some(format!("unknown syslog parameter \"{parameter}\"")),
        }
    }
    (!server).then(|| "no syslog server specified".to_owned())
}

/// `ngx_hash_init` finds no place for a single name.
pub(super) fn hash_size(line: Line<'_>) -> Wrong {
    let name = line.name;
    match number(line.args.first()?) {
        None => line.says(0, "invalid number"),
        Some(0) => {
            let hash = name.trim_end_matches("_bucket_size").trim_end_matches("_max_size");
            Some((0, format!("could not build {hash}, you should increase {name}: 0")))
        }
        Some(_) => None,
    }
}

/// A size that passes the first check, for a second one.
fn sized(line: Line<'_>) -> Result<i64, Wrong> {
    size(line.arg(0)).ok_or_else(|| line.says(0, "invalid value"))
}

/// `ngx_http_core_pool_size`: `NGX_MIN_POOL_SIZE` and `NGX_POOL_ALIGNMENT` of 64 bits.
pub(super) fn pool_size(line: Line<'_>) -> Wrong {
    match sized(line) {
        Err(wrong) => wrong,
        Ok(n) if n < 112 => Some((0, "the pool size must be no less than 112".to_owned())),
        Ok(n) if n % 16 != 0 => Some((0, "the pool size must be a multiple of 16".to_owned())),
        Ok(_) => None,
    }
}

pub(super) fn gzip_window(line: Line<'_>) -> Wrong {
    power_between(line, 32 << 10, "must be 512, 1k, 2k, 4k, 8k, 16k, or 32k")
}

pub(super) fn gzip_hash(line: Line<'_>) -> Wrong {
    power_between(line, 128 << 10, "must be 512, 1k, 2k, 4k, 8k, 16k, 32k, 64k, or 128k")
}

fn power_between(line: Line<'_>, most: i64, said: &str) -> Wrong {
    match sized(line) {
        Err(wrong) => wrong,
        Ok(n) if (512..=most).contains(&n) && n & (n - 1) == 0 => None,
        Ok(_) => line.says(0, said),
    }
}

pub(super) fn power_of_two(line: Line<'_>) -> Wrong {
    match number(line.arg(0)) {
        None => line.says(0, "invalid number"),
        Some(n) if n == 0 || n & (n - 1) != 0 => line.says(0, "must be a power of two"),
        Some(_) => None,
    }
}

pub(super) fn http2_chunk_size(line: Line<'_>) -> Wrong {
    match sized(line) {
        Err(wrong) => wrong,
        Ok(0) => Some((0, "the http2 chunk size cannot be zero".to_owned())),
        Ok(_) => None,
    }
}

/// `NGX_HTTP_V2_MAX_WINDOW`.
pub(super) fn http2_preread_size(line: Line<'_>) -> Wrong {
    const MOST: i64 = (1 << 31) - 1;
    match sized(line) {
        Err(wrong) => wrong,
        Ok(n) if n > MOST => Some((0, format!("the maximum body preread buffer size is {MOST}"))),
        Ok(_) => None,
    }
}

/// Twice `NGX_HTTP_V2_STATE_BUFFER_SIZE` is too small.
pub(super) fn http2_recv_buffer(line: Line<'_>) -> Wrong {
    match sized(line) {
        Err(wrong) => wrong,
        Ok(n) if n <= 32 => line.says(0, "value is too small"),
        Ok(_) => None,
    }
}

/// `ngx_http_core_merge_srv_conf`: not below the default of `connection_pool_size`.
pub(super) fn large_header_buffers(line: Line<'_>) -> Wrong {
    buffers(line).or_else(|| {
        let text = format!("the \"{}\" size must be equal to or greater than \"connection_pool_size\"", line.name);
        (size(line.arg(1))? < 512).then_some((1, text))
    })
}

/// `ngx_conf_set_bufs_slot`: how many, and how large.
pub(in super::super) fn buffers(line: Line<'_>) -> Wrong {
    let some = |n: Option<i64>| n.is_some_and(|n| n > 0);
    let wrong = if !some(number(line.arg(0))) {
        0
    } else if !some(size(line.arg(1))) {
        1
    } else {
        return None;
    };
    line.says(wrong, "invalid value")
}

pub(super) fn aio(line: Line<'_>) -> Wrong {
    let value = line.args.first()?;
    let fine = ["on", "off", "threads"].contains(value) || value.starts_with("threads=");
    (!fine).then(|| line.says(0, "invalid value"))?
}

pub(super) fn directio(line: Line<'_>) -> Wrong {
    let value = line.args.first()?;
    (*value != "off" && offset(value).is_none()).then(|| line.says(0, "invalid value"))?
}

pub(super) fn keepalive_timeout(line: Line<'_>) -> Wrong {
    match line.args {
        [first, ..] if milliseconds(first).is_none() => line.says(0, "invalid value"),
        [_, second] if seconds(second).is_none() => line.says(1, "invalid value"),
        _ => None,
    }
}

pub(super) fn open_file_cache(line: Line<'_>) -> Wrong {
    let fine = |v: &str| {
        v == "off"
            || v.strip_prefix("max=").is_some_and(|n| number(n).is_some_and(|n| n > 0))
            || v.strip_prefix("inactive=").is_some_and(|t| seconds(t).is_some())
    };
    line.each(0, fine, "invalid \"open_file_cache\" parameter").or_else(|| {
        let limited = line.args.iter().any(|v| *v == "off" || v.starts_with("max="));
        (!limited).then(|| (0, "\"open_file_cache\" must have the \"max\" parameter".to_owned()))
    })
}

pub(super) fn open_log_file_cache(line: Line<'_>) -> Wrong {
    let fine = |v: &str| {
        v == "off"
            || ["max=", "min_uses="].iter().any(|p| v.strip_prefix(p).is_some_and(is_number))
            || ["inactive=", "valid="].iter().any(|p| v.strip_prefix(p).is_some_and(|t| seconds(t).is_some()))
    };
    line.each(0, fine, "invalid \"open_log_file_cache\" parameter").or_else(|| {
        let most = line.args.iter().rev().find_map(|v| v.strip_prefix("max=")).and_then(number);
        let limited = line.args.contains(&"off") || most.is_some_and(|n| n > 0);
        (!limited).then(|| (0, "\"open_log_file_cache\" must have \"max\" parameter".to_owned()))
    })
}

pub(super) fn disable_symlinks(line: Line<'_>) -> Wrong {
    const WORDS: [&str; 3] = ["off", "on", "if_not_owner"];
    let fine = |v: &str| WORDS.contains(&v) || v.starts_with("from=");
    let whole = || {
        let word = line.args.iter().rev().find(|v| WORDS.contains(v));
        let from = line.args.iter().any(|v| v.starts_with("from="));
        let said = match (word, line.args.len()) {
            (None, _) => format!("\"{}\" must have \"off\", \"on\" or \"if_not_owner\" parameter", line.name),
            (_, 1) => return None,
            _ if !from || line.args.iter().all(|v| v.starts_with("from=")) => {
                format!("duplicate parameters \"{} {}\"", line.arg(0), line.arg(1))
            }
            (Some(&"off"), _) => "\"from=\" cannot be used with \"off\" parameter".to_owned(),
            _ => return None,
        };
        Some((0, said))
    };
    line.each(0, fine, "invalid parameter").or_else(whole)
}
