//! Templates that become configurations: Jinja, Liquid, Go, Handlebars, ERB, EPP, EJS, EEx, Mako, PHP,
//! Terraform, Velocity, and placeholders such as `${VAR}`, `__NAME__`, `@NAME@`, `%name%`.
//!
//! A template is read through a mask of the same length. A placeholder that stands for (a part of) a
//! word becomes bytes that no configuration holds, so that the model knows the word and not its value.
//! A tag that stands where a directive could, and for lines that nobody sees, is a *hole*: a directive
//! of its own. A construct around whole directives (`{% if %}` … `{% endif %}`) leaves nothing but a
//! *branch*: its directives are there in some renderings and not in others.

mod branches;
mod code;
mod dollar;
mod mask;
mod tags;
mod words;

pub use branches::Branches;
#[cfg(feature = "internals")]
pub use branches::{Branch, Choice};
pub use words::{is_capital, is_replaced, stands_for_another};

use super::carrier::{Block, Hand};
use super::slips::{self, Mend, Slip, SlipKind};
use super::{Ast, SyntaxErrorKind, Template, parse};
use crate::source::Span;

/// The byte of a placeholder within a word.
pub const PLACEHOLDER: u8 = 0x01;
/// The first byte of a hole.
pub const HOLE: u8 = 0x02;
/// Behind a backslash, what a template writes for a `$`.
pub const DOLLAR: u8 = 0x03;

/// Whether a word holds a placeholder.
pub fn is_open(word: &[u8]) -> bool {
    word.iter().any(|b| matches!(*b, PLACEHOLDER | HOLE))
}

/// Whether a file may be a template at all.
pub(super) fn may_be(bytes: &[u8]) -> bool {
    const PIECES: [&[u8]; 12] =
        [b"{{", b"{%", b"{#", b"<%", b"<?", b"%{", b"[[", b"__", b"${", b"\\$", b"#{", mask::FRONT_MATTER.0];
    let names = words::Names::of(bytes, false, Hand::Plain, &[]);
    let at = |first: u8| memchr::memchr_iter(first, bytes).any(|i| names.placeholder(i).is_some());
    PIECES.iter().any(|p| memchr::memmem::find(bytes, p).is_some())
        || at(b'%')
        || at(b'@')
        || at(b'<')
        || tags::Languages::of(bytes).are_certain()
}

/// The tree of a file that may be a template: read through a mask where it is one.
pub fn parse_template(bytes: &[u8]) -> Ast {
    let raw = parse(bytes);
    // `{name}` is nothing that nginx reads, and too plain to be looked for in every file.
    if raw.errors.is_empty() && (!raw.suspicious || !may_be(bytes)) {
        return slips::put_right(bytes, &raw).unwrap_or(raw);
    }
    // `{{` in Lua or in a regular expression is no tag: without an error there is nothing to explain.
    // No configuration holds the others by itself.
    let languages = tags::Languages::of(bytes);
    let certain = languages.are_certain();
    let tagged =
        (!raw.errors.is_empty() || certain).then(|| mask::mask(bytes, Some(languages), Hand::Plain, &[])).flatten();
    if let Some(masked) = tagged.filter(|m| m.has_tags) {
        let mut ast = parse(&masked.text);
        // A block may open in one part of a template and close in another.
        if ast.errors.len() < raw.errors.len() || (certain && ast.errors.len() == raw.errors.len()) {
            let unread = !ast.errors.is_empty();
            ast.errors.clear();
            return with_mask(ast, masked, unread);
        }
    }
    match mask::mask(bytes, None, Hand::Plain, &[]) {
        None => slips::put_right(bytes, &raw).unwrap_or(raw),
        Some(masked) => with_mask(parse(&masked.text), masked, false),
    }
}

