//! The variables that nginx itself defines, from the `ngx_http_variable_t` tables of its modules
//! (http/ngx_http_variables.c and http/modules/*.c).

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::OnceLock;

use super::Version;

/// Where a variable comes from that no configuration defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VariableKind {
    /// A module's fixed name that a configuration may define anew (`NGX_HTTP_VAR_CHANGEABLE`).
    Changeable,
    /// A module's fixed name.
    Fixed,
    /// Known by its prefix: any name behind it is legal, and empty where nothing carries it.
    Prefix,
}

/// Names behind these prefixes always exist.
const PREFIXES: &[&str] = &[
    "http_",
    "sent_http_",
    "sent_trailer_",
    "upstream_http_",
    "upstream_trailer_",
    "upstream_cookie_",
    "cookie_",
    "arg_",
    "proxy_protocol_tlv_",
];

/// May be the target of `map`, `set`, `geo` and the like: each was put to `nginx -t` (1.22.1).
const CHANGEABLE: &[&str] = &[
    "ancient_browser",
    "args",
    "geoip_area_code",
    "geoip_city",
    "geoip_city_continent_code",
    "geoip_city_country_code",
    "geoip_city_country_code3",
    "geoip_city_country_name",
    "geoip_country_code",
    "geoip_country_code3",
    "geoip_country_name",
    "geoip_dma_code",
    "geoip_latitude",
    "geoip_longitude",
    "geoip_org",
    "geoip_postal_code",
    "geoip_region",
    "geoip_region_name",
    "invalid_referer",
    "limit_rate",
    "modern_browser",
    "msie",
    "proxy_host",
    "proxy_port",
    "ssl_alpn_protocol",
    "ssl_cipher",
    "ssl_ciphers",
    "ssl_client_cert",
    "ssl_client_escaped_cert",
    "ssl_client_fingerprint",
    "ssl_client_i_dn",
    "ssl_client_i_dn_legacy",
    "ssl_client_raw_cert",
    "ssl_client_s_dn",
    "ssl_client_s_dn_legacy",
    "ssl_client_serial",
    "ssl_client_v_end",
    "ssl_client_v_remain",
    "ssl_client_v_start",
    "ssl_client_verify",
    "ssl_curve",
    "ssl_curves",
    "ssl_early_data",
    "ssl_protocol",
    "ssl_server_name",
    "ssl_session_id",
    "ssl_session_reused",
    "uid_reset",
];

/// May not.
const FIXED: &[&str] = &[
    "binary_remote_addr",
    "body_bytes_sent",
    "bytes_sent",
    "connection",
    "connection_requests",
    "connection_time",
    "connections_active",
    "connections_reading",
    "connections_waiting",
    "connections_writing",
    "content_length",
    "content_type",
    "date_gmt",
    "date_local",
    "document_root",
    "document_uri",
    "fastcgi_path_info",
    "fastcgi_script_name",
    "grpc_internal_trailers",
    "gzip_ratio",
    "host",
    "hostname",
    "http2",
    "https",
    "is_args",
    "limit_conn_status",
    "limit_req_status",
    "msec",
    "nginx_version",
    "pid",
    "pipe",
    "proxy_add_x_forwarded_for",
    "proxy_internal_body_length",
    "proxy_internal_chunked",
    "proxy_protocol_addr",
    "proxy_protocol_port",
    "proxy_protocol_server_addr",
    "proxy_protocol_server_port",
    "query_string",
    "realip_remote_addr",
    "realip_remote_port",
    "realpath_root",
    "remote_addr",
    "remote_port",
    "remote_user",
    "request",
    "request_body",
    "request_body_file",
    "request_completion",
    "request_filename",
    "request_id",
    "request_length",
    "request_method",
    "request_time",
    "request_uri",
    "scheme",
    "secure_link",
    "secure_link_expires",
    "server_addr",
    "server_name",
    "server_port",
    "server_protocol",
    "slice_range",
    "status",
    "tcpinfo_rcv_space",
    "tcpinfo_rtt",
    "tcpinfo_rttvar",
    "tcpinfo_snd_cwnd",
    "time_iso8601",
    "time_local",
    "uid_got",
    "uid_set",
    "upstream_addr",
    "upstream_bytes_received",
    "upstream_bytes_sent",
    "upstream_cache_etag",
    "upstream_cache_last_modified",
    "upstream_cache_status",
    "upstream_connect_time",
    "upstream_header_time",
    "upstream_response_length",
    "upstream_response_time",
    "upstream_status",
    "uri",
];

