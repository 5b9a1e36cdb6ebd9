//! The report for a terminal: the place, the labels that tell the story, why, what to do.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io;

use anstyle::Style;
use miette::{
    Diagnostic as _, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode,
    SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};

use super::paint::{BAD, DOUBTFUL, HINT, STRONG, paint};
use super::plain::is_dangerous;
use super::{Report, escaped, prose};
use crate::diagnostic::{Applicability, Diagnostic, Label, Severity};
use crate::i18n::Lang;
use crate::rules;
use crate::source::{FileId, LineIndex, SourceFile, Span};
use crate::text;

/// How a report looks.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// With colour.
    pub color: bool,
    /// Columns for sentences.
    pub width: usize,
    /// Columns for titles, labels and last lines. Nothing on a terminal is wider than it is; a script looks for
    /// them in one line.
    pub line: usize,
    /// The terminal makes links of what is marked as one.
    pub links: bool,
}

impl Look {
    /// A text that leads somewhere, where the terminal can do that (OSC 8).
    pub(crate) fn link(self, url: &str, text: &str) -> String {
        if self.links { format!("\x1b]8;;{url}\x1b\\{text}\x1b]8;;\x1b\\") } else { text.to_owned() }
    }
}

/// So many findings without evidence are shown whole; the rest take one line each.
const WHOLE: usize = 5;
/// A line longer than this is named, not shown.
const MAX_LINE: usize = 1_000;
/// A label has so many columns, where the terminal has them.
const ROOM: usize = 28;
/// On a narrow terminal it has at least so many.
const LEAST: usize = 12;

/// What is worked out once for many findings.
#[derive(Default)]
struct Pen<'a> {
    views: HashMap<FileId, View<'a>>,
    /// Texts in lines of a width.
    wrapped: HashMap<(usize, String), Vec<String>>,
}

/// The findings, without the summary.
///
/// # Errors
/// Those of `out`.
pub fn human(report: &Report<'_>, look: Look, out: &mut dyn io::Write) -> io::Result<()> {
    // One finding at a time.
    let mut text = String::new();
    let mut pen = Pen::default();
    let mut weak = 0;
    let mut shown = report.shown().peekable();
    while let Some(found) = shown.next() {
        let mut others = Vec::new();
        while let Some(next) = shown.next_if(|next| rules::is_told_with(found, next)) {
            others.push(next);
        }
        let together = (!others.is_empty()).then(|| rules::told_together(found, &others));
        let found = together.as_ref().unwrap_or(found);
        let without_evidence = found.rule == "upgrade-not-forwarded" && found.severity == Severity::Warning;
        weak += usize::from(without_evidence);
        if without_evidence && weak > WHOLE {
            one_line(&mut text, report, found, look);
        } else {
            whole(&mut text, report, found, look, &mut pen);
            text.push('\n');
        }
        out.write_all(text.as_bytes())?;
        text.clear();
    }
    if weak > WHOLE {
        let text = text!(
            "Nothing says that these carry WebSocket. If they do not: `--evidence likely`, or `# wslint: no-websocket` on the server.",
            "没有迹象表明上面这些只占一行的 location 用于 WebSocket。如果确实不是：使用 `--evidence likely`，或在 server 上写 `# wslint: no-websocket`。"
        );
        writeln!(out, "\n{}\n", prose::wrap(text.get(report.lang), look.line).join("\n"))?;
    }
    Ok(())
}

/// A line that begins with severity and rule; what does not fit stands below, indented.
fn headline(out: &mut String, look: Look, lang: Lang, found: &Diagnostic, rest: &str, style: Style) {
    let (rule, word) = (found.rule, found.severity.word(lang));
    let head = format!("{word}[{rule}]");
    let color = match found.severity {
        Severity::Error => BAD,
        Severity::Warning => DOUBTFUL,
        Severity::Advice => HINT,
    };
    let painted = look.link(&rule_page(rule, lang), &paint(look, color, &head));
    // The head is one word for the lines, whatever it is written in.
    let taken = "x".repeat(prose::width(&head));
    let indented = prose::wrap_indented(&format!("{taken}{rest}"), look.line, "  ");
    for (i, line) in indented.iter().enumerate() {
        let text = line.strip_prefix(&taken).filter(|_| i == 0);
        let (head, text) =
            if text.is_some() { (painted.as_str(), text.unwrap_or_default()) } else { ("", line.as_str()) };
        let mark = text.len() - text.trim_start_matches([':', '：', ' ']).len();
        let _ = writeln!(out, "{head}{}{}", &text[..mark], paint(look, style, &text[mark..]));
    }
}

