//! Certificates with their keys (`ngx_http_ssl_merge_srv_conf`, http/modules/ngx_http_ssl_module.c, and the
//! same of `stream` and `mail`). That a port of `http` needs a certificate is asked with the ports.

use super::{Refusal, RefusalKind as Kind};
use crate::catalog::{Name, Version, name};
use crate::model::config::scope::{OccId, ScopeId, ScopeKind};
use crate::model::way::world::World;

/// From this version on there is no `ssl on` (CHANGES 1.25.1).
const WITHOUT_SSL_ON: Version = Version(1, 25, 1);

pub(super) fn check(world: &World<'_>, out: &mut Vec<Refusal>) {
    let config = world.config;
    if world.is_open() {
        return;
    }
    let mut http: Vec<ScopeId> = Vec::new();
    for occ in world.lines.rare.iter().map(|&id| config.occ(id)) {
        let level = matches!(config.scope(occ.scope).kind, ScopeKind::Http | ScopeKind::Server);
        if level && matches!(occ.name.as_str(), "ssl_certificate" | "ssl") && http.last() != Some(&occ.scope) {
            http.push(occ.scope);
        }
    }
    http.sort();
    http.dedup();
    for server in http {
        for_http(world, server, out);
    }
    authorities(world, out);
    let servers = config.scopes().filter(|(_, s)| matches!(s.kind, ScopeKind::StreamServer | ScopeKind::MailServer));
    for (server, _) in servers {
        for_another(world, server, out);
    }
}

/// The lines of a name at a level, or at the one around it where it has none.
fn effective(world: &World<'_>, level: ScopeId, name: &str) -> Vec<OccId> {
    let config = world.config;
    let own = |s: ScopeId| -> Vec<OccId> { config.own(s).filter(|&o| config.occ(o).name.as_str() == name).collect() };
    config.outward(level).map(own).find(|lines| !lines.is_empty()).unwrap_or_default()
}

fn is_on(world: &World<'_>, level: ScopeId, name: &str) -> Option<OccId> {
    effective(world, level, name).pop().filter(|&o| world.config.arg_text(o, 0).eq_ignore_ascii_case("on"))
}

fn for_http(world: &World<'_>, level: ScopeId, out: &mut Vec<Refusal>) {
    let config = world.config;
    // What is set for all servers is judged where a server takes it.
    if config.scope(level).kind == ScopeKind::Http {
        let takes = |s: &ScopeId| {
            let own = |n: &str| config.own(*s).any(|o| config.occ(o).name.as_str() == n);
            config.scope(*s).kind == ScopeKind::Server && !own("ssl_certificate") && !own("ssl_certificate_key")
        };
        let mut blocks = config.blocks(level).filter_map(|o| config.occ(o).opens());
        if !blocks.any(|s| takes(&s)) {
            return;
        }
    }
    let certificates = effective(world, level, "ssl_certificate");
    let keys = effective(world, level, "ssl_certificate_key");
    let on = is_on(world, level, "ssl");
    let rejects = is_on(world, level, "ssl_reject_handshake").is_some();
    match (certificates.last(), on) {
        (Some(&last), on) if keys.len() < certificates.len() => {
            let certificate = config.arg_text(last, 0);
            let alone = format!("no \"ssl_certificate_key\" is defined for certificate \"{certificate}\"");
            let mut plain = Refusal::new(last, Kind::Value, alone);
            if on.is_some() {
                let text = match keys.is_empty() {
                    true => "no \"ssl_certificate_key\" is defined for the \"ssl\" directive".to_owned(),
                    false => format!("{} and the \"ssl\" directive", plain.text),
                };
                out.push(Refusal::new(last, Kind::Value, text).before(WITHOUT_SSL_ON));
                plain.since = Some(WITHOUT_SSL_ON);
            }
            out.push(plain);
        }
        (None, Some(on)) if !rejects => {
            let text = "no \"ssl_certificate\" is defined for the \"ssl\" directive";
            out.push(Refusal::new(on, Kind::Value, text).before(WITHOUT_SSL_ON));
        }
        _ => {}
    }
}

