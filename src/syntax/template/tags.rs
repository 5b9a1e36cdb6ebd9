//! The tags of template languages: where one ends, and what it does to the lines around it.

use super::code;

/// What a tag does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Opens a construct, such as `{% if x %}`.
    Open(Kind),
    /// Begins its next alternative: `else`, `elif`, `when`.
    Middle,
    /// Closes the innermost construct.
    Close,
    /// Stands for any lines: an include, a macro that is called.
    Hole,
    /// Leaves nothing behind: a comment, an assignment.
    Blank,
    /// Stands for a value, or, alone on its line, for any lines.
    Value,
    /// A word of an extension: opens a construct, if there is a tag that ends it.
    Extension,
    /// Up to its closing tag nothing is rendered: `{% comment %}`.
    Comment(&'static [u8]),
}

/// What becomes of the lines within a construct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One of its alternatives is rendered, or none.
    If,
    /// They are rendered any number of times, or somewhere else.
    Loop,
    /// They are rendered as they stand.
    Plain,
}

/// One tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag {
    /// Its length, delimiters included.
    pub length: usize,
    pub role: Role,
}

/// The longest tag that is taken for one.
const LONGEST: usize = 8192;

/// Which languages a file may be written in; finding out takes a few searches.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Languages {
    percent: bool,
    terraform: bool,
    erb: bool,
    php: bool,
    square: bool,
    explode: bool,
    /// Lines of Mako, `% if x:`, and of Kong, `> if x then`.
    mako: bool,
    angle_lines: bool,
    /// Lines of Velocity, `#if ($x)`.
    velocity: bool,
    smarty: bool,
    freemarker: bool,
    /// `[% x %]` of Template Toolkit.
    toolkit: bool,
    /// `|X|` and `|*if X="y"|` of DirectAdmin.
    pipes: bool,
    /// Python's `str.format`: braces of nginx are doubled, `{name}` is a value.
    pub(super) format: bool,
}

impl Languages {
    pub(super) fn of(bytes: &[u8]) -> Languages {
        let has = |needle: &[u8]| memchr::memmem::find(bytes, needle).is_some();
        let line = |sign: &[u8], words: &[&[u8]]| {
            memchr::memmem::find_iter(bytes, sign).any(|at| {
                let starts = bytes[..at].iter().rev().find(|b| !matches!(b, b' ' | b'\t')).is_none_or(|b| *b == b'\n');
                let rest = &bytes[at + sign.len()..];
                starts && words.contains(&first_word(rest.trim_ascii_start()))
            })
        };
        Languages {
            percent: has(b"{%"),
            terraform: memchr::memmem::find_iter(bytes, b"%{").any(|at| terraform(&bytes[at..]).is_some()),
            erb: has(b"<%"),
            php: has(b"<?php") || has(b"<?="),
            square: memchr::memmem::find_iter(bytes, b"[[").any(|at| is_go(&bytes[at + 2..])),
            explode: has(b"!{"),
            mako: line(b"%", &[b"if", b"for", b"while", b"endif", b"endfor"]),
            angle_lines: bytes.starts_with(b"> if ") || has(b"\n> if ") || has(b"\n> for "),
            smarty: has(b"{/if}") || has(b"{/foreach}"),
            freemarker: has(b"<#if") || has(b"<#list") || has(b"<#assign"),
            toolkit: memchr::memmem::find_iter(bytes, b"[%").any(|at| toolkit(&bytes[at..]).is_some()),
            pipes: memchr::memchr_iter(b'|', bytes).any(|at| is_of_pipes(bytes, at)),
            format: is_format(bytes),
            velocity: line(b"#", &[b"end"]) && (line(b"#", &[b"if", b"foreach"])),
        }
    }

    /// No configuration holds these by itself.
    pub(super) fn are_certain(self) -> bool {
        self.percent
            || self.terraform
            || self.erb
            || self.php
            || self.square
            || self.mako
            || self.angle_lines
            || self.velocity
            || self.smarty
            || self.freemarker
            || self.toolkit
            || self.pipes
    }