/// Where a rule is explained.
pub(super) fn rule_page(rule: &str, lang: Lang) -> String {
    let docs = if lang == Lang::Zh { super::item::DOCS_ZH } else { super::item::DOCS };
    format!("{docs}{rule}.md")
}

fn one_line(out: &mut String, report: &Report<'_>, found: &Diagnostic, look: Look) {
    let file = report.sources.get(found.primary.place.file);
    let (line, column) = file.lines().line_column(found.primary.place.span.start, &file.bytes);
    let path = escaped(&file.path.display().to_string(), false);
    let message = escaped(found.message.get(report.lang), false);
    headline(out, look, report.lang, found, &format!(" {path}:{line}:{column}  {message}"), Style::new());
}

fn whole<'a>(out: &mut String, report: &Report<'a>, found: &Diagnostic, look: Look, pen: &mut Pen<'a>) {
    let lang = report.lang;
    let message = escaped(found.message.get(lang), false);
    headline(out, look, lang, found, &format!("{}{message}", words(lang, ": ", "：")), STRONG);
    // The primary's file first, then the others in the order in which the labels name them. A label that ends in dots
    // begins the sentence that the primary's ends, wherever it stands.
    let begins = |label: &&Label| label.place.file != found.primary.place.file && label.text.en.ends_with('…');
    let first = found.labels.iter().filter(begins).chain([&found.primary]);
    let mut groups: Vec<(FileId, Vec<&Label>)> = Vec::new();
    for label in first.chain(found.labels.iter().filter(|l| !begins(l))) {
        match groups.iter_mut().find(|(f, _)| *f == label.place.file) {
            Some((_, labels)) => labels.push(label),
            None => groups.push((label.place.file, vec![label])),
        }
    }
    for (file, labels) in groups {
        let source = report.sources.get(file);
        let view = pen.views.entry(file).or_insert_with(|| View::new(source));
        snippet(out, view, source, &labels, lang, look);
    }
    let mut note = |name: &str, text: &str| {
        if !text.is_empty() {
            let width = look.width.saturating_sub(prose::width(name) + 5).max(20);
            // Thousands of findings have the same few reasons.
            let lines = match pen.wrapped.get(&(width, text.to_owned())) {
                Some(lines) => lines,
                None => {
                    let lines = prose::wrap(&escaped(text, false), width);
                    pen.wrapped.entry((width, text.to_owned())).or_insert(lines)
                }
            };
            for (i, line) in lines.iter().enumerate() {
                let head = if i == 0 { paint(look, HINT, name) } else { " ".repeat(prose::width(name)) };
                let _ = writeln!(out, "  {head}   {line}");
            }
        }
    };
    let block = report.sources.get(found.primary.place.file).block.as_deref();
    // Where a fence begins is seen from the line.
    let named = block.filter(|name| !name.bytes().all(|b| b.is_ascii_digit()));
    note(words(lang, "in", "位置"), named.unwrap_or_default());
    note(words(lang, "why", "原因"), found.why.get(lang));
    match &found.fix {
        Some(fix) => {
            let title = found.help.get(lang);
            let safety = match fix.applicability {
                Applicability::Safe => words(lang, "safe", "安全"),
                Applicability::Unsafe => words(
                    lang,
                    "unsafe: see it with `--diff --unsafe-fixes`",
                    "不安全：用 `--diff --unsafe-fixes` 查看",
                ),
            };
            let title = text!("{title}  ({safety})", "{title}（{safety}）");
            note(words(lang, "fix", "修复"), title.get(lang));
            if let Some(more) = &fix.note {
                note(words(lang, "   ", "    "), more.get(lang));
            }
        }
        None => note(words(lang, "fix", "修复"), found.help.get(lang)),
    }
}

fn words<'w>(lang: Lang, en: &'w str, zh: &'w str) -> &'w str {
    match lang {
        Lang::En => en,
        Lang::Zh => zh,
    }
}

