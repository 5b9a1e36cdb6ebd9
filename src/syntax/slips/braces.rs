//! Braces that are missing or stand there twice: their indentation tells where.

use super::{Candidate, Mend, Slip, SlipKind, begins_line, line_end, line_start, span};
use crate::syntax::ast::Siblings;
use crate::syntax::parser::parse;
use crate::syntax::{Ast, DirectiveRef, Ending, SyntaxErrorKind};

/// What may be wrong with the braces of a file.
pub(super) fn candidates(ast: &Ast, text: &[u8]) -> Vec<Candidate> {
    let mut out: Vec<Candidate> = ast
        .errors
        .iter()
        .filter(|e| e.kind == SyntaxErrorKind::NothingBefore(b'{'))
        .map(|e| {
            let at = e.span.start as usize;
            let mends = vec![Mend { span: span(at, at + 1), text: String::new() }];
            let slip = Slip { span: e.span, kind: SlipKind::DoubledOpen, mends, about: e.opened };
            Candidate { slip, patch: vec![(at, b' ')] }
        })
        .collect();
    // A `{` within a pattern opens a block, too, and what is missing there is a quote.
    let in_pattern = ast.all().any(|d| text[d.name().span().range()].contains(&b'}'));
    let unclosed = ast.errors.iter().find(|e| e.kind == SyntaxErrorKind::EndInBlock);
    if out.is_empty() && unclosed.is_some() && !in_pattern {
        out.extend(lost_close(ast, text));
    }
    out
}

/// A `;` that ends nothing, and the `}` that is one too many, where the indentation leaves no doubt which it is.
pub(super) fn surplus(ast: &Ast, text: &[u8]) -> Vec<Candidate> {
    let removed = |at: usize| {
        let (line, end) = (line_start(text, at), line_end(text, at));
        let alone = text[line..end].trim_ascii().len() == 1;
        let gone = if alone { span(line, (end + 1).min(text.len())) } else { span(at, at + 1) };
        let mends = vec![Mend { span: gone, text: String::new() }];
        let kind = SlipKind::Surplus(char::from(text[at]));
        Candidate { slip: Slip { span: span(at, at + 1), kind, mends, about: None }, patch: vec![(at, b' ')] }
    };
    let ends_nothing = ast.errors.iter().find(|e| e.kind == SyntaxErrorKind::NothingBefore(b';'));
    let unopened = ast.errors.iter().find(|e| e.kind == SyntaxErrorKind::CloseWithoutOpen);
    let brace = unopened.and_then(|e| surplus_close(ast, text, e.span.start as usize));
    ends_nothing.map(|e| e.span.start as usize).into_iter().chain(brace).map(removed).collect()
}

/// The first `}` that stands at another height than the block it closes, else the one that nginx stops at, or the one
/// above what stands too far to the right; none where anything does not fit without it. Behind the one that is too
/// many, each closes the block around its own.
fn surplus_close(ast: &Ast, text: &[u8], unopened: usize) -> Option<usize> {
    let indent = |d| indent_of(text, start(d));
    let top = || ast.top().filter(|d| begins_line(text, start(*d)));
    let least = top().map(indent).min();
    let inner = top().find(|d| least.is_some_and(|least| indent(*d) > least));
    let above = inner.and_then(|d| memchr::memrchr(b'}', &text[..start(d)]));
    let candidates = [shifted_close(ast, text).or(above), Some(unopened)];
    candidates.into_iter().flatten().filter(|at| *at <= unopened).find(|&at| {
        let mut without = text.to_vec();
        without[at] = b' ';
        let mended = parse(&without);
        shifted_close(&mended, &without).is_none() && is_indented(&mended, &without)
    })
}

fn shifted_close(ast: &Ast, text: &[u8]) -> Option<usize> {
    let closes = blocks_of_lines(ast, text).filter_map(|d| Some((d, closing_brace(d, text)?)));
    let shifted =
        closes.filter(|(d, close)| begins_line(text, *close) && indent_of(text, *close) != indent_of(text, start(*d)));
    shifted.map(|(_, close)| close).min()
}

