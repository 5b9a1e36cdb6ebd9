//! Slips of a hand that nginx refuses: a lost `;`, a full-width one, `//`, a line of prose, a lost quote.
//!
//! A file with slips is read *as if they were put right*, through a mask of the same length: so everything
//! else in it is what a person would find after mending them, and nothing is said twice. A slip is only
//! believed where the file has less that nginx refuses once it is put right.

mod braces;
mod characters;
mod comments;
mod conflicts;
mod directives;
mod entries;
mod kind;
mod marks;
mod meant;
mod taken;
mod words;

pub use kind::SlipKind;

use super::ast::Ast;
use super::parser::parse;
use taken::{each_directive, each_entry, fits, may_be_refused, takes, trouble};

use crate::catalog::{Name, lookup};
use crate::source::Span;

/// How a slip is put right: these bytes become that text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mend {
    /// The bytes; none where something is missing.
    pub span: Span,
    /// What stands there then.
    pub text: String,
}

/// A slip, with the bytes to point at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slip {
    /// What a person would look at.
    pub span: Span,
    /// What is wrong with it.
    pub kind: SlipKind,
    /// The edits that put it right, in order.
    pub mends: Vec<Mend>,
    /// The directive or block that it belongs to, or that it swallowed.
    pub about: Option<Span>,
}

/// Offsets, and the bytes that stand there in the mask.
type Patch = Vec<(usize, u8)>;

/// A slip that may be one, with the bytes of the mask that put it right.
struct Candidate {
    slip: Slip,
    patch: Patch,
}

/// So many candidates are tried one by one; more of them are believed or not together.
const MANY: usize = 48;

/// The tree of a file read as if its slips were put right; `None` where there are none.
pub(super) fn put_right(bytes: &[u8], raw: &Ast) -> Option<Ast> {
    // Whatever nginx would not refuse is what somebody wanted.
    if raw.errors.is_empty() && !may_be_refused(raw, bytes) {
        return None;
    }
    let trouble = trouble(raw, bytes);
    if trouble == 0 {
        return None;
    }
    let errors = raw.errors.len();
    let mut bench = Bench { text: bytes.to_vec(), ast: None, errors, trouble, slips: Vec::new() };
    bench.offer(conflicts::candidates(bytes));
    bench.offer(marks::of_every_line(bytes).into_iter().collect());
    bench.offer_whole(&|bench| comments::candidates(bench.ast.as_ref().unwrap_or(raw), &bench.text));
    bench.offer_whole(&|bench| characters::braces(&bench.text));
    bench.offer(marks::foreign_comments(&bench.text));
    bench.offer(characters::candidates(&bench.text));
    bench.offer(characters::html_quotes(&bench.text));
    bench.offer(characters::html_dollars(&bench.text));
    bench.offer(characters::guarded_variables(&bench.text));
    bench.offer_until(characters::lost_quotes(&bench.text));
    bench.offer(characters::blanks_behind_quotes(bench.ast.as_ref().unwrap_or(raw), &bench.text));
    // Lines that a diff takes away do not come back.
    let is_diff = memchr::memmem::find(bytes, b"\n+").is_some();
    // One slip may hide behind another.
    for _ in 0..3 {
        let before = bench.slips.len();
        let found = directives::candidates(bench.ast.as_ref().unwrap_or(raw), &bench.text, is_diff);
        bench.offer(found);
        let found = braces::candidates(bench.ast.as_ref().unwrap_or(raw), &bench.text);
        bench.offer(found);
        let found = entries::candidates(bench.ast.as_ref().unwrap_or(raw), &bench.text);
        bench.offer(found);
        bench.offer_until(braces::surplus(bench.ast.as_ref().unwrap_or(raw), &bench.text));
        if bench.slips.len() == before || bench.trouble == 0 {
            break;
        }
    }
    let Bench { text, ast, mut slips, .. } = bench;
    if ast.as_ref().is_some_and(|ast| is_another_language(&slips, ast, bytes, &text)) {
        return None;
    }
    slips.sort_by_key(|s| s.span);
    ast.map(|ast| Ast { slips, masked: Some(text), ..ast })
}

