//! Sentences on lines of a width: a terminal's columns, Latin words, and Chinese, which breaks anywhere
//! but before its punctuation.

use textwrap::core::{Word, display_width};
use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};

/// Columns that a text takes: wide characters take two.
pub(crate) fn width(text: &str) -> usize {
    display_width(text)
}

/// A text with as many spaces behind it as fill so many columns.
pub(crate) fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// A text on lines of at most so many columns. A word that is longer stays whole: paths and commands are
/// copied.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let options = Options::new(columns)
        .word_separator(WordSeparator::Custom(words))
        .word_splitter(WordSplitter::NoHyphenation)
        .wrap_algorithm(WrapAlgorithm::FirstFit)
        .break_words(false);
    textwrap::wrap(text, options).into_iter().map(|line| line.into_owned()).collect()
}

/// The same, with something in front of every line but the first.
pub(crate) fn wrap_indented(text: &str, columns: usize, indent: &str) -> Vec<String> {
    let mut lines = wrap(text, columns);
    if lines.len() > 1 {
        // A line more, rather than one that is too long.
        lines = wrap(text, columns.saturating_sub(width(indent)).max(20));
        lines.iter_mut().skip(1).for_each(|line| line.insert_str(0, indent));
    }
    lines
}

/// Where Unicode (UAX #14) lets a line end: at spaces, and beside wide characters. It would also break
/// URLs and paths at their slashes.
fn words(line: &str) -> Box<dyn Iterator<Item = Word<'_>> + '_> {
    let is_wide = |c: Option<char>| c.is_some_and(|c| display_width(c.encode_utf8(&mut [0; 4])) > 1);
    let mut pieces = WordSeparator::UnicodeBreakProperties.find_words(line).peekable();
    let mut start = 0;
    let mut end = 0;
    Box::new(std::iter::from_fn(move || {
        while let Some(piece) = pieces.next() {
            end += piece.word.len() + piece.whitespace.len();
            let (before, behind) = (line[..end].chars().next_back(), line[end..].chars().next());
            let breaks = before == Some(' ') || is_wide(before) || is_wide(behind);
            if breaks || pieces.peek().is_none() {
                let word = Word::from(&line[start..end]);
                start = end;
                return Some(word);
            }
        }
        None
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_no_longer_than_asked_and_hold_all_words() {
        let text = "`proxy_pass http://127.0.0.1:3000/a/path/that/is/long;` is sent  (as it stands)";
        assert_eq!(wrap(text, 200), [text]);
        assert_eq!(wrap("one two  three", 9), ["one two", "three"]);
        assert_eq!(wrap("a http://example.com/a/b/c d", 10), ["a", "http://example.com/a/b/c", "d"]);
        assert_eq!(wrap("no-websocket yes", 4), ["no-websocket", "yes"]);
        assert_eq!(wrap("", 10), [""]);
    }

    #[test]
    fn no_line_begins_with_what_closes() {
        let text = "后端（例如 Grafana、Jupyter）会比较 `Host` 与 `Origin`；不同时返回 403。怎么办？加上它！\
                    见：“文档”，或运行 `wslint explain 403`。旧标点:如此;也如此,结束.";
        for columns in 2..80 {
            for line in wrap(text, columns) {
                let first = line.chars().next();
                assert!(!first.is_some_and(|c| "。，；：）！？、”:;,.".contains(c)), "{columns}: {line}");
                assert!(!line.ends_with(['（', '“']), "{columns}: {line}");
            }
            let whole: String = wrap(text, columns).concat();
            assert_eq!(whole.replace(' ', ""), text.replace(' ', ""), "{columns}");
        }
        assert!(wrap(text, 20).iter().all(|line| width(line) <= 20));
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!((width("后端"), width("a…é"), padded("后端", 6).as_str()), (4, 3, "后端  "));
    }
}