/// A file as it may be shown: valid UTF-8, control characters escaped.
struct View<'a> {
    name: String,
    text: Cow<'a, str>,
    lines: LineIndex,
    /// Old offset, new offset: after each place that was replaced. Empty where nothing was.
    shifts: Vec<(u32, u32)>,
}

impl<'a> View<'a> {
    fn new(file: &'a SourceFile) -> View<'a> {
        let name = escaped(&file.path.display().to_string(), false);
        // A line break may be CRLF, which miette would count on its own; a CR elsewhere would take the cursor back
        // to the start of the line.
        let hides = |c: char, _: Option<&u8>| !matches!(c, '\n' | '\t') && is_dangerous(c);
        let breaks = |c: char, next: Option<&u8>| c == '\r' && next == Some(&b'\n');
        let behind = |at: usize, c: char| file.bytes.get(at + c.len_utf8());
        if let Ok(text) = std::str::from_utf8(&file.bytes)
            && !text.char_indices().any(|(i, c)| hides(c, behind(i, c)))
        {
            return View { name, text: Cow::Borrowed(text), lines: LineIndex::new(&file.bytes), shifts: Vec::new() };
        }
        let mut text = String::with_capacity(file.bytes.len());
        let mut shifts = Vec::new();
        let mut old = 0;
        for chunk in file.bytes.utf8_chunks() {
            for c in chunk.valid().chars() {
                if breaks(c, behind(old as usize, c)) {
                    shifts.push((old + 1, text.len() as u32));
                } else if hides(c, behind(old as usize, c)) {
                    text.push_str(&escaped(c.encode_utf8(&mut [0; 4]), false));
                    shifts.push((old + c.len_utf8() as u32, text.len() as u32));
                } else {
                    text.push(c);
                }
                old += c.len_utf8() as u32;
            }
            if !chunk.invalid().is_empty() {
                text.push('\u{fffd}');
                old += chunk.invalid().len() as u32;
                shifts.push((old, text.len() as u32));
            }
        }
        let lines = LineIndex::new(text.as_bytes());
        View { name, text: Cow::Owned(text), lines, shifts }
    }

    /// The start of the character that stands there: a span may begin within one.
    fn whole(&self, at: usize) -> usize {
        (0..=at).rev().find(|&at| self.text.is_char_boundary(at)).unwrap_or(0)
    }

    /// Digits of the largest line number that labels need.
    fn line_digits(&self, labels: &[&Label]) -> usize {
        let lines = labels.iter().map(|l| self.lines.line(self.offset(l.place.span.start) as u32) + 1);
        lines.max().unwrap_or(1).to_string().len()
    }

    fn offset(&self, old: u32) -> usize {
        let at = self.shifts.partition_point(|(o, _)| *o <= old);
        let new = match at.checked_sub(1).map(|i| self.shifts[i]) {
            Some((o, n)) => n + (old - o),
            None => old,
        };
        (new as usize).min(self.text.len())
    }
}

impl SourceCode for View<'_> {
    /// The lines of a span, found by the line index: the stock implementation reads the whole file.
    fn read_span<'s>(
        &'s self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'s> + 's>, MietteError> {
        let bytes = self.text.as_bytes();
        let first = self.lines.line(span.offset() as u32).saturating_sub(before);
        let end = (span.offset() + span.len().saturating_sub(1)).min(bytes.len());
        let last = (self.lines.line(end as u32) + after).min(self.lines.count() - 1);
        let start = self.lines.line_range(first, bytes).start;
        let stop = self.lines.line_range(last, bytes).end;
        // The column is that of the span itself: miette writes it into the headline of the frame.
        let line_start = self.lines.line_range(self.lines.line(span.offset() as u32), bytes).start;
        let column = self.text[line_start..span.offset()].chars().count();
        let (data, span) = (&bytes[start..stop], SourceSpan::new(start.into(), stop - start));
        Ok(Box::new(MietteSpanContents::new_named(self.name.clone(), data, span, first, column, last - first + 1)))
    }
}

/// What miette needs to draw one snippet.
#[derive(Debug)]
struct Snippet {
    labels: Vec<LabeledSpan>,
}

impl std::fmt::Display for Snippet {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Snippet {}

/// A snippet with the text that it shows.
struct Drawn<'v, 'a> {
    snippet: Snippet,
    view: &'v View<'a>,
}

impl std::fmt::Debug for Drawn<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.snippet.fmt(f)
    }
}

