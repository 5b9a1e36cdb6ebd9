//! Who else decides whether a request may pass: `auth_request` (http/modules/ngx_http_auth_request_module.c) and
//! `auth_basic`.

use super::arrival::{Arrival, explore};
use super::hop::follow;
use super::phase::{denied, has_rules};
use super::verdict::{Outcome, Reason, Verdict};
use super::walk::{Mode, Next, Walk};
use crate::catalog::name;
use crate::model::config::scope::ScopeId;
use crate::model::value::request::Value;

impl Walk<'_, '_> {
    /// Why nobody gets past the access phase (`ngx_http_core_access_phase`), and with which status.
    pub(super) fn refused_access(&mut self) -> Option<(u16, Reason)> {
        // Subrequests are let pass.
        if self.is_subrequest {
            return None;
        }
        let config = self.config();
        let by_address = denied(config, self.conf, self.vars.request.address).map(|o| (403, Reason::Denied(o)));
        if config.value(self.conf, name::SATISFY).as_deref() != Some(b"any") {
            return by_address.or_else(|| self.refused_by_auth_request());
        }
        let conf = self.conf;
        let asks = |directive| config.value(conf, directive).is_some_and(|v| &*v != b"off");
        let has_rules = by_address.is_some() || has_rules(config, self.conf);
        let subrequest = asks(name::AUTH_REQUEST);
        let refused = self.refused_by_auth_request();
        match refused {
            // Whom the address or the password lets pass, nobody asks further: of the modules, this one is the last.
            _ if asks(name::AUTH_BASIC) || (has_rules && by_address.is_none()) => None,
            // Other statuses than these end the request in any case.
            Some((status, _)) if !matches!(status, 401 | 403) => refused,
            _ if subrequest && refused.is_none() => None,
            _ => refused.or(by_address),
        }
    }

    /// Asks whoever `auth_request` names. Where that always refuses, the request ends so; otherwise it is taken for
    /// one that may pass, and what the subrequest left in variables stays there.
    fn refused_by_auth_request(&mut self) -> Option<(u16, Reason)> {
        let config = self.config();
        let occ = config.effective(self.conf, name::AUTH_REQUEST).occ()?;
        let uri = config.arg(occ, 0).filter(|uri| &**uri != b"off")?;
        let server = self.server?;
        let is_path = uri.starts_with(b"/") && !uri.contains(&b'?');
        let mut left = None;
        let arrivals = explore(|decisions| {
            let mut walk = Walk::new(self.world, self.version, self.vars.for_subrequest(&uri), decisions);
            (walk.server, walk.conf) = (Some(server), server);
            (walk.internal, walk.is_subrequest, walk.mode) = (true, true, Mode::Client);
            // What the client wrote is the main request's (`ngx_http_proxy_create_request`: `r == r->main`).
            walk.unparsed = false;
            let arrival = walk.go(Next::Server(super::arrival::Step::Matched));
            let used = walk.used();
            match &mut left {
                None => left = Some(walk.vars),
                Some(vars) => vars.forget_differences(&walk.vars),
            }
            (arrival, used)
        });
        if arrivals.iter().any(|a| a.proxied.is_some() && a.outcome.verdict() == Verdict::Upgrades) {
            self.may_upgrade_before = Some(occ);
        }
        let answers: Option<Vec<(u16, Reason)>> =
            arrivals.into_iter().map(|a| refusal(follow(self.world, self.version, a), is_path)).collect();
        let first = answers.and_then(|all| {
            let first = all.first().cloned()?;
            all.iter().all(|(status, _)| *status == first.0).then_some(first)
        });
        if let Some((status, reason)) = first {
            // `auth request unexpected status`
            return Some((if matches!(status, 401 | 403) { status } else { 500 }, reason));
        }
        if let Some(vars) = left {
            self.vars.adopt(vars);
        }
        if let Some(level) = config.effective_list(self.conf, name::AUTH_REQUEST_SET).0 {
            for set in config.own_named(level, name::AUTH_REQUEST_SET) {
                self.vars.assign(config.arg_text(set, 0).trim_start_matches('$'), Value::Unknown);
            }
        }
        None
    }

    /// Whether a browser that brings no password is led to an `error_page` instead.
    pub(super) fn asks_for_a_password(&self, conf: ScopeId) -> bool {
        let asks = self.config().value(conf, name::AUTH_BASIC).is_some_and(|realm| &*realm != b"off");
        asks && self.mode != Mode::Arrives && self.has_page(401)
    }
}

/// The status with which a subrequest ends, if it is one that lets nobody pass, and why.
fn refusal(arrival: Arrival, is_path: bool) -> Option<(u16, Reason)> {
    let replaced = arrival.status;
    let reason = match arrival.outcome {
        Outcome::Broken(reason) => arrival.beyond.unwrap_or(reason),
        _ => return None,
    };
    let status = match reason {
        Reason::Answered(_, status) => status,
        // There is no such file.
        Reason::Static(_) if !is_path => 404,
        _ => return None,
    };
    let status = replaced.unwrap_or(status);
    (!(200..300).contains(&status)).then_some((status, reason))
}