    /// The tag that begins at an offset, which is the first of a line but for blanks, or is not.
    pub(super) fn tag(self, whole: &[u8], at: usize, at_line: bool) -> Option<Tag> {
        let rest = &whole[at..];
        match rest[0] {
            b'{' if self.smarty && !rest.starts_with(b"{{") => smarty(rest).or_else(|| braces(rest)),
            b'{' if self.format => None,
            b'{' => braces(rest),
            b'<' if self.freemarker && matches!(rest.get(1), Some(b'#' | b'/' | b'@')) => freemarker(rest),
            b'<' if self.erb && rest.starts_with(b"<%") => mako_block(rest).or_else(|| erb(rest)),
            b'<' if self.erb && rest.starts_with(b"</%") => {
                closing(rest, b">").map(|n| Tag { length: n, role: Role::Close })
            }
            b'<' if self.php => php(rest),
            b'%' if self.terraform && rest.starts_with(b"%{") => terraform(rest),
            b'%' if self.mako && at_line => line_of(rest, 1).and_then(|(length, text)| {
                let role = code::line(text)?;
                Some(Tag { length, role })
            }),
            b'>' if self.angle_lines && at_line => {
                let (length, text) = line_of(rest, 1)?;
                Some(Tag { length, role: code::line(text).unwrap_or(Role::Blank) })
            }
            b'#' if self.velocity && at_line => {
                let (length, text) = line_of(rest, 1)?;
                code::velocity(text).map(|role| Tag { length, role })
            }
            b'[' if self.square && rest.starts_with(b"[[") => {
                let length = closing(rest, b"]]").filter(|n| !rest[..*n].contains(&b'\n'))?;
                is_go(&rest[2..]).then(|| Tag { length, role: go(&rest[2..length - 2]) })
            }
            b'[' if self.toolkit && rest.starts_with(b"[%") => toolkit(rest),
            b'|' if self.pipes => pipes(whole, at),
            // Zimbra writes the file once for each domain.
            b'!' if self.explode && at_line && rest.starts_with(b"!{") => {
                let length = closing(rest, b"}").filter(|n| !rest[..*n].contains(&b'\n'))?;
                Some(Tag { length, role: Role::Blank })
            }
            _ => None,
        }
    }
}

/// The first word of a statement.
pub(super) fn first_word(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|b| !b.is_ascii_alphanumeric() && *b != b'_').unwrap_or(text.len());
    &text[..end]
}

/// The length up to and with the delimiter that closes a tag.
fn closing(rest: &[u8], close: &[u8]) -> Option<usize> {
    let window = &rest[..rest.len().min(LONGEST)];
    memchr::memmem::find(&window[2.min(window.len())..], close).map(|at| at + 2 + close.len())
}

/// A line that is a statement: its length without the line break, and what follows the sign.
fn line_of(rest: &[u8], sign: usize) -> Option<(usize, &[u8])> {
    let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    let text = rest.get(sign..length)?.trim_ascii();
    Some((length, text))
}

/// `{{{ }}}`, `{{ }}`, `{% %}`, `{# #}`.
fn braces(rest: &[u8]) -> Option<Tag> {
    match rest.get(1)? {
        b'{' if rest.starts_with(b"{{{") => {
            let length = closing(rest, b"}}}").filter(|n| !rest[..*n].contains(&b'\n'))?;
            Some(Tag { length, role: Role::Value })
        }
        b'{' => {
            let long_comment = rest.starts_with(b"{{!--") || rest.starts_with(b"{{/*") || rest.starts_with(b"{{- /*");
            let close: &[u8] = if rest.starts_with(b"{{!--") { b"--}}" } else { b"}}" };
            let length = closing(rest, close)?;
            let body = &rest[2..length - 2];
            if body.contains(&b'\n') && !long_comment {
                return None;
            }
            Some(Tag { length, role: if long_comment { Role::Blank } else { go(body) } })
        }
        b'#' => {
            let length = closing(rest, b"#}")?;
            Some(Tag { length, role: Role::Blank })
        }
        b'%' => {
            let length = closing(rest, b"%}")?;
            Some(Tag { length, role: percent(&rest[2..length - 2]) })
        }
        _ => None,
    }
}

