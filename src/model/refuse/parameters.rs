//! Parameters that a directive's own handler checks one by one (the handlers named below, 1.22.1).
//! Only what every version refuses stands here; what a platform decides (`use kqueue`, `setfib`) does not.

use std::sync::OnceLock;

use super::{Refusal, RefusalKind as Kind};
use crate::catalog::{Name, NameSet};
use crate::model::config::scope::OccId;
use crate::model::way::world::World;
use crate::syntax::address::is_network;
use crate::syntax::word;

/// What is wrong with the arguments: which of them, and what nginx says of it.
type Wrong = Option<(usize, String)>;

pub(super) fn check(world: &World<'_>, occ: OccId, directive: Name, out: &mut Vec<Refusal>) {
    static HANDLED: OnceLock<NameSet> = OnceLock::new();
    if !HANDLED.get_or_init(|| NameSet::of(|n| handler(n).is_some())).has(directive) {
        return;
    }
    let config = world.config;
    let directive = directive.as_str();
    let Some(wrong) = handler(directive) else { return };
    let args = config.texts(occ);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    if let Some((argument, text)) = wrong(directive, &args) {
        out.push(Refusal::new(occ, Kind::Value, text).at(argument));
    }
}

fn handler(directive: &str) -> Option<fn(&str, &[&str]) -> Wrong> {
    Some(match directive {
        "add_header" | "add_trailer" => |_, a| third_is(a, "always"),
        "fastcgi_param" | "uwsgi_param" | "scgi_param" => |_, a| third_is(a, "if_not_empty"),
        "allow" | "deny" => |_, a| first(a, |v| v == "all" || v == "unix:" || is_network(v), "invalid parameter"),
        "proxy_buffers" | "fastcgi_buffers" | "uwsgi_buffers" | "scgi_buffers" | "gzip_buffers" | "output_buffers" => {
            number_and_size
        }
        "large_client_header_buffers" => large_client_header_buffers,
        "error_log" => error_log,
        "keepalive_timeout" => keepalive_timeout,
        "proxy_bind" | "fastcgi_bind" | "uwsgi_bind" | "grpc_bind" | "memcached_bind" => proxy_bind,
        "proxy_redirect" => |_, a| match a {
            [one] if !["off", "default", "false"].contains(one) => Some((0, format!("invalid parameter \"{one}\""))),
            _ => None,
        },
        "proxy_cache_valid" | "fastcgi_cache_valid" | "uwsgi_cache_valid" => cache_valid,
        "disable_symlinks" => |_, a| {
            let known = |v: &str| ["off", "on", "if_not_owner"].contains(&v) || v.starts_with("from=");
            let at = a.iter().position(|v| !known(v))?;
            Some((at, format!("invalid parameter \"{}\"", a[at])))
        },
        "expires" => expires,
        "gzip_comp_level" => {
            |_, a| first(a, |v| (1..=9).contains(&number(v).unwrap_or(1)), "value must be between 1 and 9,")
        }
        "index" => |_, a| {
            let at = a.iter().position(|v| v.is_empty())?;
            Some((at, "index \"\" in \"index\" directive is invalid".to_owned()))
        },
        "open_file_cache" => |_, a| {
            let known = |v: &str| {
                v == "off"
                    || v.strip_prefix("max=").is_some_and(|n| number(n).is_some_and(|n| n > 0))
                    || v.strip_prefix("inactive=").is_some_and(is_seconds)
            };
            let at = a.iter().position(|v| !known(v))?;
            Some((at, format!("invalid \"open_file_cache\" parameter \"{}\"", a[at])))
        },
        "resolver" => |_, a| {
            let wrong = |v: &&str| {
                v.strip_prefix("valid=").is_some_and(|t| !is_seconds(t))
                    || v.strip_prefix("ipv6=").is_some_and(|t| t != "on" && t != "off")
            };
            let at = a.iter().position(wrong)?;
            Some((at, format!("invalid parameter: {}", a[at])))
        },
        "server_tokens" => {
            |_, a| first(a, |v| ["on", "off", "build"].iter().any(|w| w.eq_ignore_ascii_case(v)), "invalid value")
        }
        "ssl_session_cache" => ssl_session_cache,
        "aio" => |_, a| match a {
            [one] if !["on", "off", "threads"].contains(one) && !one.starts_with("threads=") => {
                Some((0, "\"aio\" directive invalid value".to_owned()))
            }
            _ => None,
        },
        "map_hash_bucket_size"
        | "map_hash_max_size"
        | "variables_hash_bucket_size"
        | "variables_hash_max_size"
        | "types_hash_bucket_size"
        | "types_hash_max_size" => |name, a| match a {
            [zero] if number(zero) == Some(0) => {
                let hash = name.trim_end_matches("_bucket_size").trim_end_matches("_max_size");
                Some((0, format!("could not build {hash}, you should increase {name}: 0")))
            }
            _ => None,
        },
        "valid_referers" => |_, a| {
            let empty = !a.is_empty() && a.iter().all(|v| ["none", "blocked"].contains(v));
            empty.then(|| (0, "the \"none\" or \"blocked\" referers are specified in the \"valid_referers\" directive without any valid referer".to_owned()))
        },
        "worker_cpu_affinity" => worker_cpu_affinity,
        "use" => |_, a| {
            const METHODS: [&str; 8] =
                ["epoll", "poll", "select", "kqueue", "/dev/poll", "eventport", "rtsig", "win32poll"];
            first(a, |v| METHODS.contains(&v), "invalid event type")
        },
        "try_files" => |_, a| {
            let (at, last) = a.iter().enumerate().next_back()?;
            let code = last.strip_prefix('=')?;
            let fine = number(code).is_some_and(|n| n <= 999);
            (!fine).then(|| (at, format!("invalid code \"{last}\"")))
        },
        "root" | "alias" => |name, a| {
            let of = ["document_root", "realpath_root"]
                .into_iter()
                .find(|v| a.iter().any(|t| t.contains(&format!("${v}")) || t.contains(&format!("${{{v}}}"))))?;
            Some((0, format!("the ${of} variable cannot be used in the \"{name}\" directive")))
        },
        "server_name" => server_name,
        "hash" => |_, a| match a {
            [_, mode] if *mode != "consistent" => Some((1, format!("invalid parameter \"{mode}\""))),
            _ => None,
        },
        "random" => |_, a| match a {
            [first, ..] if *first != "two" => Some((0, format!("invalid parameter \"{first}\""))),
            [_, method, ..] if !method.starts_with("least_") => Some((1, format!("invalid parameter \"{method}\""))),
            _ => None,
        },
        "rewrite" => |_, a| a.get(1).filter(|t| t.is_empty()).map(|_| (1, "empty replacement".to_owned())),
        _ => return None,
    })
}

