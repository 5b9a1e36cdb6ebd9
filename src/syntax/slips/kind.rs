//! The kinds of slips, as a person would tell them apart.

/// What a hand did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SlipKind {
    /// A character that looks like a blank or like nothing, and belongs to a word for nginx.
    Invisible(char),
    /// A character that stands for `;`.
    OtherSemicolon(char),
    /// A character that stands for a brace.
    OtherBrace(char),
    /// The `;` behind a directive is missing.
    LostSemicolon,
    /// The blank between a directive, named here, and its argument is missing.
    LostBlank(&'static str),
    /// `=` between a name and a value, or another mark that other languages have there.
    Equals,
    /// The blank between a header and its value is missing.
    LostBlankBehindHeader,
    /// A blank between `$` and the name of a variable.
    SplitVariable,
    /// An address or a version that nginx refuses for how it is written, and what it was to be.
    Meant(String),
    /// A variable behind a backslash, and what it was to be.
    Guarded(String),
    /// A character that stands for another one.
    Instead(char, char),
    /// A comment of another language: what it begins with.
    ForeignComment(&'static str),
    /// Dots for what was left out.
    LeftOut,
    /// What lists, diffs and numbered lines put in front of a directive.
    Mark,
    /// The same in front of every line.
    Marks,
    /// The blank behind a quote is missing.
    LostBlankBehindQuote,
    /// Words that are no directive.
    Prose,
    /// A quote that is never closed.
    LostQuote(char),
    /// Quotes as HTML writes them.
    HtmlQuotes,
    /// `$` as HTML writes it.
    HtmlDollar,
    /// The `{` of a block is missing.
    LostOpen,
    /// A second `{`.
    DoubledOpen,
    /// The `}` of a block is missing.
    LostClose,
    /// A `;` behind which nothing ends, or a `}` too many.
    Surplus(char),
    /// The marks of a merge that nobody has finished.
    MergeConflict,
    /// A comment takes with it what was to stand on the next line.
    LostLineBreak {
        /// Settings that a handshake depends on are among it.
        of_handshake: bool,
    },
    /// The text around a configuration replaces a variable of nginx.
    Replaced {
        /// A shell does so; otherwise Compose.
        by_shell: bool,
    },
}

impl SlipKind {
    /// Whether nginx reads it, and refuses the value.
    pub fn is_of_value(&self) -> bool {
        matches!(self, SlipKind::Meant(_))
    }

    /// Whether it changes a word that the handshake depends on, or hides one.
    pub fn is_of_handshake(&self) -> bool {
        matches!(
            self,
            SlipKind::HtmlQuotes | SlipKind::LostLineBreak { of_handshake: true } | SlipKind::Replaced { .. }
        )
    }
}