/// Without the signs that eat the blanks around a tag.
fn trimmed(body: &[u8]) -> &[u8] {
    let signs = |b: &u8| matches!(b, b'-' | b'~' | b'+');
    let body = body.strip_prefix(b"-").or(body.strip_prefix(b"~")).or(body.strip_prefix(b"+")).unwrap_or(body);
    let body = if body.last().is_some_and(signs) { &body[..body.len() - 1] } else { body };
    body.trim_ascii()
}

/// Whether what follows `[[` is Go's, not a class of characters: `[[:alpha:]]`, `[[a-z]]`.
fn is_go(behind: &[u8]) -> bool {
    const WORDS: [&[u8]; 10] =
        [b"if", b"else", b"end", b"range", b"with", b"template", b"env", b"key", b"service", b"include"];
    let window = &behind[..behind.len().min(LONGEST / 8)];
    let Some(end) = memchr::memmem::find(window, b"]]").filter(|end| !window[..*end].contains(&b'\n')) else {
        return false;
    };
    let body = trimmed(&window[..end]);
    let field = body.strip_prefix(b"$").unwrap_or(body);
    (field.first() == Some(&b'.') && field.get(1).is_some_and(u8::is_ascii_alphabetic))
        || WORDS.contains(&first_word(body))
}

/// What stands within `{{ }}`: Go's, Handlebars' and Mustache's keywords; anything else is a value.
fn go(body: &[u8]) -> Role {
    let body = trimmed(body);
    let word = first_word(body);
    match body.first() {
        Some(b'#') => match first_word(body[1..].trim_ascii_start()) {
            b"each" => Role::Open(Kind::Loop),
            _ => Role::Open(Kind::If),
        },
        Some(b'^') if body.len() == 1 => Role::Middle,
        Some(b'^') => Role::Open(Kind::If),
        Some(b'/') if body.starts_with(b"/*") => Role::Blank,
        Some(b'/') => Role::Close,
        Some(b'!') => Role::Blank,
        Some(b'>') => Role::Hole,
        Some(b'$') if assigns(body) => Role::Blank,
        _ => match word {
            b"if" | b"with" => Role::Open(Kind::If),
            b"range" | b"define" | b"block" => Role::Open(Kind::Loop),
            b"else" => Role::Middle,
            b"end" => Role::Close,
            b"template" | b"include" | b"partial" => Role::Hole,
            b"break" | b"continue" => Role::Blank,
            _ => Role::Value,
        },
    }
}

/// `$x := y`, `$i, $x = y`.
fn assigns(body: &[u8]) -> bool {
    let names = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'$' | b'_' | b',' | b' ');
    let at = body.iter().position(|b| !names(b)).unwrap_or(body.len());
    body[at..].starts_with(b":=") || (body[at..].starts_with(b"=") && !body[at..].starts_with(b"=="))
}

/// Whether lines end in `{{` and others are `}}`, as in what `str.format` is given.
fn is_format(bytes: &[u8]) -> bool {
    let opens = memchr::memmem::find_iter(bytes, b"{{").any(|at| {
        let rest = &bytes[at + 2..];
        let blanks = rest.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\r')).count();
        rest.get(blanks) == Some(&b'\n')
    });
    opens && bytes.split(|b| *b == b'\n').any(|line| line.trim_ascii() == b"}}")
}

/// `{if $x}`, `{else}`, `{/if}`, `{foreach …}`, `{* *}`, `{$x}` of Smarty.
fn smarty(rest: &[u8]) -> Option<Tag> {
    if rest.starts_with(b"{*") {
        return closing(rest, b"*}").map(|length| Tag { length, role: Role::Blank });
    }
    let length = closing(rest, b"}").filter(|n| !rest[..*n].contains(&b'\n'))?;
    let body = &rest[1..length - 1];
    let ends = body.first() == Some(&b'/');
    let role = match first_word(body.strip_prefix(b"/").unwrap_or(body)) {
        b"if" | b"foreach" | b"for" | b"section" if ends => Role::Close,
        b"if" => Role::Open(Kind::If),
        b"foreach" | b"for" | b"section" => Role::Open(Kind::Loop),
        b"else" | b"elseif" | b"foreachelse" => Role::Middle,
        b"include" => Role::Hole,
        b"assign" => Role::Blank,
        b"" if body.first() == Some(&b'$') => Role::Value,
        _ => return None,
    };
    Some(Tag { length, role })
}