/// The tree of a block inside another file, from its mask. What that file replaces, and how it writes `$`, is
/// known there and not guessed.
pub(super) fn parse_block(text: Vec<u8>, block: &Block) -> Ast {
    let hand = block.hand;
    let mut ast = match hand {
        Hand::Plain => parse_template(&text),
        _ => parse_replaced(&text, block),
    };
    if hand != Hand::Plain {
        ast.dollar = hand.writes().map(Into::into);
    }
    // What an excerpt leaves out was masked before.
    if ast.template == Template::No && memchr::memchr(HOLE, &text).is_some() {
        ast.template = Template::Control;
    }
    if forget_unseen(&mut ast) {
        ast.template = Template::Unread;
    }
    ast.masked.get_or_insert(text);
    if block.is_folded() {
        // One line break is a blank there.
        let lost = ast.slips.iter_mut().filter(|slip| matches!(slip.kind, SlipKind::LostLineBreak { .. }));
        lost.flat_map(|slip| &mut slip.mends).for_each(|mend| mend.text.insert(0, '\n'));
    }
    ast
}

fn parse_replaced(text: &[u8], block: &Block) -> Ast {
    let mut ast = parse_unguarded(text, block);
    let written = block.hand.escape().unwrap_or("$");
    let mend = |at: &usize| Mend { span: Span::new(*at as u32, *at as u32 + 1), text: written.to_owned() };
    let mends: Vec<Mend> = block.expanded.iter().map(mend).collect();
    // The first of the handshake is shown, and all are mended.
    let name =
        |at: usize| text[at + 1..].iter().take_while(|b| b"{_}".contains(b) || b.is_ascii_alphanumeric()).count();
    let is_shown = |at: &&usize| {
        let word = &text[**at..=**at + name(**at)];
        [&b"upgrade"[..], b"connection"].iter().any(|w| memchr::memmem::find(word, w).is_some())
    };
    if let Some(&at) = block.expanded.iter().find(is_shown) {
        let span = Span::new(at as u32, (at + 1 + name(at)) as u32);
        let kind = SlipKind::Replaced { by_shell: block.hand.is_shell() };
        ast.slips.push(Slip { span, kind, mends, about: None });
        ast.slips.sort_by_key(|slip| slip.span);
    }
    ast
}

/// The tree in which what is lost to the text around the block is still there. What a comment has taken is put back
/// first: within comments, nobody looks for placeholders.
fn parse_unguarded(text: &[u8], block: &Block) -> Ast {
    let raw = parse(text);
    let taken = if raw.errors.is_empty() { None } else { slips::put_right(text, &raw) };
    let mut taken = taken.map_or_else(Vec::new, |ast| ast.slips);
    taken.retain(|slip| matches!(slip.kind, SlipKind::LostLineBreak { .. }));
    let mut whole = text.to_vec();
    taken.iter().flat_map(|slip| &slip.mends).for_each(|mend| whole[mend.span.end as usize - 1] = b'\n');
    let mut ast = parse_masked(&whole, block);
    if !taken.is_empty() {
        ast.masked.get_or_insert(whole);
        ast.slips.extend(taken);
        ast.slips.sort_by_key(|slip| slip.span);
    }
    ast
}

fn parse_masked(text: &[u8], block: &Block) -> Ast {
    let languages = tags::Languages::of(text);
    let tags =
        languages.are_certain() || [&b"{{"[..], b"{%", b"%{"].iter().any(|t| memchr::memmem::find(text, t).is_some());
    match mask::mask(text, tags.then_some(languages), block.hand, &block.expanded) {
        None => {
            let raw = parse(text);
            slips::put_right(text, &raw).unwrap_or(raw)
        }
        Some(masked) => {
            let mut ast = parse(&masked.text);
            let unread = masked.has_tags && !ast.errors.is_empty();
            if unread {
                ast.errors.clear();
            }
            if !masked.has_tags
                && let Some(mut righted) = slips::put_right(&masked.text, &ast).filter(can_be_written)
            {
                let text = righted.masked.take().unwrap_or_default();
                return with_mask(righted, mask::Masked { text, ..masked }, false);
            }
            with_mask(ast, masked, unread)
        }
    }
}

