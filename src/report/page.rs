//! A Markdown page on a terminal: its paragraphs and lists fit the width, its code stays as it is.

use super::prose::wrap;

/// The page with lines of at most so many columns; code is never broken.
pub fn page(text: &str, columns: usize) -> String {
    let mut out = String::new();
    let mut paragraph = String::new();
    let mut in_code = false;
    for line in text.lines() {
        let is_fence = line.starts_with("```");
        let alone = in_code || is_fence || line.is_empty() || line.starts_with('#');
        if alone || marker(line) > 0 {
            flush(&mut paragraph, columns, &mut out);
        }
        if alone {
            out.push_str(line);
            out.push('\n');
        } else {
            if !paragraph.is_empty() {
                paragraph.push(' ');
            }
            paragraph.push_str(line.trim_start());
        }
        in_code ^= is_fence;
    }
    flush(&mut paragraph, columns, &mut out);
    out
}

/// The width of what makes a line an item of a list: `- `, `12. `.
fn marker(line: &str) -> usize {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    match (digits, &line[digits..]) {
        (0, rest) if rest.starts_with("- ") => 2,
        (1.., rest) if rest.starts_with(". ") => digits + 2,
        _ => 0,
    }
}

/// A paragraph or an item, the lines behind the first below its text.
fn flush(paragraph: &mut String, columns: usize, out: &mut String) {
    if paragraph.is_empty() {
        return;
    }
    let indent = marker(paragraph);
    let (head, body) = paragraph.split_at(indent);
    for (i, line) in wrap(body, columns.saturating_sub(indent).max(10)).iter().enumerate() {
        let before = if i == 0 { head.to_owned() } else { " ".repeat(indent) };
        out.push_str(&before);
        out.push_str(line);
        out.push('\n');
    }
    paragraph.clear();
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn prose_fits_the_width_and_code_stays() {
        let text = "# A title that is longer than the width\n\none two three four five\nsix\n\n10. an item that goes on\n\n```nginx\nlocation /a/long/one { }\n\n```\n- last";
        let want = "# A title that is longer than the width\n\none two three four\nfive six\n\n10. an item that\n    goes on\n\n```nginx\nlocation /a/long/one { }\n\n```\n- last\n";
        assert_eq!(page(text, 20), want);
    }
}
