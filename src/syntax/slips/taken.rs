//! What nginx takes, as far as names and the numbers of words say: a slip is only believed where more of a file is
//! taken once it is put right.

use std::sync::OnceLock;

use super::{entries, is_name_on_its_line, meant};
use crate::catalog::{Name, NameSet, Own, Value, lookup, name};
use crate::syntax::{Ast, DirectiveRef, Ending, WordKind};

/// Whether nginx would refuse anything. Bodies that stand in the file many times are looked at once.
pub(super) fn may_be_refused(ast: &Ast, text: &[u8]) -> bool {
    let mut seen = vec![false; ast.body_numbers()];
    let mut refused = false;
    let mut visit = |found: Found<'_>| refused |= !found.is_taken(text);
    walk(ast, text, &mut visit, &mut |block| {
        block.body_number().is_none_or(|n| !std::mem::replace(&mut seen[n], true))
    });
    refused
}

/// How much nginx would refuse: what its tokeniser stumbles over, unknown directives, wrong numbers of
/// arguments. It is only good for comparing.
pub(super) fn trouble(ast: &Ast, text: &[u8]) -> usize {
    let mut count = 2 * ast.errors.len();
    walk(ast, text, &mut |found| count += usize::from(!found.is_taken(text)), &mut |_| true);
    count
}

/// What stands in a file, with what tells whether nginx takes it.
#[derive(Clone, Copy)]
enum Found<'a> {
    Directive(DirectiveRef<'a>, Name),
    /// A line of a `map` and the like.
    Entry(DirectiveRef<'a>),
}

impl Found<'_> {
    fn is_taken(self, text: &[u8]) -> bool {
        match self {
            Found::Directive(directive, named) => takes(directive, named, text),
            Found::Entry(entry) => entries::takes(entry, text),
        }
    }
}

/// All directives but what stands in blocks that nginx does not know.
pub(super) fn each_directive(ast: &Ast, text: &[u8], visit: &mut dyn FnMut(DirectiveRef<'_>, Name)) {
    let mut visit = |found: Found<'_>| {
        if let Found::Directive(directive, named) = found {
            visit(directive, named);
        }
    };
    walk(ast, text, &mut visit, &mut |_| true);
}

/// All lines of maps and the like.
pub(super) fn each_entry(ast: &Ast, text: &[u8], visit: &mut dyn FnMut(DirectiveRef<'_>)) {
    let mut visit = |found: Found<'_>| {
        if let Found::Entry(entry) = found {
            visit(entry);
        }
    };
    walk(ast, text, &mut visit, &mut |_| true);
}

/// Both, but for the bodies of blocks that are not to be entered.
fn walk(ast: &Ast, text: &[u8], visit: &mut dyn FnMut(Found<'_>), enters: &mut dyn FnMut(DirectiveRef<'_>) -> bool) {
    let mut open = vec![ast.top()];
    while let Some(siblings) = open.last_mut() {
        let Some(directive) = siblings.next() else {
            open.pop();
            continue;
        };
        let named = named(directive, text);
        visit(Found::Directive(directive, named));
        let others = matches!(named, name::TYPES | name::CHARSET_MAP | Name::UNKNOWN);
        if directive.ending() != Ending::Block || others || !enters(directive) {
            continue;
        }
        if entries::are_in(named) {
            directive.children().for_each(|entry| visit(Found::Entry(entry)));
        } else {
            open.push(directive.children());
        }
    }
}

/// The catalogue's number of a directive's name.
fn named(directive: DirectiveRef<'_>, text: &[u8]) -> Name {
    let word = directive.name();
    if word.kind() == WordKind::Bare { lookup(&text[word.span().range()]) } else { Name::UNKNOWN }
}

/// Whether nginx has a directive of this name that takes so many arguments.
pub(super) fn fits(named: Name, arguments: usize, block: bool) -> bool {
    named.rows().iter().any(|row| {
        let most = if row.arguments.most == u8::MAX { usize::MAX } else { row.arguments.most as usize };
        row.block == block && (row.arguments.least as usize..=most).contains(&arguments)
    })
}

/// Whether nginx takes a directive with these arguments, as far as their number says, and where it looks at
/// each of any number of them, as far as none is the next line's directive.
pub(super) fn takes(directive: DirectiveRef<'_>, named: Name, text: &[u8]) -> bool {
    let block = matches!(directive.ending(), Ending::Block | Ending::Lua);
    fits(named, directive.args().len(), block)
        && (!meant::may_be_refused(named) || meant::in_the_first(directive, named, text).is_none())
        && !(checks_each(named) && directive.args().iter().any(|w| is_name_on_its_line(w.span(), text)))
}

/// Whether nginx refuses the name of a directive among the arguments, of which there may be any number.
fn checks_each(named: Name) -> bool {
    static CHECKED: OnceLock<NameSet> = OnceLock::new();
    CHECKED.get_or_init(|| NameSet::of_names(refuses_words)).has(named)
}

fn refuses_words(named: Name) -> bool {
    let refuses = |value| {
        use Own::{AccessLog, CachePath, CacheValid, ErrorLog, MailListen, StreamListen, UpstreamServer};
        match value {
            Value::Each(_) => true,
            Value::By(own) => matches!(
                own,
                AccessLog | CachePath | CacheValid | ErrorLog | MailListen | StreamListen | UpstreamServer
            ),
            _ => named == name::LISTEN,
        }
    };
    named.rows().iter().any(|row| row.arguments.most == u8::MAX && refuses(row.value))
}