/// Whether no mend holds a byte that stands for something in a mask.
fn can_be_written(ast: &Ast) -> bool {
    let is_mask = |c: char| matches!(c as u32, 1..=3);
    ast.slips.iter().flat_map(|slip| &slip.mends).all(|mend| !mend.text.contains(is_mask))
}

/// Whether something was an error only if what a placeholder puts behind a quote is, which nobody knows.
fn forget_unseen(ast: &mut Ast) -> bool {
    let before = ast.errors.len();
    ast.errors.retain(|e| !matches!(e.kind, SyntaxErrorKind::AfterQuote(PLACEHOLDER | HOLE | DOLLAR)));
    ast.errors.len() < before
}

fn with_mask(mut ast: Ast, masked: mask::Masked, unread: bool) -> Ast {
    let unread = forget_unseen(&mut ast) || unread;
    let template = match (unread, masked.has_holes || !masked.branches.is_empty()) {
        (true, _) => Template::Unread,
        (false, true) => Template::Control,
        (false, false) => Template::Words,
    };
    let branches = if unread { Branches::default() } else { masked.branches };
    Ast { template, branches, first_tag: masked.first_tag, dollar: masked.dollar, masked: Some(masked.text), ..ast }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        let languages = tags::Languages::of(text.as_bytes());
        let out = mask::mask(text.as_bytes(), Some(languages), Hand::Plain, &[])
            .map_or_else(|| text.as_bytes().to_vec(), |m| m.text);
        assert_eq!(out.len(), text.len());
        String::from_utf8_lossy(&out).replace('\u{1}', "_").replace('\u{2}', "H").replace('\u{3}', "!")
    }

    #[test]
    fn placeholders_become_words_and_constructs_leave_blanks() {
        for (text, want) in [
            ("listen {{ port }};", "listen __________;"),
            ("{% if a %}\nlisten 80;\n{% endif %}\n", "          \nlisten 80;\n           \n"),
            ("{{ if .A }}a b;{{ end }}", "           a b;         "),
            ("{{ macro() }}\nx y;", "H___________;\nx y;"),
            ("x {% if a %}b{% endif %};", "x __________b___________;"),
            ("{% if a %}x 1{% else %}x 2{% endif %};", "H________;x 1             ___________;"),
            ("proxy_pass http://localhost:__PORT__;", "proxy_pass http://localhost:________;"),
            ("listen ${PORT}; a ${host};", "listen _______; a ${host};"),
            ("listen %ip%:80; return 301 /%D0%B0;", "listen ____:80; return 301 /%D0%B0;"),
            ("<% if x %>\na <%= b %>;<% end %>", "          \na ________;         "),
            ("location / { x y; }", "location / { x y; }"),
            ("map $a $FOO {} x ${FOO};", "map $a $FOO {} x ${FOO};"),
            ("{# a; { #}\nx y;", "          \nx y;"),
            ("a ${X:-d}; b ${c.d};", "a _______; b ______;"),
            ("${off}listen 80;\na b;", "      listen 80;\na b;"),
            ("log_format x '{{ a }}; {{ b }}';", "log_format x '_______; _______';"),
            ("x \\$host \\${uri};", "x \\!host \\!!uri!;"),
            ("x ${DOLLAR}host;", "x \\!!!!!!!!host;"),
            ("% if x:\na b;\n% endif\n", "       \na b;\n       \n"),
            ("a {{\n  listen {port};\n}}\n", "a { \n  listen ______;\n} \n"),
            ("{if $x}\na {$b};\n{/if}\n", "       \na ____;\n     \n"),
            ("<#if x>\na b;\n</#if>\n", "       \na b;\n      \n"),
            ("<%= if x do %>\na b;\n<% end %>\n", "              \na b;\n         \n"),
            ("{{ $x | default \"a=b\" }} y;", "________________________ y;"),
            ("%{ if x ~}\na b;\n%{ endif ~}\n", "          \na b;\n           \n"),
        ] {
            assert_eq!(masked(text), want, "{text}");
        }
    }
}
