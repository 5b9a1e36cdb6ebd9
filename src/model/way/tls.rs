//! What becomes of a TLS handshake, as far as the settings of its two sides say (event/ngx_event_openssl.c,
//! http/modules/ngx_http_ssl_module.c). Which keys and authorities the files hold, nobody knows here.

use std::net::IpAddr;

use super::hop::Entry;
use super::server::{Candidate, in_header};
use super::verdict::{Outcome, Reason, Why};
use crate::catalog::{Version, name};
use crate::model::config::inherit::Found;
use crate::model::config::scope::{Config, OccId, ScopeId};
use crate::model::value::eval::{Purpose, Scope as Variables};
use crate::model::value::request::Value;

/// Who begins a TLS connection.
#[derive(Clone, Copy, Debug)]
pub enum Speaker {
    /// TLS 1.2 and 1.3; it may have a certificate to show.
    Browser,
    /// nginx itself, over `proxy_pass`.
    Nginx {
        /// Its `proxy_ssl_protocols`; the default where there is none.
        protocols: Option<OccId>,
        /// It has a certificate to show.
        has_certificate: bool,
    },
}

impl Speaker {
    /// nginx with what counts at a scope.
    pub fn at(config: Config<'_>, scope: ScopeId) -> Speaker {
        Speaker::Nginx {
            protocols: config.effective(scope, name::PROXY_SSL_PROTOCOLS).occ(),
            has_certificate: !matches!(config.effective(scope, name::PROXY_SSL_CERTIFICATE), Found::Nowhere),
        }
    }
}

/// Versions of TLS, one bit for each.
type Versions = u8;

const ALL: [(&[u8], Versions); 6] =
    [(b"SSLv2", 1), (b"SSLv3", 2), (b"TLSv1", 4), (b"TLSv1.1", 8), (b"TLSv1.2", 16), (b"TLSv1.3", 32)];
/// What browsers speak, and every library that nginx is built with.
const MODERN: Versions = 16 | 32;

/// The versions of a `ssl_protocols` or `proxy_ssl_protocols`, or those that nginx has without one (CHANGES 1.23.4
/// and 1.27.3).
fn versions(config: Config<'_>, line: Option<OccId>, version: Version) -> Versions {
    match line {
        // What a placeholder stands for may be any.
        Some(line) => {
            let one = |word: &[u8]| ALL.iter().find(|(v, _)| *v == word).map_or(Versions::MAX, |(_, bit)| *bit);
            config.each(line).fold(0, |all, word| all | one(&word))
        }
        None if version < Version(1, 23, 4) => 4 | 8 | 16,
        None if version < Version(1, 27, 3) => 4 | 8 | 16 | 32,
        None => MODERN,
    }
}

/// Why a handshake with a server that speaks TLS comes to nothing. The default server of the address decides before
/// the client has named another, and in newer versions of nginx that one.
pub(super) fn handshake(config: Config<'_>, version: Version, candidate: &Candidate, entry: Entry) -> Option<Outcome> {
    let own = match entry.speaks {
        Speaker::Browser => MODERN,
        Speaker::Nginx { protocols, .. } => versions(config, protocols, version),
    };
    let fails = |server: ScopeId| {
        let line = config.effective(server, name::SSL_PROTOCOLS);
        if line == Found::Unknown {
            return Some(Outcome::Unknown(Why::Values));
        }
        let common = own & versions(config, line.occ(), version);
        match (entry.speaks, line.occ()) {
            // What is older, a library may have switched off.
            _ if common & MODERN != 0 => None,
            _ if common != 0 => Some(Outcome::Unknown(Why::Values)),
            (Speaker::Browser, Some(line)) => Some(Outcome::Broken(Reason::OldTls(line))),
            (Speaker::Nginx { protocols, .. }, line) => {
                line.or(protocols).map(|o| Outcome::Broken(Reason::NoCommonTls(o)))
            }
            (Speaker::Browser, None) => None,
        }
    };
    match (fails(candidate.default), fails(candidate.server)) {
        (None, None) => None,
        (Some(Outcome::Broken(_)), Some(outcome @ Outcome::Broken(_))) => Some(outcome),
        _ => Some(Outcome::Unknown(Why::Values)),
    }
}

