//! The rewrite phases: the directives of one level, run for one request
//! (http/ngx_http_script.c, http/modules/ngx_http_rewrite_module.c).

use super::phase::pattern_matches_all;
use super::program::Command;
use super::verdict::{Outcome, Reason, Why};
use super::walk::{Mode, Next, Walk};
use crate::catalog::name;
use crate::model::config::scope::{Config, OccId, ScopeId, ScopeKind};
use crate::model::value::eval::Purpose;
use crate::model::value::request::Value;
use crate::model::value::rewrite::{Condition, Return, Rewrite, RewriteFlag};
use crate::syntax::template::stands_for_another;

/// How a level's directives end.
pub(super) enum Flow {
    /// The next directive.
    Next,
    /// The rest of this level's rewrite directives is skipped.
    Stop,
    /// The request ends, or goes somewhere else.
    Ends(Next),
}

/// `$invalid_referer` for a browser's handshake, which names no referrer (WebSockets Standard, “establish a WebSocket
/// connection”): without `none` it is `1` (`ngx_http_referer_variable`).
fn invalid_referer(config: Config<'_>, scope: ScopeId) -> Value {
    let Some(level) = config.effective_list(scope, name::VALID_REFERERS).0 else { return Value::EMPTY };
    let lines = config.own_named(level, name::VALID_REFERERS);
    let may_be_none = lines.flat_map(|o| config.each(o)).any(|word| &*word == b"none" || stands_for_another(&word));
    if may_be_none { Value::Unknown } else { Value::text("1") }
}

impl Walk<'_, '_> {
    /// The rewrite directives of a level, in order.
    pub(super) fn rewrite(&mut self, scope: ScopeId) -> Flow {
        let program = self.world.program(scope);
        if !program.is_empty() && self.world.knows_referers() {
            let named = self.vars.request.sent.as_ref().is_some_and(|sent| {
                sent.iter().any(|(name, value)| name.eq_ignore_ascii_case("referer") && *value != Value::EMPTY)
            });
            let value = if named { Value::Unknown } else { invalid_referer(self.config(), scope) };
            self.vars.assign("invalid_referer", value);
        }
        for command in program.iter() {
            let flow = match command {
                // There is no `if` in an `if`: this goes one level down.
                Command::If(block, condition) => {
                    if !self.enters(*block, condition) {
                        continue;
                    }
                    let inner = self.world.program(*block);
                    inner.iter().map(|c| self.command(c)).find(|f| !matches!(f, Flow::Next)).unwrap_or(Flow::Next)
                }
                other => self.command(other),
            };
            if !matches!(flow, Flow::Next) {
                return flow;
            }
        }
        Flow::Next
    }

    fn command(&mut self, command: &Command) -> Flow {
        match command {
            Command::Set(name, value) => {
                self.vars.set(name, value);
                Flow::Next
            }
            Command::Break => {
                // `ngx_http_script_break_code`: no new location is sought.
                self.uri_changed = false;
                Flow::Stop
            }
            Command::Return(occ, ret) => Flow::Ends(self.answer(*occ, ret)),
            Command::Rewrite(occ, rewrite) => self.rewrite_uri(*occ, rewrite),
            Command::If(..) => Flow::Next,
            Command::Open(occ) => Flow::Ends(Next::End(Outcome::Unknown(Why::Template(self.config().head(*occ))))),
        }
    }

    fn answer(&self, occ: OccId, ret: &Return) -> Next {
        let reason = Reason::Answered(occ, ret.status);
        // 444 closes the connection (`ngx_http_finalize_request`).
        if ret.direct || ret.status == 444 {
            return Next::End(Outcome::Broken(reason));
        }
        Next::Error(ret.status, reason)
    }

    /// Whether the condition of an `if` holds; if it does, the settings of the block count from now on
    /// (`ngx_http_script_if_code`, `ngx_http_update_location_config`).
    fn enters(&mut self, block: ScopeId, condition: &Condition) -> bool {
        let config = self.config();
        self.vars.saw_open = false;
        let holds = match condition.holds(&mut self.vars) {
            Some(holds) => holds,
            // A browser that is let pass; and for a request that arrives, whatever would have kept it away.
            None if self.keeps_away(block) && !self.vars.saw_open => false,
            None => self.decide(),
        };
        if !holds {
            return false;
        }
        self.entered.push(block);
        if config.scope(block).kind == ScopeKind::LocationIf {
            self.conf = block;
            // Without a handler of its own the last one stays.
            self.handler = self.handler_of(block).or(self.handler);
        }
        true
    }

    /// Whether a block under an undecided condition only turns requests away.
    fn keeps_away(&self, block: ScopeId) -> bool {
        let config = self.config();
        let arrives = self.mode == Mode::Arrives;
        let refuses = |o: OccId| Return::parse(&config.words(o)).is_some_and(|r| self.turns_away(&r));
        config.own_named(block, name::RETURN).any(|o| arrives || refuses(o))
            || (arrives
                && config.own_named(block, name::REWRITE).any(|o| config.arg(o, 2).is_some_and(|f| &*f != b"break")))
    }

    /// Whether an answer is an error that leads nowhere else.
    fn turns_away(&self, ret: &Return) -> bool {
        ret.status >= 400 && (ret.direct || !self.has_page(ret.status))
    }

    fn rewrite_uri(&mut self, occ: OccId, rewrite: &Rewrite) -> Flow {
        let uri = self.vars.uri.clone();
        let matched = match self.vars.tried(&rewrite.pattern, &uri) {
            Some(matched) => matched,
            None => {
                // A request that arrives was not sent elsewhere.
                let leaves = self.mode == Mode::Arrives && rewrite.flag != RewriteFlag::Break;
                pattern_matches_all(&rewrite.pattern) || !leaves && self.decide()
            }
        };
        if !matched {
            return Flow::Next;
        }
        if let RewriteFlag::Redirect(status) = rewrite.flag {
            return Flow::Ends(Next::Error(status, Reason::Answered(occ, status)));
        }
        self.internal = true;
        self.unparsed = false;
        let stays = rewrite.flag == RewriteFlag::Break;
        if stays {
            self.valid_location = false;
        }
        self.uri_changed = !stays;
        self.rewrote = Some(occ);
        self.change_uri(rewrite);
        if self.vars.uri == Value::EMPTY {
            // `the rewritten URI has a zero length`
            return Flow::Ends(Next::Error(500, Reason::EmptyUri(occ)));
        }
        if rewrite.flag == RewriteFlag::None { Flow::Next } else { Flow::Stop }
    }

    /// A new URI; its query comes before the old one, unless the replacement ends in `?`
    /// (`ngx_http_script_regex_end_code`).
    fn change_uri(&mut self, rewrite: &Rewrite) {
        let path = self.vars.value(&rewrite.path, Purpose::Condition);
        let added = rewrite.query.as_ref().map(|query| self.vars.value(query, Purpose::Condition));
        self.vars.uri = path;
        let old = if rewrite.drops_query { Value::EMPTY } else { self.vars.args.clone() };
        self.vars.args = match (added, old) {
            (None, old) => old,
            (Some(Value::Known(new)), Value::Known(old)) if old.is_empty() => Value::Known(new),
            (Some(Value::Known(new)), Value::Known(old)) => Value::Known([new, b"&".to_vec(), old].concat()),
            (Some(_), _) => Value::Unknown,
        };
    }

    /// What is not known about a value that decides where a request goes.
    pub(super) fn undecided(&mut self) -> Next {
        self.anywhere = true;
        Next::End(Outcome::Unknown(Why::Values))
    }
}