/// Whether what was taken for slips is the text of another language: more lines of prose than directives that nginx
/// takes, a heredoc, a string over several lines. To make comments of it would harm whoever reads that language.
fn is_another_language(slips: &[Slip], ast: &Ast, bytes: &[u8], mask: &[u8]) -> bool {
    let prose = || slips.iter().filter(|s| s.kind == SlipKind::Prose);
    let opens_text = |s: &Slip| {
        let words = &bytes[s.span.range()];
        memchr::memmem::find(words, b"<<").is_some() || words.ends_with(b"= `")
    };
    if prose().any(opens_text) {
        return true;
    }
    let lines: usize = prose().map(|s| s.mends.len()).sum();
    let mut taken = 0;
    if lines > 1 {
        each_directive(ast, mask, &mut |directive, known| taken += usize::from(takes(directive, known, mask)));
    }
    lines > taken && lines > 1
}

/// The text as it is put right, step by step.
struct Bench {
    text: Vec<u8>,
    /// Its tree; none as long as nothing was put right.
    ast: Option<Ast>,
    /// How many errors that has.
    errors: usize,
    trouble: usize,
    slips: Vec<Slip>,
}

impl Bench {
    /// Believes what helps. Candidates of one line belong together.
    fn offer(&mut self, candidates: Vec<Candidate>) {
        if self.trouble == 0 || candidates.is_empty() {
            return;
        }
        if candidates.len() > MANY {
            self.take(candidates);
            return;
        }
        let mut groups: Vec<Vec<Candidate>> = Vec::new();
        for candidate in candidates {
            let at = candidate.slip.span.start as usize;
            let same = |g: &&mut Vec<Candidate>| {
                let last = g.last().map_or(at, |c| c.slip.span.start as usize);
                !self.text[last.min(at)..last.max(at)].contains(&b'\n')
            };
            match groups.last_mut().filter(same) {
                Some(group) => group.push(candidate),
                None => groups.push(vec![candidate]),
            }
        }
        // The lines below may be slips, too: then nothing is gained before the last of them is put right.
        let mut neighbours: Vec<Candidate> = Vec::new();
        for group in groups {
            let alone = self.tried(&group);
            if self.helps(&alone) {
                self.believe(alone, group);
                self.take(std::mem::take(&mut neighbours));
                continue;
            }
            neighbours.extend(group);
            let together = self.tried(&neighbours);
            if self.helps(&together) {
                self.believe(together, std::mem::take(&mut neighbours));
            } else if together.trouble > self.trouble {
                neighbours.clear();
            }
        }
    }

    /// Believes all at once, if that helps, else those that do. Where each opens or closes a block, the file is whole
    /// only with all of them.
    fn offer_whole(&mut self, candidates: &dyn Fn(&Bench) -> Vec<Candidate>) {
        let found = candidates(self);
        if self.trouble > 0 && !found.is_empty() && !self.take(found) {
            self.offer(candidates(self));
        }
    }

    /// Believes the first that helps.
    fn offer_until(&mut self, candidates: Vec<Candidate>) {
        for candidate in candidates.into_iter().take(MANY) {
            if self.trouble == 0 || self.take(vec![candidate]) {
                return;
            }
        }
    }

    /// Believes all of a group, if it helps; whether it does.
    fn take(&mut self, group: Vec<Candidate>) -> bool {
        let tried = self.tried(&group);
        let helps = self.helps(&tried);
        if helps {
            self.believe(tried, group);
        }
        helps
    }

    /// The text with a group put right.
    fn tried(&self, group: &[Candidate]) -> Tried {
        let mut text = self.text.clone();
        for &(at, byte) in group.iter().flat_map(|c| &c.patch) {
            text[at] = byte;
        }
        let ast = parse(&text);
        let trouble = trouble(&ast, &text);
        Tried { text, ast, trouble }
    }

    /// Whether less is refused, and nothing that nginx's tokeniser would stumble over is new: what swallows half of a
    /// file leaves less to refuse, too.
    fn helps(&self, tried: &Tried) -> bool {
        tried.trouble < self.trouble && tried.ast.errors.len() <= self.errors
    }

    fn believe(&mut self, tried: Tried, group: Vec<Candidate>) {
        self.errors = tried.ast.errors.len();
        (self.text, self.ast, self.trouble) = (tried.text, Some(tried.ast), tried.trouble);
        self.slips.extend(group.into_iter().map(|c| c.slip));
    }
}