/// Whether a server asks for a certificate; `None` is not known.
fn asks(config: Config<'_>, server: ScopeId) -> Option<bool> {
    match config.effective(server, name::SSL_VERIFY_CLIENT) {
        Found::Nowhere => Some(false),
        Found::At(occ, _) => Some(!config.arg(occ, 0)?.eq_ignore_ascii_case(b"off")),
        Found::Unknown => None,
    }
}

/// `$ssl_client_verify` (`ngx_ssl_get_client_verify`): `NONE` where no certificate can come, else unknown.
pub(super) fn client_verify(config: Config<'_>, candidate: &Candidate, entry: Entry) -> Value {
    let none = match entry.speaks {
        Speaker::Nginx { has_certificate: false, .. } => true,
        _ => [candidate.default, candidate.server].into_iter().all(|s| asks(config, s) == Some(false)),
    };
    if none { Value::text("NONE") } else { Value::Unknown }
}

/// What a server says that insists on a certificate to nginx, whose settings tell whether it has one
/// (`ngx_http_process_request`).
pub(super) fn without_certificate(config: Config<'_>, candidate: &Candidate, entry: Entry) -> Option<Outcome> {
    let Speaker::Nginx { has_certificate, .. } = entry.speaks else { return None };
    let Found::At(occ, _) = config.effective(candidate.server, name::SSL_VERIFY_CLIENT) else { return None };
    let insists = config.arg(occ, 0).is_some_and(|v| v.eq_ignore_ascii_case(b"on"));
    match (has_certificate, asks(config, candidate.server)) {
        (false, _) if insists => Some(Outcome::Broken(Reason::NoCertificate(occ))),
        // Whether it is believed.
        (true, Some(true)) => Some(Outcome::Unknown(Why::Values)),
        _ => None,
    }
}

/// Whether what a `proxy_pass` believes or how it encrypts is more than the settings that are to be seen tell.
pub(super) fn is_for_the_files_to_say(config: Config<'_>, scope: ScopeId) -> bool {
    let everyday = |ciphers: &[u8]| [&b"HIGH"[..], b"DEFAULT", b"ALL"].iter().any(|w| ciphers.starts_with(w));
    config.effective(scope, name::PROXY_SSL_PROTOCOLS) == Found::Unknown
        || config.flag(scope, name::PROXY_SSL_VERIFY) == Some(true)
        || config.value(scope, name::PROXY_SSL_CIPHERS).is_some_and(|c| !everyday(&c))
}

/// The name that a `proxy_pass` announces when TLS begins, empty where it announces none
/// (`ngx_http_upstream_ssl_name`); `None` is not known.
pub(super) fn announced(
    config: Config<'_>,
    scope: ScopeId,
    vars: &mut Variables<'_>,
    proxy_host: &str,
) -> Option<String> {
    if config.flag(scope, name::PROXY_SSL_SERVER_NAME) != Some(true) {
        return Some(String::new());
    }
    let name = match config.value(scope, name::PROXY_SSL_NAME) {
        None => proxy_host.to_owned(),
        Some(text) => match vars.value(&text, Purpose::Header) {
            Value::Known(b) if &*b == b"$proxy_host" => proxy_host.to_owned(),
            Value::Known(name) => String::from_utf8_lossy(&name).into_owned(),
            Value::Unknown => return None,
        },
    };
    let host = in_header(name.split(':').next().unwrap_or_default());
    let is_address = name.starts_with('[') || host.parse::<IpAddr>().is_ok();
    Some(if is_address { String::new() } else { host })
}