/// `<#if x>`, `<#else>`, `</#if>`, `<#list …>`, `<#-- -->`, `<@macro/>` of FreeMarker.
fn freemarker(rest: &[u8]) -> Option<Tag> {
    if rest.starts_with(b"<#--") {
        return closing(rest, b"-->").map(|length| Tag { length, role: Role::Blank });
    }
    let length = closing(rest, b">")?;
    let role = match rest {
        [b'<', b'/', b'#', ..] => Role::Close,
        [b'<', b'@', name, ..] if name.is_ascii_alphabetic() => Role::Hole,
        [b'<', b'#', name @ ..] => match first_word(name) {
            b"if" | b"switch" => Role::Open(Kind::If),
            b"list" | b"macro" | b"function" => Role::Open(Kind::Loop),
            b"else" | b"elseif" | b"case" | b"default" => Role::Middle,
            b"include" => Role::Hole,
            b"assign" | b"import" | b"setting" | b"ftl" | b"local" | b"global" | b"break" => Role::Blank,
            _ => return None,
        },
        _ => return None,
    };
    Some(Tag { length, role })
}

/// What stands within `{% %}`: Jinja, Twig, Liquid, Django, Nunjucks.
fn percent(body: &[u8]) -> Role {
    let body = trimmed(body);
    let word = first_word(body);
    match word {
        b"else" | b"elif" | b"elsif" | b"elseif" | b"when" => Role::Middle,
        b"if" | b"unless" | b"case" | b"ifchanged" => Role::Open(Kind::If),
        b"for" | b"tablerow" | b"macro" | b"capture" => Role::Open(Kind::Loop),
        // What stands within is left to the next template language.
        b"raw" | b"verbatim" => Role::Open(Kind::Plain),
        b"comment" => Role::Comment(b"endcomment"),
        b"include" | b"render" | b"embed" | b"use" | b"yield" => Role::Hole,
        // `{% set x = y %}` is an assignment, `{% set x %}…{% endset %}` a construct.
        b"set" if !body.contains(&b'=') => Role::Open(Kind::Loop),
        b"set" | b"assign" | b"import" | b"from" | b"extends" | b"do" | b"cycle" | b"break" | b"continue" => {
            Role::Blank
        }
        _ if word.starts_with(b"end") => Role::Close,
        b"call" => Role::Open(Kind::Loop),
        b"" => Role::Blank,
        _ => Role::Extension,
    }
}

/// `%{ if x ~}` of Terraform.
fn terraform(rest: &[u8]) -> Option<Tag> {
    let length = closing(rest, b"}")?;
    let body = trimmed(&rest[2..length - 1]);
    let role = match first_word(body) {
        b"if" => Role::Open(Kind::If),
        b"for" => Role::Open(Kind::Loop),
        b"else" => Role::Middle,
        b"endif" | b"endfor" => Role::Close,
        _ => return None,
    };
    Some(Tag { length, role })
}