/// Variables that 1.22.1 lacks, with the first version that has them (nginx.org, "Embedded Variables");
/// 1.23.0 where that page does not say it.
const LATER: &[(&str, Version)] = &[
    ("http3", Version(1, 25, 0)),
    ("is_request_port", Version(1, 29, 3)),
    ("proxy_internal_connection", Version(1, 29, 4)),
    ("proxy_internal_host", Version(1, 29, 4)),
    ("request_port", Version(1, 29, 3)),
    ("ssl_client_sigalg", Version(1, 29, 3)),
    ("ssl_ech_outer_server_name", Version(1, 29, 4)),
    ("ssl_ech_status", Version(1, 29, 4)),
    ("ssl_sigalg", Version(1, 29, 3)),
    ("ssl_sigalgs", Version(1, 31, 2)),
    ("upstream_cache_age", Version(1, 23, 0)),
    ("upstream_cache_key", Version(1, 23, 0)),
    ("upstream_cache_max_age", Version(1, 23, 0)),
    ("upstream_last_addr", Version(1, 23, 0)),
    ("upstream_last_server_name", Version(1, 25, 3)),
    ("upstream_queue_time", Version(1, 23, 0)),
];

/// What the modules of `stream` define (stream/ngx_stream_variables.c and its modules up to 1.31.5). Those
/// that 1.18 lacks are not told apart.
const STREAM: &[&str] = &[
    "binary_remote_addr",
    "bytes_received",
    "bytes_sent",
    "connection",
    "geoip_area_code",
    "geoip_city",
    "geoip_city_continent_code",
    "geoip_city_country_code",
    "geoip_city_country_code3",
    "geoip_city_country_name",
    "geoip_country_code",
    "geoip_country_code3",
    "geoip_country_name",
    "geoip_dma_code",
    "geoip_latitude",
    "geoip_longitude",
    "geoip_org",
    "geoip_postal_code",
    "geoip_region",
    "geoip_region_name",
    "hostname",
    "limit_conn_status",
    "msec",
    "nginx_version",
    "pid",
    "protocol",
    "proxy_protocol_addr",
    "proxy_protocol_port",
    "proxy_protocol_server_addr",
    "proxy_protocol_server_port",
    "realip_remote_addr",
    "realip_remote_port",
    "remote_addr",
    "remote_port",
    "server_addr",
    "server_name",
    "server_port",
    "session_time",
    "ssl_alpn_protocol",
    "ssl_cipher",
    "ssl_ciphers",
    "ssl_client_cert",
    "ssl_client_escaped_cert",
    "ssl_client_fingerprint",
    "ssl_client_i_dn",
    "ssl_client_raw_cert",
    "ssl_client_s_dn",
    "ssl_client_serial",
    "ssl_client_sigalg",
    "ssl_client_v_end",
    "ssl_client_v_remain",
    "ssl_client_v_start",
    "ssl_client_verify",
    "ssl_curve",
    "ssl_curves",
    "ssl_ech_outer_server_name",
    "ssl_ech_status",
    "ssl_preread_alpn_protocols",
    "ssl_preread_protocol",
    "ssl_preread_server_name",
    "ssl_protocol",
    "ssl_server_name",
    "ssl_session_id",
    "ssl_session_reused",
    "ssl_sigalg",
    "ssl_sigalgs",
    "status",
    "time_iso8601",
    "time_local",
    "upstream_addr",
    "upstream_bytes_received",
    "upstream_bytes_sent",
    "upstream_connect_time",
    "upstream_first_byte_time",
    "upstream_session_time",
];

/// What is known of a fixed name: its kind, and the first version where 1.22.1 has it not.
type Known = (VariableKind, Option<Version>);

fn table() -> &'static HashMap<&'static str, Known> {
    static TABLE: OnceLock<HashMap<&'static str, Known>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let changeable = CHANGEABLE.iter().map(|n| (*n, (VariableKind::Changeable, None)));
        let fixed = FIXED.iter().map(|n| (*n, (VariableKind::Fixed, None)));
        let later = LATER.iter().map(|(n, since)| (*n, (VariableKind::Changeable, Some(*since))));
        changeable.chain(fixed).chain(later).collect()
    })
}

/// Names are compared without case, as nginx does; nearly all are written in lower case.
fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

/// The first version that has a variable of nginx's own, where 1.22.1 has it not.
pub fn variable_since(name: &str) -> Option<Version> {
    let name = lower(name);
    let of_prefix = || name.starts_with("proxy_protocol_tlv_").then_some(Version(1, 23, 2));
    table().get(&*name).map_or_else(of_prefix, |known| known.1)
}

/// Whether nginx defines this variable itself.
pub fn builtin_variable(name: &[u8]) -> Option<VariableKind> {
    let name = lower(std::str::from_utf8(name).ok()?);
    let known = table().get(&*name).map(|known| known.0);
    known.or_else(|| PREFIXES.iter().any(|p| name.starts_with(p)).then_some(VariableKind::Prefix))
}

/// Whether nginx defines this variable in `stream`.
pub fn stream_variable(name: &str) -> bool {
    let name = lower(name);
    STREAM.binary_search(&&*name).is_ok() || name.starts_with("proxy_protocol_tlv_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_are_known() {
        assert!(STREAM.is_sorted() && FIXED.is_sorted() && CHANGEABLE.is_sorted() && LATER.is_sorted_by_key(|l| l.0));
        assert_eq!(builtin_variable(b"URI"), Some(VariableKind::Fixed));
        assert_eq!(builtin_variable(b"http_ugrade"), Some(VariableKind::Prefix));
        assert_eq!(builtin_variable(b"connection_upgrade"), None);
    }
}
