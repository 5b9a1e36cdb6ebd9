//! The scalars of YAML that may hold lines (YAML 1.2.2, sections 7.3.1 and 8.1), by a scan of lines: whatever
//! else YAML can do decides nothing about where a block scalar begins and ends.

use std::ops::Range;

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `|`
    Literal,
    /// `>`
    Folded,
    /// `"…"` or `'…'`, in one line or over several.
    Quoted(u8),
    /// A word or words, in one line or over several.
    Plain,
}

/// A key, or an entry of a list, with the scalar behind it.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Which document of the file.
    pub document: usize,
    /// The keys around it from the outside in; its own is the last. `[n]` is an entry of a list.
    pub path: Vec<String>,
    /// The offset of its line.
    pub line: usize,
    pub style: Style,
    /// The lines without their indentation, or what stands between the quotes.
    pub lines: Vec<Range<usize>>,
}

impl Entry {
    pub(super) fn key(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }

    /// The keys around it.
    pub(super) fn around(&self) -> &[String] {
        &self.path[..self.path.len().saturating_sub(1)]
    }

    pub(super) fn text(&self, bytes: &[u8]) -> String {
        let text: Vec<u8> = self.lines.iter().flat_map(|line| &bytes[line.clone()]).copied().collect();
        String::from_utf8_lossy(&text).into_owned()
    }
}

/// A key that is open: its column, its name, and how many entries of a list it had.
struct Level {
    column: usize,
    name: String,
    is_list: bool,
    count: usize,
}

/// All keys of a file that have a scalar.
pub(super) fn entries(bytes: &[u8]) -> Vec<Entry> {
    let all: Vec<Range<usize>> = super::lines(bytes).collect();
    let mut out = Vec::new();
    let mut stack: Vec<Level> = Vec::new();
    let mut document = 0;
    let mut at = 0;
    while at < all.len() {
        let line = all[at].clone();
        let text = &bytes[line.clone()];
        at += 1;
        if text.starts_with(b"---") || text.starts_with(b"...") {
            document += 1;
            stack.clear();
            continue;
        }
        let bare = text.trim_ascii();
        if bare.is_empty() || bare.starts_with(b"#") || bare.starts_with(b"{{") || bare.starts_with(b"{%") {
            continue;
        }
        let (column, value) = open(text, &mut stack);
        let Some(value) = value else { continue };
        let path = || stack.iter().map(|level| level.name.clone()).collect::<Vec<_>>();
        let rest = &text[value..];
        let entry =
            |style: Style, lines: Vec<Range<usize>>| Entry { document, path: path(), line: line.start, style, lines };
        if let Some((style, indicator)) = block_header(rest) {
            let (lines, next) = body(bytes, &all, at, column, indicator);
            at = next;
            out.push(entry(style, lines));
        } else if let Some(members) = members(rest) {
            let start = line.start + value;
            for (name, inside) in members {
                let path = path().into_iter().chain([name]).collect();
                let lines = std::iter::once(start + inside.start..start + inside.end).collect();
                out.push(Entry { document, path, line: line.start, style: Style::Plain, lines });
            }
        } else if let Some((style, lines, next)) = long_flow(bytes, &all, at, column, line.start + value) {
            at = next;
            out.push(entry(style, lines));
        } else if let Some((style, inside)) = flow(rest) {
            let start = line.start + value;
            out.push(entry(style, std::iter::once(start + inside.start..start + inside.end).collect()));
        }
    }
    out
}