/// What comes of putting candidates right.
struct Tried {
    text: Vec<u8>,
    ast: Ast,
    trouble: usize,
}

/// Whether a word is the name of a directive, and begins its line.
fn is_name_on_its_line(word: Span, text: &[u8]) -> bool {
    begins_line(text, word.start as usize) && lookup(&text[word.range()]) != Name::UNKNOWN
}

/// Whether a word is the name of a directive, and hardly anything else: names of one word are values, too.
fn is_unmistakable(word: &[u8]) -> bool {
    word.contains(&b'_') && lookup(word) != Name::UNKNOWN
}

/// Whether nothing but blanks stands before this offset on its line.
fn begins_line(text: &[u8], at: usize) -> bool {
    text[..at].iter().rev().take_while(|b| **b != b'\n').all(u8::is_ascii_whitespace)
}

/// Whether nothing but blanks or a comment follows on the line.
fn ends_line(text: &[u8], at: usize) -> bool {
    text[at..].iter().find(|b| !matches!(b, b' ' | b'\t' | b'\r')).is_none_or(|b| matches!(b, b'\n' | b'#'))
}

/// The offset at which the line of this offset ends: that of its line break, or of the end.
fn line_end(text: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |n| at + n)
}

/// The offset of the first byte of a line.
fn line_start(text: &[u8], at: usize) -> usize {
    memchr::memrchr(b'\n', &text[..at]).map_or(0, |n| n + 1)
}