impl std::fmt::Display for Drawn<'_, '_> {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Drawn<'_, '_> {}

impl miette::Diagnostic for Snippet {}

impl miette::Diagnostic for Drawn<'_, '_> {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        // The view borrows the files, and miette wants nothing but to read from it.
        Some(self.view as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.snippet.labels.iter().cloned()))
    }
}

fn snippet(out: &mut String, view: &View<'_>, file: &SourceFile, labels: &[&Label], lang: Lang, look: Look) {
    let long = |span: Span| {
        let line = file.lines().line(span.start);
        file.lines().line_range(line, &file.bytes).len() > MAX_LINE
    };
    if labels.iter().any(|l| long(l.place.span)) {
        for label in labels {
            let (line, column) = file.lines().line_column(label.place.span.start, &file.bytes);
            let mark = words(lang, ": ", "：");
            let _ = writeln!(out, "    {}:{line}:{column}{mark}{}", view.name, escaped(label.text.get(lang), false));
        }
        return;
    }
    let gutter = view.line_digits(labels) + 4;
    let spans = labels.iter().enumerate().map(|(i, l)| {
        let start = view.whole(view.offset(l.place.span.start));
        // A span over several lines is shown by its first.
        let line = view.lines.line(start as u32);
        let line_end = view.lines.line_range(line, view.text.as_bytes()).end;
        let end = view.whole(view.offset(l.place.span.end).min(line_end)).max(start);
        let before = gutter + columns(&view.text[view.lines.line_range(line, view.text.as_bytes()).start..start]);
        // The label hangs in the middle of what is marked: of a long line so much that there is room beside it.
        let end = start + within(&view.text[start..end], look.line.saturating_sub(before + ROOM) * 2);
        let middle = before + columns(&view.text[start..end]) / 2;
        let room = look.line.saturating_sub(middle + 5).max(LEAST);
        let text = Some(prose::wrap(&escaped(l.text.get(lang), false), room).join("\n"));
        let span = SourceSpan::new(start.into(), end - start);
        if i == 0 { LabeledSpan::new_primary_with_span(text, span) } else { LabeledSpan::new_with_span(text, span) }
    });
    let drawn = Drawn { snippet: Snippet { labels: spans.collect() }, view };
    let styles = if look.color { styles() } else { ThemeStyles::none() };
    let theme = GraphicalTheme { characters: ThemeCharacters::unicode(), styles };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(look.line.max(look.width))
        .with_context_lines(context_lines(view, &drawn.snippet.labels))
        .with_links(false);
    let mut text = String::new();
    if handler.render_report(&mut text, &drawn).is_err() || drawn.labels().is_none() {
        return;
    }
    // miette writes a headline of its own, which is empty here: the drawing begins at the corner.
    let start = text.find('╭').and_then(|at| text[..at].rfind('\n').map(|n| n + 1)).unwrap_or(0);
    for line in text[start..].trim_end().lines() {
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

/// Columns of a text as miette draws it: a tab is four.
fn columns(text: &str) -> usize {
    prose::width(text) + 4 * text.matches('\t').count()
}

/// How many bytes of a text fit into so many columns; at least those of its first character.
fn within(text: &str, most: usize) -> usize {
    let mut taken = 0;
    for (at, c) in text.char_indices() {
        taken += columns(c.encode_utf8(&mut [0; 4]));
        if taken > most && at > 0 {
            return at;
        }
    }
    text.len()
}

/// Labels a few lines apart share a frame: as many lines around each as it takes to join them.
fn context_lines(view: &View<'_>, labels: &[LabeledSpan]) -> usize {
    const NEAR: usize = 6;
    let mut lines: Vec<usize> = labels.iter().map(|l| view.lines.line(l.offset() as u32)).collect();
    lines.sort_unstable();
    let widest = lines.windows(2).map(|w| w[1] - w[0]).filter(|gap| (2..=NEAR).contains(gap)).max();
    widest.map_or(0, |gap| gap / 2)
}

/// The colours of `paint`, for miette.
fn styles() -> ThemeStyles {
    let (ansi, none) = (ThemeStyles::ansi(), ThemeStyles::none());
    ThemeStyles { link: none.link.underline(), highlights: vec![ansi.highlights[0], ansi.error.bold()], ..ansi }
}