/// Opens what a line opens; the column of the innermost, and where its value begins.
fn open(text: &[u8], stack: &mut Vec<Level>) -> (usize, Option<usize>) {
    let mut at = super::indentation(text);
    // Each `- ` is a list, whose entry may be a mapping.
    while text.get(at) == Some(&b'-') && text.get(at + 1).is_none_or(u8::is_ascii_whitespace) {
        // A list may stand in the column of its key.
        while stack.last().is_some_and(|level| level.column > at) {
            stack.pop();
        }
        match stack.last_mut().filter(|level| level.is_list && level.column == at) {
            Some(list) => list.count += 1,
            None => stack.push(Level { column: at, name: String::new(), is_list: true, count: 0 }),
        }
        if let Some(list) = stack.last_mut() {
            list.name = format!("[{}]", list.count);
        }
        let blanks = text[at + 1..].iter().take_while(|b| **b == b' ').count();
        let next = at + 1 + blanks;
        if key(&text[next..]).is_none() && text.get(next) != Some(&b'-') {
            return (at, Some(next));
        }
        at = next;
    }
    let Some((name, length)) = key(&text[at..]) else { return (at, None) };
    while stack.last().is_some_and(|level| level.column >= at) {
        stack.pop();
    }
    stack.push(Level { column: at, name, is_list: false, count: 0 });
    let blanks = text[at + length..].iter().take_while(|b| **b == b' ').count();
    (at, Some(at + length + blanks))
}

/// `key:`, `"key":`: the key, and the length with its colon.
fn key(text: &[u8]) -> Option<(String, usize)> {
    let quote = *text.first()?;
    let (name, length) = if matches!(quote, b'"' | b'\'') {
        let end = memchr::memchr(quote, &text[1..])? + 1;
        (&text[1..end], end + 1)
    } else {
        let end = (0..text.len()).find(|i| text[*i] == b':' && text.get(i + 1).is_none_or(u8::is_ascii_whitespace))?;
        (&text[..end], end)
    };
    let good = text.get(length) == Some(&b':') && !name.is_empty() && !name.starts_with(b"#") && name.len() < 256;
    let plain = !matches!(quote, b'|' | b'>' | b'{' | b'[' | b'&' | b'*' | b'!');
    (good && plain).then(|| (String::from_utf8_lossy(name).trim().to_owned(), length + 1))
}

/// `|`, `>-`, `|2+`, with a tag or an anchor in front and a comment behind: the style, and the indentation
/// that it names.
fn block_header(mut rest: &[u8]) -> Option<(Style, Option<usize>)> {
    rest = rest.trim_ascii();
    while matches!(rest.first(), Some(b'&' | b'!')) {
        let end = rest.iter().position(u8::is_ascii_whitespace)?;
        rest = rest[end..].trim_ascii_start();
    }
    let style = match rest.first()? {
        b'|' => Style::Literal,
        b'>' => Style::Folded,
        _ => return None,
    };
    let mut indicator = None;
    let mut at = 1;
    while let Some(byte) = rest.get(at).filter(|b| !b.is_ascii_whitespace()) {
        match byte {
            b'+' | b'-' => {}
            b'1'..=b'9' if indicator.is_none() => indicator = Some(usize::from(byte - b'0')),
            _ => return None,
        }
        at += 1;
    }
    let behind = rest[at..].trim_ascii();
    (at <= 3 && (behind.is_empty() || behind.starts_with(b"#"))).then_some((style, indicator))
}

/// The lines of a block scalar whose key stands in a column, and the line behind it. A template's own lines
/// may stand further left.
fn body(
    bytes: &[u8],
    all: &[Range<usize>],
    from: usize,
    column: usize,
    indicator: Option<usize>,
) -> (Vec<Range<usize>>, usize) {
    let mut indent = indicator.map(|n| column + n);
    let mut at = from;
    // Behind this line nothing of the scalar has been seen yet.
    let mut last = from;
    while let Some(line) = all.get(at) {
        let text = &bytes[line.clone()];
        let (lead, bare) = (super::indentation(text), text.trim_ascii());
        let is_tag = bare.starts_with(b"{{") || bare.starts_with(b"{%");
        if bare.is_empty() || (is_tag && indent.is_none_or(|indent| lead < indent)) {
            at += 1;
            continue;
        }
        let indent = *indent.get_or_insert(lead.max(column + 1));
        if lead < indent {
            break;
        }
        at += 1;
        last = at;
    }
    let indent = indent.unwrap_or(column + 1);
    let cut = |line: &Range<usize>| {
        let lead = super::indentation(&bytes[line.clone()]).min(indent);
        (line.start + lead).min(line.end)..line.end
    };
    (all[from..last].iter().map(cut).collect(), last)
}