/// `[% x %]`, `[% IF x %]`, `[%- END -%]` of Template Toolkit: a blank tells it from a class of characters.
fn toolkit(rest: &[u8]) -> Option<Tag> {
    let length = closing(rest, b"%]")?;
    let body = &rest[2..length - 2];
    let signs = |b: &u8| matches!(b, b'-' | b'+' | b'=' | b'~');
    let inner = body.strip_prefix(b"#").or(body.split_first().filter(|(b, _)| signs(b)).map(|(_, rest)| rest));
    let inner = inner.unwrap_or(body);
    if !inner.first().is_some_and(u8::is_ascii_whitespace) {
        return None;
    }
    let text = inner.strip_suffix(b"-").or(inner.strip_suffix(b"+")).unwrap_or(inner).trim_ascii();
    let word = first_word(text);
    let assigns = text[word.len()..].trim_ascii_start().strip_prefix(b"=").is_some_and(|rest| !rest.starts_with(b"="));
    let role = match word {
        _ if body.starts_with(b"#") => Role::Blank,
        b"IF" | b"UNLESS" | b"SWITCH" => Role::Open(Kind::If),
        b"FOREACH" | b"FOR" | b"WHILE" | b"BLOCK" | b"FILTER" | b"WRAPPER" | b"TRY" | b"PERL" => Role::Open(Kind::Loop),
        b"ELSE" | b"ELSIF" | b"CASE" | b"CATCH" | b"FINAL" => Role::Middle,
        b"END" => Role::Close,
        b"INCLUDE" | b"PROCESS" | b"INSERT" => Role::Hole,
        b"SET" | b"DEFAULT" | b"USE" | b"CALL" | b"META" | b"NEXT" | b"LAST" | b"STOP" => Role::Blank,
        _ if assigns => Role::Blank,
        _ => Role::Value,
    };
    Some(Tag { length, role })
}

/// Whether a statement of DirectAdmin begins here: its templates have one, and no pattern has.
fn is_of_pipes(whole: &[u8], at: usize) -> bool {
    whole.get(at + 1) == Some(&b'*') && pipes(whole, at).is_some()
}

/// `|NAME|`, `|*if X="y"|`, `|*else|`, `|*endif|`, `|?X=y|` of DirectAdmin. Between alternatives of a pattern, a word
/// stands in front of the bar.
fn pipes(whole: &[u8], at: usize) -> Option<Tag> {
    let rest = &whole[at..];
    let length = closing(rest, b"|").filter(|n| !rest[..*n].contains(&b'\n'))?;
    let body = &rest[1..length - 1];
    let role = match body.split_first()? {
        (b'*', statement) => match first_word(statement) {
            b"if" => Role::Open(Kind::If),
            b"else" | b"elseif" => Role::Middle,
            b"endif" => Role::Close,
            _ => return None,
        },
        (b'?', _) => Role::Blank,
        _ => {
            let within = at > 0 && matches!(whole[at - 1], b')' | b'(' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9');
            let named = body.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_');
            (named && !within).then_some(Role::Value)?
        }
    };
    Some(Tag { length, role })
}

/// `<% %>` of ERB, EPP, EJS, Mako and ASP.
fn erb(rest: &[u8]) -> Option<Tag> {
    let length = closing(rest, b"%>")?;
    let body = &rest[2..length - 2];
    Some(Tag { length, role: code::statement(body) })
}

/// Mako's blocks, which end in `>`: `<%text>`, `<%def name="x()">`, `<%include file="x"/>`.
fn mako_block(rest: &[u8]) -> Option<Tag> {
    let word = first_word(&rest[2..]);
    let role = match word {
        b"doc" => Role::Comment(b"</%doc>"),
        b"def" | b"call" => Role::Open(Kind::Loop),
        b"block" | b"text" => Role::Open(Kind::Plain),
        b"include" => Role::Hole,
        b"inherit" | b"namespace" | b"page" => Role::Blank,
        _ => return None,
    };
    let length = closing(rest, b">").filter(|n| !rest[..*n].ends_with(b"%>"))?;
    let role = match role {
        Role::Open(_) if rest[..length].ends_with(b"/>") => Role::Blank,
        role => role,
    };
    Some(Tag { length, role })
}

/// `<?php if (…): ?>`, `<?= … ?>`.
fn php(rest: &[u8]) -> Option<Tag> {
    let skip = [&b"<?php"[..], b"<?="].iter().find(|s| rest.starts_with(s))?.len();
    let length = closing(rest, b"?>").unwrap_or(rest.len());
    let body = rest.get(skip..length.saturating_sub(2)).unwrap_or_default();
    let role = match skip {
        3 => Role::Value,
        _ => code::statement(body),
    };
    Some(Tag { length, role })
}
