//! Jumps: `error_page` (http/ngx_http_special_response.c), `try_files`
//! (http/modules/ngx_http_try_files_module.c), and the internal redirects that both make
//! (`ngx_http_internal_redirect`, `ngx_http_named_location`).

use super::arrival::Step;
use super::phase::{error_page, is_page, split_query};
use super::verdict::{Outcome, Reason, Why};
use super::walk::{MAX_URI_CHANGES, Mode, Next, Walk};
use crate::catalog::name;
use crate::model::config::scope::OccId;
use crate::model::value::eval::Purpose;
use crate::model::value::request::Value;
use crate::syntax::template::stands_for_another;

impl Walk<'_, '_> {
    /// Whether an `error_page` for this status counts here, and is not used up
    /// (`ngx_http_special_response_handler`).
    pub(super) fn has_page(&self, status: u16) -> bool {
        !self.page_used && error_page(self.config(), self.conf, status).is_some()
    }

    /// Whether what the backend answers may lead to an `error_page` (`ngx_http_upstream_intercept_errors`) from
    /// where a 101 can still come: only behind a bare `=` the page's own status is sent
    /// (`ngx_http_send_error_page`).
    pub(super) fn may_be_intercepted(&self) -> bool {
        let config = self.config();
        let line = config.effective(self.conf, name::PROXY_INTERCEPT_ERRORS).occ();
        let intercepts = line.is_some_and(|occ| config.switch(occ) != Some(false));
        let leads = |status: u16| {
            error_page(config, self.conf, status).is_some_and(|p| {
                (p.open || matches!(p.overwrite, Some(0 | 101)))
                    && (p.target.starts_with(b"/") || p.target.starts_with(b"@"))
            })
        };
        intercepts && !self.page_used && (300..=599).any(leads)
    }

    /// A status that nginx itself makes: `error_page` may lead it somewhere else.
    pub(super) fn error(&mut self, status: u16, reason: Reason) -> Next {
        let config = self.config();
        let ends = Next::End(Outcome::Broken(reason.clone()));
        // These end the connection before any page is looked for (`ngx_http_finalize_request`).
        if self.mode == Mode::Arrives || self.page_used || matches!(status, 408 | 444 | 499) {
            return ends;
        }
        self.vars.answered = true;
        let Some(page) = error_page(config, self.conf, status) else { return ends };
        if let Some(occ) = self.page_may_be_used {
            return Next::End(Outcome::Unknown(Why::Template(config.head(occ))));
        }
        if page.open {
            return Next::End(Outcome::Unknown(Why::Template(config.head(page.occ))));
        }
        match config.effective(self.conf, name::RECURSIVE_ERROR_PAGES).occ() {
            Some(occ) if stands_for_another(config.arg_text(occ, 0).as_bytes()) => self.page_may_be_used = Some(occ),
            Some(occ) if config.switch(occ) == Some(true) => {}
            _ => self.page_used = true,
        }
        // 494 to 497 become 400 where the line says nothing (`ngx_http_core_error_page`).
        let kept = if matches!(status, 494..=497) { 400 } else { status };
        let becomes = page.overwrite.unwrap_or(kept);
        self.status = (becomes != 0).then_some((page.occ, becomes));
        let Some((target, query)) = self.target(&page.target) else { return self.undecided() };
        match target.first() {
            Some(b'/') => self.redirect(target, query, page.occ),
            Some(b'@') => self.named(&target, page.occ, reason),
            // A redirect that the browser does not follow.
            _ => ends,
        }
    }

    /// The files are assumed not to be there: the last argument decides. The page that it names is.
    pub(super) fn try_files(&mut self, occ: OccId) -> Next {
        let config = self.config();
        let words = config.words(occ);
        let Some((last, tried)) = words.split_last() else { return Next::End(Outcome::Unknown(Why::Condition)) };
        // An earlier `try_files` led here for its page, and this one looks for it.
        if let Some((page, named_by)) = self.page.take_if(|(page, _)| is_page(page)) {
            let mut looks_for = |word: &Vec<u8>| self.vars.value(word, Purpose::Condition).known() == Some(&page);
            if tried.iter().any(&mut looks_for) {
                if self.handler.is_some() {
                    return Next::End(Outcome::Unknown(Why::Files));
                }
                // If it is not there after all, the way goes on.
                self.hinges.get_or_insert(Reason::Page(named_by));
            }
        }
        // `$uri/` of an empty path, and of `/`, is the root directory itself, which is there where `root` is.
        let mut is_root = |word: &Vec<u8>| {
            let value = self.vars.value(word, Purpose::Condition);
            word.ends_with(b"/") && value.known().is_some_and(|path| path.iter().all(|b| *b == b'/'))
        };
        if tried.iter().any(&mut is_root) {
            return Next::End(Outcome::Unknown(Why::Files));
        }
        if let Some(code) = last.strip_prefix(b"=") {
            let status = std::str::from_utf8(code).ok().and_then(|c| c.parse().ok()).unwrap_or(404);
            return Next::Error(status, Reason::TryFiles(occ));
        }
        if self.mode == Mode::Arrives {
            return Next::End(Outcome::Broken(Reason::TryFiles(occ)));
        }
        let Some((target, query)) = self.target(last) else { return self.undecided() };
        if target.starts_with(b"@") {
            return self.named(&target, occ, Reason::TryFiles(occ));
        }
        self.page = Some((target.clone(), occ));
        self.redirect(target, query, occ)
    }

    /// A path or a name, and the query behind it, which alone may be unknown: `/index.php$is_args$args`.
    fn target(&mut self, text: &[u8]) -> Option<(Vec<u8>, Value)> {
        if let Value::Known(target) = self.vars.value(text, Purpose::Condition) {
            // The name of a location is all of it (`ngx_http_named_location`).
            if target.starts_with(b"@") {
                return Some((target, Value::EMPTY));
            }
            let (path, query) = split_query(&target);
            return Some((path, Value::Known(query)));
        }
        let at = [&b"?"[..], b"$is_args"].iter().filter_map(|mark| memchr::memmem::find(text, mark)).min()?;
        let path = self.vars.value(&text[..at], Purpose::Condition).known()?.to_vec();
        Some((path, Value::Unknown))
    }

    /// A named location: the URI, its query and what was set stay as they are.
    fn named(&mut self, target: &[u8], by: OccId, otherwise: Reason) -> Next {
        self.changes += 1;
        let Some(server) = self.server.filter(|_| self.changes <= MAX_URI_CHANGES) else {
            return Next::End(Outcome::Broken(Reason::Loop));
        };
        if self.vars.uri == Value::EMPTY {
            // `empty URI in redirect to named location`
            return Next::Error(500, otherwise);
        }
        self.internal = true;
        match self.world.named_location(server, target) {
            Some(location) => Next::Location(location, Step::Redirected(by)),
            None if self.config().scope(server).unresolved_around => Next::End(Outcome::Unknown(Why::Include)),
            // `could not find named location`
            None => Next::Error(500, otherwise),
        }
    }

    /// A new URI with a query of its own, that goes through the server again.
    fn redirect(&mut self, path: Vec<u8>, query: Value, by: OccId) -> Next {
        self.changes += 1;
        if self.changes > MAX_URI_CHANGES {
            return Next::End(Outcome::Broken(Reason::Loop));
        }
        self.vars.uri = Value::Known(path);
        self.vars.args = query;
        self.internal = true;
        self.unparsed = false;
        self.valid_location = true;
        Next::Server(Step::Redirected(by))
    }
}