fn span(start: usize, end: usize) -> Span {
    Span::new(start as u32, end as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The slips of a text, and the text with all of them mended.
    fn mended(text: &str) -> (Vec<SlipKind>, String) {
        let raw = parse(text.as_bytes());
        let Some(ast) = put_right(text.as_bytes(), &raw) else { return (Vec::new(), text.to_owned()) };
        assert_eq!(ast.text(text.as_bytes()).len(), text.len());
        let mut out = text.as_bytes().to_vec();
        let mut mends: Vec<&Mend> = ast.slips.iter().flat_map(|s| &s.mends).collect();
        mends.sort_by_key(|m| std::cmp::Reverse(m.span));
        for mend in mends {
            out.splice(mend.span.range(), mend.text.bytes());
        }
        (ast.slips.iter().map(|s| s.kind.clone()).collect(), String::from_utf8(out).unwrap())
    }

    const GOOD: &str = "server {\n    listen 80;\n    server_name a.example;\n    location /ws {\n        proxy_pass http://127.0.0.1:9000;\n        proxy_http_version 1.1;\n        proxy_set_header Upgrade $http_upgrade;\n        proxy_set_header Connection \"upgrade\";\n    }\n    location / {\n        root /srv;\n    }\n}\n";

    #[test]
    fn every_slip_is_known_and_put_right() {
        assert_eq!(mended(GOOD), (Vec::new(), GOOD.to_owned()));
        for (from, to, kind) in [
            ("version 1.1;", "version 1.1", SlipKind::LostSemicolon),
            ("\"upgrade\";", "\"upgrade\"", SlipKind::LostSemicolon),
            ("version 1.1;", "version 1.1；", SlipKind::OtherSemicolon('；')),
            ("\"upgrade\";", "\"upgrade\"；", SlipKind::OtherSemicolon('；')),
            ("version 1.1;", "version 1.1:", SlipKind::OtherSemicolon(':')),
            ("proxy_http_version 1.1", "proxy_http_version1.1", SlipKind::LostBlank("proxy_http_version")),
            ("proxy_pass http", "proxy_passhttp", SlipKind::LostBlank("proxy_pass")),
            ("proxy_set_header Connection", "proxy_set_headerConnection", SlipKind::LostBlank("proxy_set_header")),
            ("proxy_set_header U", "proxy_set_header\u{a0}U", SlipKind::Invisible('\u{a0}')),
            ("proxy_http_version 1", "proxy_http_version\u{3000}1", SlipKind::Invisible('\u{3000}')),
            ("        proxy_http", "        \u{200b}proxy_http", SlipKind::Invisible('\u{200b}')),
            ("proxy_http", "proxy\u{200b}_http", SlipKind::Invisible('\u{200b}')),
            ("server {", "\u{feff}server {", SlipKind::Invisible('\u{feff}')),
            ("Upgrade $", "Upgrade = $", SlipKind::Equals),
            ("Upgrade $", "Upgrade：$", SlipKind::Equals),
            ("server_name a", "server_namea", SlipKind::LostBlank("server_name")),
            ("http://", "http//", SlipKind::Meant("http://127.0.0.1:9000".to_owned())),
            ("http://", "http:/", SlipKind::Meant("http://127.0.0.1:9000".to_owned())),
            ("http://", "http：//", SlipKind::Meant("http://127.0.0.1:9000".to_owned())),
            ("http://", "htttp://", SlipKind::Meant("http://127.0.0.1:9000".to_owned())),
            ("0.1:9000", "0.1：9000", SlipKind::Meant("http://127.0.0.1:9000".to_owned())),
            ("version 1.1", "version 1。1", SlipKind::Meant("1.1".to_owned())),
            ("listen 80", "listen ８０", SlipKind::Meant("80".to_owned())),
            ("Upgrade $", "Upgrade:$", SlipKind::Equals),
            ("proxy_pass http", "proxy_pass:http", SlipKind::Equals),
            ("proxy_pass http", "proxy_pass: http", SlipKind::Equals),
            ("Upgrade $", "Upgrade$", SlipKind::LostBlankBehindHeader),
            ("$http_upgrade", "$ http_upgrade", SlipKind::SplitVariable),
            ("0.1:9000", "0.1;9000", SlipKind::Instead(';', ':')),
            ("location /ws", "location/ws", SlipKind::LostBlank("location")),
            ("$http_upgrade;", "$http_upgrade}", SlipKind::OtherSemicolon('}')),
            ("\"upgrade\"", "\"upgrade", SlipKind::LostQuote('"')),
            ("\"upgrade\"", "&quot;upgrade&quot;", SlipKind::HtmlQuotes),
            ("listen 80;", "listen 80", SlipKind::LostSemicolon),
            ("location /ws {", "location /ws ", SlipKind::LostOpen),
            ("location /ws {", "location /ws { {", SlipKind::DoubledOpen),
            ("\"upgrade\";\n    }\n", "\"upgrade\";\n", SlipKind::LostClose),
            ("    location / {", "    }\n    location / {", SlipKind::Surplus('}')),
            ("1.1;\n", "1.1;\n}\n", SlipKind::Surplus('}')),
            ("}\n    location /", "};\n    location /", SlipKind::Surplus(';')),
            ("1.1;", "1.1;;", SlipKind::Surplus(';')),
            ("location /ws {", "location /ws (", SlipKind::OtherBrace('(')),
            ("\"upgrade\"", "'upgrade\"", SlipKind::LostQuote('\'')),
            ("        proxy_http", "        - proxy_http", SlipKind::Mark),
            ("        proxy_http", "+       proxy_http", SlipKind::Mark),
            ("1.1;\n       ", "1.1", SlipKind::LostSemicolon),
            ("1.1;\n       ", "1.1,", SlipKind::OtherSemicolon(',')),
            ("1.1;\n        ", "1.1；", SlipKind::OtherSemicolon('；')),
            ("$http_upgrade;", "$http_upgrade、", SlipKind::OtherSemicolon('、')),
            ("$http_upgrade;", "$http_upgrade,", SlipKind::OtherSemicolon(',')),
            ("\"upgrade\"", "&#x22;upgrade&#x22;", SlipKind::HtmlQuotes),
            ("\"upgrade\"", "&ldquo;upgrade&rdquo;", SlipKind::HtmlQuotes),
            ("\"upgrade\"", "&amp;quot;upgrade&amp;quot;", SlipKind::HtmlQuotes),
            ("    }\n    location /", "    @@}\n    location /", SlipKind::Mark),
        ] {
            let slip = GOOD.replacen(from, to, 1);
            assert_ne!(slip, GOOD, "{from}");
            let (kinds, after) = mended(&slip);
            assert_eq!(kinds, [kind], "{slip}");
            let bare = |t: &str| t.split_whitespace().collect::<Vec<_>>().join(" ").replace('\'', "\"");
            assert_eq!(bare(&after), bare(GOOD), "{slip}");
        }
    }

    #[test]
    fn slips_among_the_entries_of_a_map_are_put_right() {
        const MAP: &str = "map $http_upgrade $connection {\n    default upgrade;\n    '' close;\n}\n";
        for (from, to, kind) in [
            ("upgrade;", "upgrade", SlipKind::LostSemicolon),
            ("close;", "close", SlipKind::LostSemicolon),
            ("upgrade;", "upgrade；", SlipKind::OtherSemicolon('；')),
            ("default ", "default = ", SlipKind::Equals),
            ("default ", "default => ", SlipKind::Equals),
            ("'' ", "'' : ", SlipKind::Equals),
            ("'' ", "''", SlipKind::LostBlankBehindQuote),
            ("'' ", "' ", SlipKind::LostQuote('\'')),
        ] {
            let (kinds, after) = mended(&MAP.replacen(from, to, 1));
            assert_eq!((kinds, after.as_str()), (vec![kind], MAP), "{to}");
        }
        let commented = MAP.replacen("    ''", "    // and\n    ''", 1);
        assert_eq!(mended(&commented).0, [SlipKind::ForeignComment("//")]);
        let explained = MAP.replacen("    ''", "    all the others\n    ''", 1);
        assert_eq!(mended(&explained).0, [SlipKind::Prose]);
        let alone = MAP.replacen("    default", "    volatile;\n    default", 1);
        assert_eq!(mended(&alone), (Vec::new(), alone.clone()));
    }

    #[test]
    fn a_mark_on_every_line_is_one_slip() {
        let marked = |mark: &dyn Fn(usize) -> String| -> String {
            GOOD.lines().enumerate().map(|(i, line)| format!("{}{line}\n", mark(i + 1))).collect()
        };
        for text in [
            marked(&|_| "+".into()),
            marked(&|_| "> ".into()),
            marked(&|n| format!("{n:4}\t")),
            marked(&|n| format!("{n}:")),
        ] {
            assert_eq!(mended(&text), (vec![SlipKind::Marks], GOOD.to_owned()), "{text}");
        }
        // What a diff takes away stays away.
        let diff = GOOD.replacen(
            "        proxy_http_version",
            "-       proxy_http_version 1.0;\n+       proxy_http_version",
            1,
        );
        assert_eq!(mended(&diff).0, [SlipKind::Mark]);
    }

    #[test]
    fn a_comment_over_lines_is_put_right_whole() {
        for (opens, closes, kinds) in [
            ("/* location /old {\n", "    } */\n", 1),
            ("/*\n     * location /old {\n", "     * }\n     */\n", 1),
            ("<!--\n    location /old {\n", "    }\n    -->\n", 1),
            ("// location /old {\n", "//  return 404;\n    // }\n", 1),
        ] {
            let slip = GOOD.replacen("    location / ", &format!("    {opens}{closes}    location / "), 1);
            let (found, after) = mended(&slip);
            assert_eq!(found.len(), kinds, "{slip}");
            let ast = parse(after.as_bytes());
            assert_eq!(trouble(&ast, after.as_bytes()), 0, "{after}");
            let code: Vec<&str> = after.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
            assert_eq!(code, GOOD.lines().collect::<Vec<_>>(), "{after}");
        }
    }

    #[test]
    fn which_brace_is_too_many_is_not_guessed() {
        for text in [
            "server {\nlisten 80;\nlocation / {\nroot /a;\n}\n}\nindex b;\n}\n",
            "server {\n    listen 80;\n  }\n    location / {\n  root /a;\n    }\n }\n",
        ] {
            assert_eq!(mended(text).0, [], "{text}");
        }
    }

    #[test]
    fn what_is_no_directive_becomes_a_comment() {
        for (line, kind) in [
            ("// for WebSocket", SlipKind::ForeignComment("//")),
            ("/* for WebSocket */", SlipKind::ForeignComment("/*")),
            ("......", SlipKind::LeftOut),
            ("…", SlipKind::LeftOut),
            ("WebSocket support", SlipKind::Prose),
            ("支持 WebSocket", SlipKind::Prose),
        ] {
            let slip = GOOD.replacen("        proxy_http", &format!("        {line}\n        proxy_http"), 1);
            let (kinds, after) = mended(&slip);
            assert_eq!(kinds, [kind], "{slip}");
            let ast = parse(after.as_bytes());
            assert_eq!((trouble(&ast, after.as_bytes()), ast.comments.len()), (0, 1), "{after}");
        }
        let behind = GOOD.replacen("1.1;", "1.1; // of old", 1);
        assert_eq!(mended(&behind).0, [SlipKind::ForeignComment("//")]);
        // Words behind what ends take the next line with them, and so does the label of a block of code.
        for (from, to, after) in [
            ("1.1;", "1.1; <-- crucial!", "1.1; # <-- crucial!"),
            ("1.1;", "1.1;使用 HTTP/1.1", "1.1; # 使用 HTTP/1.1"),
            ("1.1;", "1.1; required", "1.1; # required"),
            ("    }\n    location /", "    } end of ws\n    location /", "    } # end of ws\n    location /"),
            ("    }\n    location /", "    }),\n    location /", "    } # ),\n    location /"),
            ("/ws {", "/ws { <br>", "/ws { # <br>"),
            ("server {", "nginx\nserver {", "# nginx\nserver {"),
            ("    location / ", "```\n```nginx\n    location / ", "# ```\n# ```nginx\n    location / "),
            ("server {", "my config\nserver {", "# my config\nserver {"),
        ] {
            let slip = GOOD.replacen(from, to, 1);
            assert_eq!(mended(&slip), (vec![SlipKind::Prose], GOOD.replacen(from, after, 1)), "{slip}");
        }
    }

    #[test]
    fn a_line_break_behind_a_comment_is_put_back() {
        let of_handshake = |yes| SlipKind::LostLineBreak { of_handshake: yes };
        for (text, kinds, after) in [
            (
                "server { listen 80; # 启用 proxy_http_version 1.1; location / { return 204; } }\n",
                vec![of_handshake(true)],
                "server { listen 80; # 启用\nproxy_http_version 1.1; location / { return 204; } }\n",
            ),
            (
                "  server { #a listen 80; #b root /srv; #c }\r\n",
                vec![of_handshake(false)],
                "  server { #a\r\n  listen 80; #b\r\n  root /srv; #c\r\n  }\r\n",
            ),
            ("server { #注释listen 80; }\n", vec![of_handshake(false)], "server { #注释\nlisten 80; }\n"),
        ] {
            assert_eq!(mended(text), (kinds, after.to_owned()));
        }
        // Where the block was opened on another line, what stands in a comment was put there.
        let (kinds, _) = mended("server {\n    listen 80; # root /srv; }\n    location / {\n    }\n");
        assert_eq!(kinds, [SlipKind::LostClose]);
    }

    #[test]
    fn a_value_glued_to_its_directive_is_one_that_it_takes() {
        let with = |line: &str| GOOD.replace("listen 80;", &format!("listen 80;\n    {line}"));
        let lost = SlipKind::LostBlank("proxy_request_buffering");
        assert_eq!(mended(&with("proxy_request_bufferingoff;")), (vec![lost], with("proxy_request_buffering off;")));
        for others in ["proxy_request_bufferingno;", "proxy_request_buffering_off;", "tcp_nodelays on;"] {
            assert_eq!(mended(&with(others)).0, [], "{others}");
        }
    }

    #[test]
    fn a_variable_is_not_guarded_from_a_shell_where_there_is_none() {
        let guarded = GOOD.replace("$http_upgrade", "\\${http_upgrade}");
        let meant = "${http_upgrade}";
        assert_eq!(mended(&guarded), (vec![SlipKind::Guarded(meant.to_owned())], GOOD.replace("$http_upgrade", meant)));
    }

    #[test]
    fn what_nginx_takes_is_no_slip() {
        for text in [
            "server {\n    server_name a.example\n    b.example;\n}\n",
            "log_format x '$a；'\n    '// $b';\n",
            "more_set_headers \"X: y\";\nbrotli on;\n",
            "map $a $b {\n    default 1;\n    a\u{a0}b 2;\n}\n",
            "server {\n    # no；comment // here\n    listen 80;\n}\n",
            "gzip_types text/css\n    application/json;\n",
            "server { listen 80; # listen 81; root /srv;\n}\n",
        ] {
            assert_eq!(mended(text).0, [], "{text}");
        }
    }
}