/// Whether what stands in a block begins at one height, further to the right than the block.
fn is_indented(ast: &Ast, text: &[u8]) -> bool {
    let level = |inner: Siblings<'_>, least: usize| {
        let mut indents = inner.map(start).filter(|at| begins_line(text, *at)).map(|at| indent_of(text, at));
        indents.next().is_none_or(|first| first >= least && indents.all(|indent| indent == first))
    };
    let mut blocks = blocks_of_lines(ast, text);
    level(ast.top(), 0) && blocks.all(|d| level(d.children(), indent_of(text, start(d)) + 1))
}

fn start(directive: DirectiveRef<'_>) -> usize {
    directive.name().span().start as usize
}

/// The blocks that begin a line.
fn blocks_of_lines<'a>(ast: &'a Ast, text: &'a [u8]) -> impl Iterator<Item = DirectiveRef<'a>> {
    let blocks = ast.all().filter(|d| d.ending() == Ending::Block);
    blocks.filter(|d| begins_line(text, start(*d)))
}

/// The block whose `}` is missing: the innermost of the first that are closed further to the left than they were
/// opened, each by the brace of the one around it; else one that is closed nowhere.
fn lost_close(ast: &Ast, text: &[u8]) -> Option<Candidate> {
    let blocks = || ast.all().filter(|d| d.ending() == Ending::Block);
    let mut shifted = blocks().filter(|d| is_closed_by_another(*d, text));
    let innermost = shifted
        .next()
        .map(|first| shifted.fold(first, |outer, d| if d.span().start < outer.span().end { d } else { outer }));
    let block = innermost.or_else(|| blocks().filter(|d| closing_brace(*d, text).is_none()).last())?;
    let opened = start(block);
    let indent = indent_of(text, opened);
    // The first line behind it that stands no further to the right than it does.
    let mut at = line_end(text, block.mark() as usize) + 1;
    let body = at;
    while at < text.len() {
        let end = line_end(text, at);
        let line = &text[at..end];
        let is_text = !line.trim_ascii().is_empty() && !line.trim_ascii_start().starts_with(b"#");
        if is_text && indent_of(text, at) <= indent {
            break;
        }
        at = end + 1;
    }
    // Where nothing is indented, nothing tells where the block ends.
    if text[body.min(text.len())..at.min(text.len())].trim_ascii().is_empty() {
        return None;
    }
    // The mask needs a byte: one of the indentation, or the line break in front of it.
    let at = at.min(text.len());
    let own = text.get(at).filter(|b| matches!(b, b' ' | b'\t')).map(|_| at);
    let before = || at.checked_sub(1).filter(|&i| text[i] == b'\n' && !text[line_start(text, i)..i].contains(&b'#'));
    let byte = own.or_else(before)?;
    let blanks = String::from_utf8_lossy(&text[line_start(text, opened)..])
        .chars()
        .take_while(|c| matches!(c, ' ' | '\t'))
        .collect::<String>();
    let ending = if text[..line_end(text, opened)].ends_with(b"\r") { "\r\n" } else { "\n" };
    let mends = vec![Mend { span: span(at, at), text: format!("{blanks}}}{ending}") }];
    let slip = Slip {
        span: block.head(),
        kind: SlipKind::LostClose,
        mends,
        about: Some(span(at, line_end(text, at).max(at))),
    };
    Some(Candidate { slip, patch: vec![(byte, b'}')] })
}

/// Whether the `}` that closes a block stands further to the left than the block.
fn is_closed_by_another(block: DirectiveRef<'_>, text: &[u8]) -> bool {
    let Some(close) = closing_brace(block, text) else { return false };
    let opened = start(block);
    begins_line(text, close) && begins_line(text, opened) && indent_of(text, close) < indent_of(text, opened)
}

fn closing_brace(block: DirectiveRef<'_>, text: &[u8]) -> Option<usize> {
    let close = block.body()?.end as usize;
    (text.get(close) == Some(&b'}')).then_some(close)
}

/// How many blanks the line of an offset begins with.
fn indent_of(text: &[u8], at: usize) -> usize {
    text[line_start(text, at)..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count()
}
