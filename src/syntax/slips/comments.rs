//! Comments that took the next line with them: where the line breaks of a text were lost, everything behind the
//! first `#` is a comment to nginx, and the blocks that were open before it are never closed.

use super::{Candidate, Mend, Slip, SlipKind, fits, line_end, line_start, span};
use crate::catalog::{Name, lookup};
use crate::syntax::parser::parse;
use crate::syntax::{Ast, Ending, SyntaxErrorKind, Word, WordKind};

/// So many bytes of a comment are looked at: nginx itself takes none that is longer than its buffer of 4,096.
const LONGEST: usize = 16 << 10;

/// So many empty lines may stand before the next one.
const LOOKED_AT: usize = 8;

/// The lines on which a block is opened and not closed, and a comment begins that holds directives.
pub(super) fn candidates(ast: &Ast, text: &[u8]) -> Vec<Candidate> {
    let mut out: Vec<Candidate> = Vec::new();
    if !ast.errors.iter().any(|e| e.kind == SyntaxErrorKind::EndInBlock) {
        return out;
    }
    // A line may open a million blocks: where it ends, and what its comment holds, is asked once.
    let mut line = 0..0;
    let mut asked = None;
    for block in ast.all().filter(|d| d.ending() == Ending::Block) {
        let opened = block.mark() as usize;
        if !line.contains(&opened) {
            line = opened..line_end(text, opened);
        }
        let end = line.end;
        let behind = ast.comments.partition_point(|c| (c.start as usize) < opened);
        let Some(comment) = ast.comments.get(behind).filter(|c| (c.start as usize) < end) else { continue };
        let start = comment.start as usize;
        if goes_on(text, opened, end) {
            continue;
        }
        let is_open = block.body().is_none_or(|body| body.end as usize > start);
        if is_open && asked.replace(start) != Some(start) {
            out.extend(candidate(text, start, end.min(start + LONGEST)));
        }
    }
    out
}

/// Whether the block that is opened on a line goes on below: then nothing of it stands in the line's comment but what
/// somebody has commented out.
fn goes_on(text: &[u8], opened: usize, end: usize) -> bool {
    let indent_of = |line: &[u8]| line.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    let own = indent_of(&text[line_start(text, opened)..]);
    let mut lines = text[end..].split(|b| *b == b'\n').skip(1).take(LOOKED_AT);
    let Some(next) = lines.find(|line| !line.trim_ascii().is_empty()) else { return false };
    let indent = indent_of(next);
    // On the same height another block may follow, or what closes the one around it.
    indent > own || (indent == own && !next.contains(&b'{') && !next.trim_ascii().starts_with(b"}"))
}

/// A line of which everything behind its first comment was lost; what was lost may hold comments that took
/// something themselves.
fn candidate(text: &[u8], start: usize, end: usize) -> Option<Candidate> {
    let line = &text[line_start(text, start)..];
    let indent: String = line.iter().take_while(|b| matches!(b, b' ' | b'\t')).map(|b| char::from(*b)).collect();
    let ending = if text[..end].ends_with(b"\r") { "\r\n" } else { "\n" };
    let (mut mends, mut patch) = (Vec::new(), Vec::new());
    let mut comment = start;
    while let Some(at) = resumes(text, comment, end).filter(|_| mends.len() < super::MANY) {
        let blanks = text[comment..at].iter().rev().take_while(|b| matches!(b, b' ' | b'\t')).count();
        mends.push(Mend { span: span(at - blanks, at), text: format!("{ending}{indent}") });
        patch.push((at - 1, b'\n'));
        let Some(next) = parse(&text[at..end]).comments.first().map(|c| at + c.start as usize) else { break };
        comment = next;
    }
    let first = mends.first()?.span;
    let taken = &text[first.end as usize..end];
    let words = [&b"proxy_set_header"[..], b"proxy_http_version", b"http_upgrade"];
    let of_handshake = words.iter().any(|word| memchr::memmem::find(taken, word).is_some());
    let word = taken.iter().take_while(|b| !b.is_ascii_whitespace() && **b != b';').count();
    let about = Some(span(first.end as usize, first.end as usize + word));
    let kind = SlipKind::LostLineBreak { of_handshake };
    Some(Candidate { slip: Slip { span: span(start, first.start as usize), kind, mends, about }, patch })
}

/// Where a comment is none any more: at the first directive in it that nginx would take, or at the `}` of which
/// all the rest is made.
fn resumes(text: &[u8], start: usize, end: usize) -> Option<usize> {
    let comment = &text[start..end];
    let begins = |i: &usize| {
        let before = comment[i - 1];
        (before.is_ascii_whitespace() || !before.is_ascii()) && comment[*i].is_ascii_graphic()
    };
    let closes = |rest: &[u8]| rest.iter().all(|b| *b == b'}' || b.is_ascii_whitespace());
    let found = (1..comment.len()).filter(begins).find(|i| is_directive(&comment[*i..]) || closes(&comment[*i..]));
    found.map(|i| start + i)
}

/// Whether a text begins with a directive that nginx knows, with as many arguments as it takes.
fn is_directive(text: &[u8]) -> bool {
    let length = text.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    if lookup(&text[..length]) == Name::UNKNOWN {
        return false;
    }
    let ast = parse(&text[..text.len().min(LONGEST / 4)]);
    let first = ast.top().next();
    first.is_some_and(|directive| {
        let named = lookup(&text[directive.name().span().range()]);
        let block = directive.ending() == Ending::Block;
        let whole = block || directive.ending() == Ending::Semicolon;
        // Prose may begin with the name of a directive; behind it stands no other one, and nothing in Chinese.
        let is_value = |word: Word| {
            let text = &text[word.span().range()];
            lookup(text) == Name::UNKNOWN && (text.is_ascii() || word.kind() != WordKind::Bare)
        };
        let values = directive.args().iter().all(is_value);
        directive.name().kind() == WordKind::Bare && whole && values && fits(named, directive.args().len(), block)
    })
}