fn first(args: &[&str], fine: impl Fn(&str) -> bool, text: &str) -> Wrong {
    let value = args.first()?;
    (!fine(value)).then(|| (0, format!("{text} \"{value}\"")))
}

/// `ngx_http_headers_add`, `ngx_http_upstream_param_set_slot`.
fn third_is(args: &[&str], word: &str) -> Wrong {
    let third = args.get(2).filter(|v| **v != word)?;
    Some((2, format!("invalid parameter \"{third}\"")))
}

/// `ngx_atoi`.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

/// `ngx_parse_time` in seconds: no `ms`.
fn is_seconds(text: &str) -> bool {
    !text.ends_with("ms") && word::time_ms(text.as_bytes()).is_some()
}

/// `ngx_conf_set_bufs_slot`: how many, and how large.
fn number_and_size(name: &str, args: &[&str]) -> Wrong {
    let [count, size] = args else { return None };
    let fine = number(count).is_some_and(|n| n > 0) && word::size(size.as_bytes()).is_some_and(|s| s > 0);
    (!fine).then(|| (0, format!("\"{name}\" directive invalid value")))
}

/// `ngx_http_core_merge_srv_conf`: not below the default of `connection_pool_size`.
fn large_client_header_buffers(name: &str, args: &[&str]) -> Wrong {
    number_and_size(name, args).or_else(|| {
        let size = word::size(args.get(1)?.as_bytes())?;
        (size < 512)
            .then(|| (1, format!("the \"{name}\" size must be equal to or greater than \"connection_pool_size\"")))
    })
}

