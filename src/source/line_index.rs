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

    #[test]
    fn bytes_that_are_no_utf8_count_as_one_each() {
        let text = b"\xff\xfex";
        assert_eq!(LineIndex::new(text).line_column(2, text), (1, 3));
    }
}
