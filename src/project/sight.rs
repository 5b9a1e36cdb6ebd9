//! What stands at a place of a file, for who looks at it in an editor: plain data.

use std::path::PathBuf;

use crate::catalog::{self, builtin_variable, name};
use crate::engine::{EndpointFact, Options, Target, analyse, endpoint_beside};
use crate::model::analysis::Analysis;
use crate::model::config::include::expand;
use crate::model::config::lookup::leads_to;
use crate::model::value::eval::Purpose;
use crate::model::value::request::Request;
use crate::model::{Browser, OccId, ScopeId, ScopeKind};
use crate::source::{FileId, Place, Span};
use crate::syntax::{DirectiveRef, Files, word};

/// What stands at an offset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sight {
    /// The bytes that it is about.
    pub span: Span,
    /// nginx's own page about the directive whose name it is.
    pub page: Option<String>,
    /// The name of that directive.
    pub directive: Option<String>,
    /// The variable that it is.
    pub variable: Option<VariableSight>,
    /// Where it is defined, or what it includes.
    pub leads_to: Vec<Goal>,
    /// The endpoints whose settings stand here, as reports describe them.
    pub endpoints: Vec<EndpointFact>,
}

/// A variable where it is used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VariableSight {
    /// Its name.
    pub name: String,
    /// Its value for a handshake and for an ordinary request, in each configuration; `None` is not known.
    pub values: Vec<(Option<String>, Option<String>)>,
    /// nginx itself defines it.
    pub builtin: bool,
}

/// Where something leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Goal {
    /// A place in a file that was read.
    Place(Place),
    /// A file.
    File(PathBuf),
}

/// The blocks of a file in order, and its includes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// Its blocks.
    pub blocks: Vec<Block>,
    /// The arguments of its includes, with the files that they lead to.
    pub includes: Vec<(Span, Vec<PathBuf>)>,
}

/// A block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The directive that opens it.
    pub name: String,
    /// Its arguments; for a `server` its names.
    pub words: String,
    /// From its name to its brace.
    pub head: Span,
    /// All of it.
    pub span: Span,
    /// How many blocks are around it.
    pub depth: usize,
}

/// Looks at an offset in all configurations that a file is part of.
pub(super) fn look(
    files: &mut Files<'_>,
    targets: &[Target],
    options: &Options,
    file: FileId,
    offset: u32,
) -> Option<Sight> {
    let mut out: Option<Sight> = None;
    for target in targets {
        let expanded = expand(files, target.file, target.context, &target.lookup);
        let analysis = analyse(files, target, &expanded, options);
        let config = analysis.config();
        let holds = |id: &OccId| {
            let directive = config.directive(*id);
            config.file(*id) == file && directive.span().start <= offset && offset <= directive.head().end
        };
        for occ in config.occs().map(|(id, _)| id).filter(holds) {
            let eyes = Eyes { files, target, analysis: &analysis, occ, offset };
            let sight = out.get_or_insert_with(|| eyes.word());
            eyes.add_to(sight);
        }
    }
    out
}

/// One occurrence of the directive that is looked at.
struct Eyes<'e, 'f> {
    files: &'e Files<'f>,
    target: &'e Target,
    analysis: &'e Analysis<'e>,
    occ: OccId,
    offset: u32,
}

impl Eyes<'_, '_> {
    /// What is the same wherever the file is included.
    fn word(&self) -> Sight {
        let config = self.analysis.config();
        let directive = config.directive(self.occ);
        let touches = |span: Span| span.start <= self.offset && self.offset <= span.end;
        let mut out = Sight { span: directive.head(), ..Sight::default() };
        if touches(directive.name().span()) {
            out.span = directive.name().span();
            let occ = config.occ(self.occ);
            let contexts = config.scope(occ.scope).kind.context().unwrap_or_default();
            out.page = catalog::page(occ.name, contexts);
            out.directive = Some(String::from_utf8_lossy(&config.name_text(self.occ)).into_owned());
        } else if let Some(word) = directive.args().iter().find(|w| touches(w.span())) {
            out.span = word.span();
            let raw = &config.bytes(self.occ)[word.span().range()];
            if let Some((span, name)) = variable_at(raw, (self.offset - word.span().start) as usize) {
                out.span = Span::new(word.span().start + span.start, word.span().start + span.end);
                let builtin = builtin_variable(name.to_ascii_lowercase().as_bytes()).is_some();
                out.variable = Some(VariableSight { name, values: Vec::new(), builtin });
            }
        }
        out
    }

    /// What this configuration says of it.
    fn add_to(&self, sight: &mut Sight) {
        let config = self.analysis.config();
        let mut goals = Vec::new();
        if let Some(variable) = &mut sight.variable {
            let definitions = self.analysis.world.definitions.of(&variable.name);
            goals.extend(definitions.iter().map(|d| Goal::Place(config.head(d.occ))));
            let values = self.values(&variable.name);
            if !variable.values.contains(&values) {
                variable.values.push(values);
            }
        } else if sight.directive.is_none() {
            self.goals(sight.span, &mut goals);
        }
        for goal in goals {
            if !sight.leads_to.contains(&goal) {
                sight.leads_to.push(goal);
            }
        }
        let Some(location) = self.location() else { return };
        for endpoint in self.analysis.endpoints.iter().filter(|e| e.location == location) {
            let fact = endpoint_beside(self.analysis, endpoint);
            if !sight.endpoints.contains(&fact) {
                sight.endpoints.push(fact);
            }
        }
    }