/// Who asks for a certificate has to say whom it believes (`ngx_http_ssl_merge_srv_conf`, `ngx_http_proxy_set_ssl`), and
/// who shows one has its key.
fn authorities(world: &World<'_>, out: &mut Vec<Refusal>) {
    let config = world.config;
    let has = |name: &str| world.lines.rare.iter().any(|&id| config.occ(id).name.as_str() == name);
    let mut told: Vec<OccId> = Vec::new();
    let mut tell = |refusal: Refusal| {
        if let Some(occ) = refusal.occ.filter(|occ| !told.contains(occ)) {
            told.push(occ);
            out.push(refusal);
        }
    };
    // Until then, those that are trusted and not sent were not enough (CHANGES).
    const TRUSTED_ALONE: Version = Version(1, 27, 1);
    if has("ssl_verify_client") {
        for (server, _) in config.scopes().filter(|(_, s)| s.kind == ScopeKind::Server) {
            let Some(verify) = effective(world, server, "ssl_verify_client").pop() else { continue };
            let asks = ["on", "optional"].contains(&&*config.arg_text(verify, 0).to_ascii_lowercase());
            let none = |name: &str| effective(world, server, name).is_empty();
            let has_certificate = asks && !none("ssl_certificate") && none("ssl_client_certificate");
            let refusal = Refusal::new(verify, Kind::Value, "no ssl_client_certificate for ssl_verify_client");
            match none("ssl_trusted_certificate") {
                _ if !has_certificate => {}
                true => tell(refusal),
                false => tell(refusal.before(TRUSTED_ALONE)),
            }
        }
    }
    for (pass_name, module, tls_scheme) in BACKENDS {
        let setting = |name: &str| format!("{module}_ssl_{name}");
        let (verifies, certificate, key) = (setting("verify"), setting("certificate"), setting("certificate_key"));
        if !has(&verifies) && !has(&certificate) {
            continue;
        }
        for (pass, occ) in config.occs().filter(|(_, o)| o.name == pass_name) {
            let url = config.arg_text(pass, 0);
            let begins = url.get(..tls_scheme.len()).is_some_and(|s| s.eq_ignore_ascii_case(tls_scheme));
            if config.scope(occ.scope).outside_http || !(begins || url.contains('$')) {
                continue;
            }
            let missing = |name: &str| effective(world, occ.scope, name).is_empty();
            let trusted = setting("trusted_certificate");
            if let Some(verify) = is_on(world, occ.scope, &verifies).filter(|_| missing(&trusted)) {
                tell(Refusal::new(verify, Kind::Value, format!("no {trusted} for {verifies}")));
            }
            if let Some(shown) = effective(world, occ.scope, &certificate).pop().filter(|_| missing(&key)) {
                let file = config.arg_text(shown, 0);
                if !file.is_empty() {
                    let text = format!("no \"{key}\" is defined for certificate \"{file}\"");
                    tell(Refusal::new(shown, Kind::Value, text));
                }
            }
        }
    }
}

/// Who speaks TLS to a backend: the directive, its module, and how the URL begins.
const BACKENDS: [(Name, &str, &str); 3] = [
    (name::PROXY_PASS, "proxy", "https://"),
    (name::GRPC_PASS, "grpc", "grpcs://"),
    (name::UWSGI_PASS, "uwsgi", "suwsgi://"),
];

/// In `stream` and `mail` a server needs them that speaks TLS.
fn for_another(world: &World<'_>, server: ScopeId, out: &mut Vec<Refusal>) {
    let config = world.config;
    let listens = config.own_named(server, name::LISTEN);
    let tls = |o: &OccId| (1..config.args(*o).len()).any(|i| config.arg_text(*o, i) == "ssl");
    let starttls = || {
        let last = effective(world, server, "starttls").pop()?;
        ["on", "only"].contains(&&*config.arg_text(last, 0).to_ascii_lowercase()).then_some((last, "starttls"))
    };
    let asks = listens.into_iter().find(|o| tls(o)).map(|o| (o, "listen ... ssl"));
    let asks = asks.or_else(|| is_on(world, server, "ssl").map(|o| (o, "ssl"))).or_else(starttls);
    let Some((occ, directive)) = asks else { return };
    let certificates = effective(world, server, "ssl_certificate");
    let keys = effective(world, server, "ssl_certificate_key");
    let missing = match certificates.last() {
        None if is_on(world, server, "ssl_reject_handshake").is_some() => return,
        None => format!("no \"ssl_certificate\" is defined for the \"{directive}\" directive"),
        Some(_) if keys.is_empty() => {
            format!("no \"ssl_certificate_key\" is defined for the \"{directive}\" directive")
        }
        Some(&last) if keys.len() < certificates.len() => {
            format!("no \"ssl_certificate_key\" is defined for certificate \"{}\"", config.arg_text(last, 0))
        }
        Some(_) => return,
    };
    out.push(Refusal::new(occ, Kind::Value, missing));
}
