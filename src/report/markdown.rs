//! Text of others in Markdown: no markup and no HTML hides in it, and code spans stay what they are.

use super::escaped;

/// A line of running text.
pub fn inline(text: &str) -> String {
    quoted(text, false)
}

/// A cell of a table, in which a `|` ends the cell wherever it stands (GitHub Flavored Markdown, 4.10).
pub fn cell(text: &str) -> String {
    quoted(text, true)
}

/// A code span begins and ends with backticks of the same number (CommonMark 6.1); what stands in one is
/// neither markup nor HTML, and a backslash there is seen.
fn quoted(text: &str, in_table: bool) -> String {
    let text = escaped(text, false);
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(first) = rest.find('`') {
        plain(&rest[..first], &mut out);
        let ticks = rest[first..].bytes().take_while(|b| *b == b'`').count();
        let inner = &rest[first + ticks..];
        let Some(length) = closing(inner, ticks) else {
            out.push_str(&"\\`".repeat(ticks));
            rest = inner;
            continue;
        };
        let span = &rest[first..first + ticks + length + ticks];
        out.push_str(&if in_table { span.replace('|', "\\|") } else { span.to_owned() });
        rest = &inner[length + ticks..];
    }
    plain(rest, &mut out);
    out
}

/// Where the backticks begin that close a span.
fn closing(text: &str, ticks: usize) -> Option<usize> {
    let mut at = 0;
    loop {
        let start = at + text[at..].find('`')?;
        let count = text[start..].bytes().take_while(|b| *b == b'`').count();
        if count == ticks {
            return Some(start);
        }
        at = start + count;
    }
}

fn plain(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '|' | '*' | '_' | '[' | ']' | '\\' | '#' | '!' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{cell, inline};

    #[test]
    fn nothing_hides_in_text_and_code_spans_stay_as_they_are() {
        for (text, as_cell, as_line) in [
            ("a|b<script>[x](y)", "a\\|b&lt;script&gt;\\[x\\](y)", "a\\|b&lt;script&gt;\\[x\\](y)"),
            ("`$http_upgrade` it", "`$http_upgrade` it", "`$http_upgrade` it"),
            ("`a|b` a_b", "`a\\|b` a\\_b", "`a|b` a\\_b"),
            ("`a`<b>`", "`a`&lt;b&gt;\\`", "`a`&lt;b&gt;\\`"),
            ("``a`b`` `<i>", "``a`b`` \\`&lt;i&gt;", "``a`b`` \\`&lt;i&gt;"),
        ] {
            assert_eq!(cell(text), as_cell, "{text}");
            assert_eq!(inline(text), as_line, "{text}");
        }
    }
}