    /// The location that the directive opens or stands in.
    fn location(&self) -> Option<ScopeId> {
        let config = self.analysis.config();
        let occ = config.occ(self.occ);
        config.enclosing(occ.opens().unwrap_or(occ.scope), ScopeKind::Location)
    }

    fn values(&self, name: &str) -> (Option<String>, Option<String>) {
        let scope = self.analysis.config().occ(self.occ).scope;
        let value = |request: Request| {
            let mut vars = self.analysis.world.variables_for(scope, request);
            vars.variable(name, Purpose::Header).display()
        };
        (value(Request::anywhere(Browser::Chrome)), value(Request::ordinary()))
    }

    /// Where an argument leads to: a file, an upstream, a named location.
    fn goals(&self, span: Span, out: &mut Vec<Goal>) {
        let config = self.analysis.config();
        let occ = config.occ(self.occ);
        let at = config.args(self.occ).iter().position(|w| w.span() == span);
        let Some(text) = at.and_then(|at| config.arg(self.occ, at)) else { return };
        if occ.name == name::INCLUDE {
            let found = leads_to(self.files, &self.target.lookup, config.file(self.occ), &text);
            out.extend(found.into_iter().map(Goal::File));
        }
        if text.starts_with(b"@")
            && let Some(server) = config.enclosing(occ.scope, ScopeKind::Server)
            && let Some(location) = self.analysis.world.named_location(server, &text)
        {
            out.extend(config.scope(location).opened_by.map(|o| Goal::Place(config.head(o))));
        }
        if occ.name.as_str().ends_with("_pass") && at == Some(0) {
            let target = config.target(self.occ);
            let host = target.host().and_then(|host| self.analysis.world.upstream(&host));
            out.extend(host.map(|o| Goal::Place(config.head(o))));
        }
    }
}

/// The variable in a word that an offset touches: where it stands in the word, and its name.
fn variable_at(word: &[u8], offset: usize) -> Option<(Span, String)> {
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'$', &word[at..]) {
        let start = at + found;
        let braced = word.get(start + 1) == Some(&b'{');
        let name = start + 1 + usize::from(braced);
        let len = word[name..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
        let end = name + len + usize::from(braced && word.get(name + len) == Some(&b'}'));
        if len > 0 && (start..=end).contains(&offset) {
            let text = String::from_utf8_lossy(&word[name..name + len]).into_owned();
            return Some((Span::new(start as u32, end as u32), text));
        }
        at = start + 1;
    }
    None
}

/// The outline of a file; what its includes lead to is asked of each configuration that it is part of.
pub(super) fn outline(files: &Files<'_>, targets: &[Target], file: FileId) -> Outline {
    let ast = &files.asts[file.0 as usize];
    let bytes = ast.text(&files.sources.get(file).bytes);
    let mut out = Outline::default();
    // A list of what is still to be visited: blocks may be nested without end.
    let mut open: Vec<(DirectiveRef<'_>, usize)> = ast.top().map(|d| (d, 0)).collect();
    open.reverse();
    while let Some((directive, depth)) = open.pop() {
        let decoded = |d: DirectiveRef<'_>| -> Vec<String> {
            d.args().iter().map(|w| String::from_utf8_lossy(&word::decode(bytes, w)).into_owned()).collect()
        };
        let called = &bytes[directive.name().span().range()];
        if called == b"include"
            && let Some(argument) = directive.args().first()
        {
            let text = word::decode(bytes, argument);
            let mut led: Vec<PathBuf> = Vec::new();
            for path in targets.iter().flat_map(|t| leads_to(files, &t.lookup, file, &text)) {
                if !led.contains(&path) {
                    led.push(path);
                }
            }
            out.includes.push((argument.span(), led));
        }
        if directive.body().is_none() {
            continue;
        }
        let names = directive.children().filter(|d| &bytes[d.name().span().range()] == b"server_name");
        let words = if called == b"server" { names.flat_map(decoded).collect() } else { decoded(directive) };
        out.blocks.push(Block {
            name: String::from_utf8_lossy(called).into_owned(),
            words: words.join(" "),
            head: directive.head(),
            span: directive.span(),
            depth,
        });
        let from = open.len();
        open.extend(directive.children().map(|d| (d, depth + 1)));
        open[from..].reverse();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_under_the_cursor_is_found() {
        let at = |word: &str, offset| variable_at(word.as_bytes(), offset).map(|(span, name)| (span.start, name));
        assert_eq!(at("a$b-c", 1), Some((1, "b".to_owned())));
        assert_eq!(at("a$b-c", 0), None);
        assert_eq!(at("a$b-c", 4), None);
        assert_eq!(at("\"${host}:$port\"", 3), Some((1, "host".to_owned())));
        assert_eq!(at("\"${host}:$port\"", 12), Some((9, "port".to_owned())));
        assert_eq!(at("$", 0), None);
    }
}
