//! Braces that are missing or stand there twice: their indentation tells where.

use super::{Candidate, Mend, Slip, SlipKind, begins_line, line_end, line_start, span};
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

/// The block whose `}` is missing: the innermost of the first that are closed further to the left than they were
/// opened, each by the brace of the one around it; else one that is closed nowhere.
fn lost_close(ast: &Ast, text: &[u8]) -> Option<Candidate> {
    let blocks = || ast.all().filter(|d| d.ending() == Ending::Block);
    let mut shifted = blocks().filter(|d| is_closed_by_another(*d, text));
    let innermost = shifted
        .next()
        .map(|first| shifted.fold(first, |outer, d| if d.span().start < outer.span().end { d } else { outer }));
    let block = innermost.or_else(|| blocks().filter(|d| closing_brace(*d, text).is_none()).last())?;
    let opened = block.name().span().start as usize;
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
    let opened = block.name().span().start as usize;
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