/// What stands in `{name: x, path: y}`, as far as these are words.
fn members(rest: &[u8]) -> Option<Vec<(String, Range<usize>)>> {
    let text = rest.trim_ascii_end();
    if text.starts_with(b"{{") || !text.starts_with(b"{") || !text.ends_with(b"}") {
        return None;
    }
    let mut out = Vec::new();
    let mut start = 1;
    for end in memchr::memchr_iter(b',', text).chain([text.len() - 1]) {
        let part = &text[start..end];
        let from = start + part.len() - part.trim_ascii_start().len();
        start = end + 1;
        let Some((name, length)) = key(&text[from..end]) else { continue };
        let value = &text[from + length..end];
        let bare = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'');
        let lead = value.iter().take_while(|b| bare(b)).count();
        let tail = value[lead..].iter().rev().take_while(|b| bare(b)).count();
        out.push((name, from + length + lead..end - tail));
    }
    Some(out)
}

/// A scalar without `|` and `>` that goes on over the next lines, as far as they stand further to the right than
/// its key does; and the line behind it.
fn long_flow(
    bytes: &[u8],
    all: &[Range<usize>],
    from: usize,
    column: usize,
    start: usize,
) -> Option<(Style, Vec<Range<usize>>, usize)> {
    let first = all.get(from.checked_sub(1)?)?;
    let rest = &bytes[start..first.end];
    let quote = rest.first().copied().filter(|b| matches!(b, b'"' | b'\''));
    let mut lines = Vec::new();
    match quote {
        Some(quote) if closing(&rest[1..], quote).is_none() => lines.push(start + 1..first.end),
        None if matches!(flow(rest), Some((Style::Plain, _))) => lines.push(start..first.end),
        _ => return None,
    }
    for (number, line) in all.iter().enumerate().skip(from) {
        let text = &bytes[line.clone()];
        let lead = text.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        let bare = text.trim_ascii();
        let inside = bare.is_empty() || lead > column;
        match quote {
            _ if !inside => return (quote.is_none() && lines.len() > 1).then_some((Style::Plain, lines, number)),
            Some(quote) => match closing(&text[lead..], quote) {
                Some(end) => {
                    let behind = text[lead + end + 1..].trim_ascii();
                    lines.push(line.start + lead..line.start + lead + end);
                    let ends = behind.is_empty() || behind.starts_with(b"#");
                    return ends.then_some((Style::Quoted(quote), lines, number + 1));
                }
                None => lines.push((line.start + lead).min(line.end)..line.end),
            },
            None if bare.is_empty() || bare.starts_with(b"#") => {
                return (lines.len() > 1).then_some((Style::Plain, lines, number));
            }
            None => lines.push(line.start + lead..line.end),
        }
    }
    (quote.is_none() && lines.len() > 1).then_some((Style::Plain, lines, all.len()))
}

/// Where the quote that is open ends.
fn closing(text: &[u8], quote: u8) -> Option<usize> {
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'\\' if quote == b'"' => at += 2,
            byte if byte != quote => at += 1,
            b'\'' if text.get(at + 1) == Some(&b'\'') => at += 2,
            _ => return Some(at),
        }
    }
    None
}

/// A scalar in one line: what stands between its quotes, or the words.
fn flow(rest: &[u8]) -> Option<(Style, Range<usize>)> {
    let first = *rest.first()?;
    if first == b'"' || first == b'\'' {
        let at = closing(&rest[1..], first).map_or(rest.len(), |end| end + 1);
        let closed = at < rest.len() && rest[at + 1..].trim_ascii().first().is_none_or(|b| matches!(b, b'#' | b','));
        return closed.then_some((Style::Quoted(first), 1..at));
    }
    let text = rest.trim_ascii_end();
    let end = memchr::memmem::find(text, b" #").unwrap_or(text.len());
    let plain = rest.starts_with(b"{{") || !matches!(first, b'{' | b'[' | b'&' | b'*' | b'!' | b'#');
    (plain && end > 0).then_some((Style::Plain, 0..end))
}
