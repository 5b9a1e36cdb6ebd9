//! Arguments that a function of their own reads (the functions of nginx 1.22.1 that
//! [`Own`](crate::catalog::Own) names). Only what every version refuses stands here; what a platform
//! decides (`use kqueue`, `setfib`) does not.

mod core;
mod http;
mod network;
mod shared;

use crate::catalog::Own;

pub(super) use core::{buffers, syslog};
pub(super) use network::socket_option;

/// What is wrong with the arguments: which of them, and what nginx says of it.
pub(super) type Wrong = Option<(usize, String)>;

/// A directive with its arguments.
#[derive(Clone, Copy)]
pub(super) struct Line<'l> {
    pub name: &'l str,
    pub args: &'l [&'l str],
}

impl<'l> Line<'l> {
    fn arg(self, at: usize) -> &'l str {
        self.args.get(at).copied().unwrap_or_default()
    }

    /// What `ngx_conf_handler` makes of a word that a function gives back.
    pub(super) fn says(self, at: usize, said: &str) -> Wrong {
        Some((at, format!("\"{}\" directive {said}", self.name)))
    }

    /// The first argument behind `from` that is not fine, and what nginx says of it.
    fn each(self, from: usize, fine: impl Fn(&str) -> bool, said: &str) -> Wrong {
        let at = (from..self.args.len()).find(|&i| !fine(self.args[i]))?;
        Some((at, format!("{said} \"{}\"", self.args[at])))
    }

    /// The same, of one argument.
    fn one(self, at: usize, fine: impl Fn(&str) -> bool, said: &str) -> Wrong {
        let value = self.args.get(at)?;
        (!fine(value)).then(|| (at, format!("{said} \"{value}\"")))
    }
}

/// Asks the function.
pub(super) fn check(own: Own, line: Line<'_>) -> Wrong {
    match own {
        Own::Access => line.each(0, core::is_access, "invalid value"),
        Own::AccessRule => line.one(0, network::is_rule, "invalid parameter"),
        Own::AddHeader => line.one(2, |v| v == "always", "invalid parameter"),
        Own::AddressOrHost => network::address_or_host(line),
        Own::Aio => core::aio(line),
        Own::AuthHttp => network::auth_http(line),
        Own::Bind => network::bind(line),
        Own::CachePath => shared::cache_path(line),
        Own::CacheValid => http::cache_valid(line),
        Own::CharsetMap => http::charset_map(line),
        Own::Connections => line.one(0, core::is_number, "invalid number"),
        Own::CookieFlags => http::cookie_flags(line),
        Own::CookieRewrite => http::cookie_rewrite(line),
        Own::CpuAffinity => core::cpu_affinity(line),
        Own::Directio => core::directio(line),
        Own::DisableSymlinks => core::disable_symlinks(line),
        Own::ErrorLog => core::error_log(line),
        Own::ErrorPage => http::error_page(line),
        Own::EventMethod => line.one(0, core::is_event_method, "invalid event type"),
        Own::Expires => http::expires(line),
        Own::GatewayPass => network::gateway_pass(line),
        Own::GzipHash => core::gzip_hash(line),
        Own::GzipWindow => core::gzip_window(line),
        Own::HashMethod => line.one(1, |v| v == "consistent", "invalid parameter"),
        Own::HashSize => core::hash_size(line),
        Own::Http2ChunkSize => core::http2_chunk_size(line),
        Own::Http2PrereadSize => core::http2_preread_size(line),
        Own::Http2RecvBuffer => core::http2_recv_buffer(line),
        Own::Index => http::index(line),
        Own::KeepaliveTimeout => core::keepalive_timeout(line),
        Own::LargeHeaderBuffers => core::large_header_buffers(line),
        Own::LimitConn => shared::limit_conn(line),
        Own::LimitConnZone => shared::limit_conn_zone(line),
        Own::LimitReq => shared::limit_req(line),
        Own::LimitReqZone => shared::limit_req_zone(line),
        Own::MailListen => network::other_listen(line, false),
        Own::MailProtocol => line.one(0, |v| ["imap", "pop3", "smtp"].contains(&v), "unknown protocol"),
        Own::ModernBrowser => http::modern_browser(line),
        Own::OcspCache => shared::ocsp_cache(line),
        Own::OpenFileCache => core::open_file_cache(line),
        Own::OpenLogFileCache => core::open_log_file_cache(line),
        Own::Param => line.one(2, |v| v == "if_not_empty", "invalid parameter"),
        Own::Path => core::path(line),
        Own::PoolSize => core::pool_size(line),
        Own::PowerOfTwo => core::power_of_two(line),
        Own::Priority => core::priority(line),
        Own::ProxyRedirect => http::proxy_redirect(line),
        Own::Random => http::random(line),
        Own::Referers => http::referers(line),
        Own::Resolver => network::resolver(line),
        Own::Rewrite => http::rewrite(line),
        Own::Root => http::root(line),
        Own::ServerName => http::server_name(line),
        Own::SessionCache => shared::session_cache(line),
        Own::StreamListen => network::other_listen(line, true),
        Own::StreamPass => network::stream_pass(line),
        Own::SubFilter => line.args.first().filter(|p| p.is_empty()).map(|_| (0, "empty search pattern".to_owned())),
        Own::ThreadPool => core::thread_pool(line),
        Own::TryFiles => http::try_files(line),
        Own::UseridExpires => http::userid_expires(line),
        Own::UseridMark => http::userid_mark(line),
        Own::WorkerProcesses => core::worker_processes(line),
        // What other lines say of these decides, too: they are looked at with those.
        Own::AccessLog | Own::GzipDisable | Own::LogFormat | Own::UpstreamServer => None,
    }
}
