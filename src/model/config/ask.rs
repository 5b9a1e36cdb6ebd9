//! The questions that rules and model ask of a configuration again and again, each answered in one way.

use std::borrow::Cow;

use super::scope::{Config, OccId, ScopeId};
use crate::catalog::{Name, name};
use crate::syntax::address::Target;
use crate::syntax::word;

impl<'a> Config<'a> {
    /// The arguments of a directive, decoded, one after the other.
    pub fn each(self, id: OccId) -> impl Iterator<Item = Cow<'a, [u8]>> {
        let bytes = self.bytes(id);
        self.args(id).iter().map(move |w| word::decode(bytes, w))
    }

    /// The arguments of a directive, decoded.
    pub fn words(self, id: OccId) -> Vec<Vec<u8>> {
        self.each(id).map(Cow::into_owned).collect()
    }

    /// The arguments of a directive as text; bytes that are no UTF-8 become U+FFFD.
    pub fn texts(self, id: OccId) -> Vec<String> {
        self.each_text(id).map(Cow::into_owned).collect()
    }

    /// The same one after the other, and nothing is copied that is as it is written.
    pub fn each_text(self, id: OccId) -> impl Iterator<Item = Cow<'a, str>> {
        self.each(id).map(|v| match v {
            Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        })
    }

    /// The arguments of a directive in one line, for people: placeholders of a template included.
    pub fn shown(self, id: OccId) -> String {
        (0..self.args(id).len()).map(|i| self.arg_shown(id, i)).collect::<Vec<_>>().join(" ")
    }

    /// Whether one of the arguments behind the first is this word.
    pub fn has_parameter(self, id: OccId, parameter: &str) -> bool {
        self.each(id).skip(1).any(|v| &*v == parameter.as_bytes())
    }

    /// Whether the first argument of a line is this header: names of headers have no case.
    pub fn is_header(self, id: OccId, header: &str) -> bool {
        let Some(word) = self.args(id).get(0) else { return false };
        let bytes = self.bytes(id);
        word::decode(bytes, word).eq_ignore_ascii_case(header.as_bytes())
    }

    /// The lines of a level that set a request header, in order.
    pub fn headers(self, level: ScopeId, header: &str) -> impl Iterator<Item = OccId> {
        self.own_named(level, name::PROXY_SET_HEADER).filter(move |&o| self.is_header(o, header))
    }

    /// The last line of a level that sets a request header.
    pub fn header(self, level: ScopeId, header: &str) -> Option<OccId> {
        self.headers(level, header).last()
    }

    /// Whether an include found no file: a pattern that nothing here fits.
    pub fn finds_nothing(self, id: OccId) -> bool {
        self.occ(id).name == name::INCLUDE && !self.tree.chains.iter().skip(1).any(|c| c.include == id)
    }

    /// The line that sets a request header for the requests that leave from a scope.
    pub fn effective_header(self, scope: ScopeId, header: &str) -> Option<OccId> {
        self.header(self.effective_list(scope, name::PROXY_SET_HEADER).0?, header)
    }

    /// What a directive with `on` and `off` says, if it says one of them (`ngx_conf_set_flag_slot`, to
    /// which case is nothing).
    pub fn switch(self, id: OccId) -> Option<bool> {
        let value = self.arg(id, 0)?;
        match (value.eq_ignore_ascii_case(b"on"), value.eq_ignore_ascii_case(b"off")) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        }
    }

    /// What a directive with `on` and `off` says at a scope; `None` where nothing says it or that is not
    /// known.
    pub fn flag(self, scope: ScopeId, wanted: Name) -> Option<bool> {
        self.switch(self.effective(scope, wanted).occ()?)
    }

    /// The first argument of a directive that counts at a scope.
    pub fn value(self, scope: ScopeId, wanted: Name) -> Option<Cow<'a, [u8]>> {
        self.arg(self.effective(scope, wanted).occ()?, 0)
    }

    /// Where a `proxy_pass` leads.
    pub fn target(self, pass: OccId) -> Target<'a> {
        Target::of(self.arg(pass, 0).unwrap_or_default())
    }
}
