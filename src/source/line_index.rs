//! From byte offsets to lines and columns.

/// Where each line of a file begins. Lines end at LF only, as nginx counts them.
#[derive(Debug)]
pub struct LineIndex {
    starts: Vec<u32>,
}

impl LineIndex {
    /// Reads the line starts of a file.
    pub fn new(bytes: &[u8]) -> LineIndex {
        let mut starts = vec![0];
        starts.extend(memchr::memchr_iter(b'\n', bytes).map(|i| i as u32 + 1));
        LineIndex { starts }
    }

    /// The line that holds this offset, from 0.
    pub fn line(&self, offset: u32) -> usize {
        self.starts.partition_point(|&s| s <= offset) - 1
    }

    /// How many lines there are; a file that ends in LF has an empty last one.
    pub fn count(&self) -> usize {
        self.starts.len()
    }

    /// The bytes of a line (from 0), its LF not included.
    pub fn line_range(&self, line: usize, bytes: &[u8]) -> std::ops::Range<usize> {
        let start = self.starts[line] as usize;
        let end = self.starts.get(line + 1).map_or(bytes.len(), |&next| next as usize - 1);
        start..end
    }

    /// Line and column of an offset, both from 1; the column counts Unicode characters,
    /// a byte that is no UTF-8 counts as one.
    pub fn line_column(&self, offset: u32, bytes: &[u8]) -> (usize, usize) {
        let line = self.line(offset);
        let start = self.starts[line] as usize;
        (line + 1, 1 + characters(&bytes[start..(offset as usize).min(bytes.len())]))
    }
}

#[cfg(feature = "server")]
/// What an editor counts columns in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// Units of UTF-16, as most editors do: an emoji is two.
    Utf16,
    /// Characters.
    Utf32,
}

#[cfg(feature = "server")]
impl Encoding {
    /// How wide a character is.
    fn width(self, c: char) -> usize {
        match self {
            Encoding::Utf8 => c.len_utf8(),
            Encoding::Utf16 => c.len_utf16(),
            Encoding::Utf32 => 1,
        }
    }
}

#[cfg(feature = "server")]
impl LineIndex {
    /// Line and column of an offset as editors want them, both from 0. An offset within a character, or
    /// between CR and LF, counts as the place before it.
    pub fn position(&self, offset: u32, bytes: &[u8], encoding: Encoding) -> (usize, usize) {
        let offset = (offset as usize).min(bytes.len());
        let line = self.line(offset as u32);
        let text = self.without_end(line, bytes);
        let before = offset.saturating_sub(self.starts[line] as usize);
        let column = steps(text, encoding).take_while(|step| step.end <= before).map(|step| step.width).sum();
        (line, column)
    }

    /// The offset of such a position. What lies behind the end of its line is that end, and what lies behind
    /// the last line is the end of the file, as the protocol wants it.
    pub fn offset(&self, line: usize, column: usize, bytes: &[u8], encoding: Encoding) -> usize {
        if line >= self.count() {
            return bytes.len();
        }
        let mut left = column;
        let fits = |step: &Step| {
            let rest = left.checked_sub(step.width);
            left = rest.unwrap_or(left);
            rest.is_some()
        };
        let passed = steps(self.without_end(line, bytes), encoding).take_while(fits).last();
        self.starts[line] as usize + passed.map_or(0, |step| step.end)
    }

    /// A line without LF or CR LF.
    fn without_end<'b>(&self, line: usize, bytes: &'b [u8]) -> &'b [u8] {
        let text = &bytes[self.line_range(line, bytes)];
        text.strip_suffix(b"\r").filter(|_| self.starts.get(line + 1).is_some()).unwrap_or(text)
    }
}

#[cfg(feature = "server")]
/// A character of a line: where it ends, in bytes from the line's start, and how wide it is.
struct Step {
    end: usize,
    width: usize,
}

#[cfg(feature = "server")]
/// The characters of a line; an ill-formed sequence is one U+FFFD, or so many bytes.
fn steps(line: &[u8], encoding: Encoding) -> impl Iterator<Item = Step> {
    let mut end = 0;
    let chars = line.utf8_chunks().flat_map(move |chunk| {
        let bad = chunk.invalid().len();
        let bad_width = if encoding == Encoding::Utf8 { bad } else { 1 };
        let good = chunk.valid().chars().map(move |c| (c.len_utf8(), encoding.width(c)));
        good.chain((bad > 0).then_some((bad, bad_width)))
    });
    chars.map(move |(len, width)| {
        end += len;
        Step { end, width }
    })
}

/// How many characters these bytes show as, each ill-formed sequence as one U+FFFD.
fn characters(bytes: &[u8]) -> usize {
    bytes.utf8_chunks().map(|c| c.valid().chars().count() + usize::from(!c.invalid().is_empty())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let text = "a\n\t域名 \"x\"\n".as_bytes();
        let index = LineIndex::new(text);
        let quote = text.iter().position(|&b| b == b'"').unwrap() as u32;
        assert_eq!(index.line_column(0, text), (1, 1));
        assert_eq!(index.line_column(2, text), (2, 1));
        assert_eq!(index.line_column(quote, text), (2, 5));
        assert_eq!(index.line_column(text.len() as u32, text), (3, 1));
        assert_eq!(index.line_range(1, text), 2..text.len() - 1);
    }

    #[cfg(feature = "server")]
    #[test]
    fn positions_of_editors_go_both_ways() {
        let text = "a\r\n\t域名😀\"x\"\r\n\r\nlast".as_bytes();
        let index = LineIndex::new(text);
        let quote = text.iter().position(|&b| b == b'"').unwrap();
        for (encoding, column) in [(Encoding::Utf8, 11), (Encoding::Utf16, 5), (Encoding::Utf32, 4)] {
            assert_eq!(index.position(quote as u32, text, encoding), (1, column));
            assert_eq!(index.offset(1, column, text, encoding), quote);
            // Every place of the file that is one comes back; CR LF is no place to be between.
            for offset in 0..=text.len() {
                let inside = std::str::from_utf8(text).is_ok_and(|t| !t.is_char_boundary(offset));
                let (line, column) = index.position(offset as u32, text, encoding);
                let back = index.offset(line, column, text, encoding);
                match inside || text[..offset].ends_with(b"\r") {
                    true => assert!(back < offset),
                    false => assert_eq!(back, offset),
                }
            }
            assert_eq!(index.offset(0, 99, text, encoding), 1);
            assert_eq!(index.offset(99, 0, text, encoding), text.len());
        }
        // Half an emoji is none of it.
        assert_eq!(index.offset(1, 4, text, Encoding::Utf16), quote - "😀".len());
    }

    #[test]
    fn bytes_that_are_no_utf8_count_as_one_each() {
        let text = b"\xff\xfex";
        assert_eq!(LineIndex::new(text).line_column(2, text), (1, 3));
    }
}