/// `ngx_log_set_levels`.
fn error_log(_: &str, args: &[&str]) -> Wrong {
    const LEVELS: [&str; 8] = ["emerg", "alert", "crit", "error", "warn", "notice", "info", "debug"];
    const DEBUG: [&str; 7] =
        ["debug_core", "debug_alloc", "debug_mutex", "debug_event", "debug_http", "debug_mail", "debug_stream"];
    let mut set = false;
    for (at, level) in args.iter().enumerate().skip(1) {
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

/// `ngx_http_core_keepalive`.
fn keepalive_timeout(name: &str, args: &[&str]) -> Wrong {
    let wrong = match args {
        [first, ..] if word::time_ms(first.as_bytes()).is_none() => 0,
        [_, second] if !is_seconds(second) => 1,
        _ => return None,
    };
    Some((wrong, format!("\"{name}\" directive invalid value")))
}

/// `ngx_http_upstream_bind_set_slot`, `ngx_parse_addr_port`.
fn proxy_bind(_: &str, args: &[&str]) -> Wrong {
    let address = args.first()?;
    if *address == "off" || word::has_variables(address.as_bytes()) || address.starts_with("unix:") {
        return None;
    }
    let bare = address.trim_start_matches('[').trim_end_matches(']');
    let fine = bare.parse::<std::net::IpAddr>().is_ok() || address.parse::<std::net::SocketAddr>().is_ok();
    if !fine {
        return Some((0, format!("invalid address \"{address}\"")));
    }
    let parameter = args.get(1).filter(|p| **p != "transparent")?;
    Some((1, format!("invalid parameter \"{parameter}\"")))
}

/// `ngx_http_file_cache_valid_set_slot`.
fn cache_valid(_: &str, args: &[&str]) -> Wrong {
    let (time, codes) = args.split_last()?;
    if !is_seconds(time) {
        return Some((codes.len(), format!("invalid time value \"{time}\"")));
    }
    let wrong = codes.iter().position(|c| *c != "any" && number(c).is_none_or(|n| !(100..=599).contains(&n)))?;
    Some((wrong, format!("invalid status \"{}\"", codes[wrong])))
}

/// `ngx_http_parse_expires`.
fn expires(name: &str, args: &[&str]) -> Wrong {
    let value = args.last()?;
    if word::has_variables(value.as_bytes()) || (args.len() == 1 && ["epoch", "max", "off"].contains(value)) {
        return None;
    }
    if args.len() == 2 && args[0] != "modified" {
        return Some((0, format!("\"{name}\" directive invalid value")));
    }
    let time = value.trim_start_matches(['+', '-']);
    let time = if args.len() == 1 { time.strip_prefix('@').unwrap_or(time) } else { time };
    (!is_seconds(time)).then(|| (args.len() - 1, format!("\"{name}\" directive invalid value")))
}

/// `ngx_http_ssl_session_cache`.
fn ssl_session_cache(_: &str, args: &[&str]) -> Wrong {
    for (at, value) in args.iter().enumerate() {
        if matches!(*value, "off" | "none" | "builtin")
            || value.strip_prefix("builtin:").is_some_and(|n| number(n).is_some())
        {
            continue;
        }
        let size = value
            .strip_prefix("shared:")
            .and_then(|t| t.split_once(':'))
            .filter(|(name, _)| !name.is_empty())
            .and_then(|(_, size)| word::size(size.as_bytes()));
        match size {
            None => return Some((at, format!("invalid session cache \"{value}\""))),
            Some(size) if size < super::zones::SMALLEST => {
                return Some((at, format!("session cache \"{value}\" is too small")));
            }
            Some(_) => {}
        }
    }
    None
}

/// `ngx_set_cpu_affinity`.
fn worker_cpu_affinity(_: &str, args: &[&str]) -> Wrong {
    if args.first() == Some(&"auto") {
        return None;
    }
    let (at, wrong) =
        args.iter().enumerate().find_map(|(i, a)| a.chars().find(|c| !matches!(c, '0' | '1' | ' ')).map(|c| (i, c)))?;
    Some((at, format!("invalid character \"{wrong}\" in \"worker_cpu_affinity\"")))
}

/// `ngx_http_core_server_name`.
fn server_name(_: &str, args: &[&str]) -> Wrong {
    let wrong = |name: &&str| {
        *name == "." || *name == "~" || (name.starts_with('*') && (name.len() < 3 || !name.starts_with("*.")))
    };
    let at = args.iter().position(wrong)?;
    let text = match args[at] {
        "~" => "empty regex in server name \"~\"".to_owned(),
        name => format!("server name \"{name}\" is invalid"),
    };
    Some((at, text))
}
