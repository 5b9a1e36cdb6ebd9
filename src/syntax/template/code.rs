//! Statements of the languages that templates embed: Ruby, Puppet, JavaScript, PHP, Python, Lua. They
//! are told apart by their first and last words alone; that is all it takes to pair them.

use super::tags::{Kind, Role, first_word};

/// What stands between `<%` and `%>`, or between `<?php` and `?>`.
pub(super) fn statement(body: &[u8]) -> Role {
    let eats = body.first() == Some(&b'-');
    let ends_eating = matches!(body.last(), Some(b'-' | b'_'));
    match body.first() {
        Some(b'#') => return Role::Blank,
        // EEx: `<%= if x do %>` prints what stands within.
        Some(b'=') => {
            let body = body.trim_ascii_end();
            let opens = body.ends_with(b" do") || body.ends_with(b"->") || body.ends_with(b"{");
            return match first_word(body[1..].trim_ascii_start()) {
                b"if" | b"unless" | b"case" | b"cond" if opens => Role::Open(Kind::If),
                _ if opens => Role::Open(Kind::Loop),
                _ => Role::Value,
            };
        }
        // `<%%` stands for `<%`.
        Some(b'%') => return Role::Value,
        _ => {}
    }
    let body = body.strip_prefix(b"-").or(body.strip_prefix(b"_")).or(body.strip_prefix(b"!")).unwrap_or(body);
    let body = if ends_eating { &body[..body.len() - 1] } else { body };
    let body = body.trim_ascii();
    let body = body.strip_suffix(b";").unwrap_or(body).trim_ascii();
    if body.is_empty() || body.starts_with(b"#") || body.starts_with(b"//") || body.starts_with(b"/*") {
        return Role::Blank;
    }
    if body.starts_with(b"|") {
        // Puppet's parameters.
        return Role::Blank;
    }
    let word = first_word(body);
    if body[0] == b'}' {
        return if body.ends_with(b"{") || body.ends_with(b":") { Role::Middle } else { Role::Close };
    }
    let last = body.rsplit(|b| !b.is_ascii_alphanumeric() && *b != b'_').next().unwrap_or_default();
    let bars = body.last() == Some(&b'|') && body.iter().filter(|b| **b == b'|').count() >= 2;
    let opens = body.ends_with(b"{") || bars || last == b"do";
    let kind = match word {
        b"if" | b"unless" | b"case" | b"switch" => Kind::If,
        _ => Kind::Loop,
    };
    match word {
        b"else" | b"elsif" | b"elseif" | b"elif" | b"when" | b"rescue" | b"ensure" => Role::Middle,
        b"end" | b"endif" | b"endforeach" | b"endfor" | b"endwhile" | b"endunless" => Role::Close,
        b"include" | b"render" | b"partial" | b"require" | b"scope" if !opens => Role::Hole,
        // `if x then y end` is whole in itself.
        _ if last == b"end" || (body.ends_with(b"}") && !bars) => Role::Blank,
        b"if" | b"unless" | b"case" | b"for" | b"while" | b"until" | b"begin" | b"foreach" | b"switch" => {
            Role::Open(kind)
        }
        _ if opens => Role::Open(kind),
        // EJS's `<%- include('x') %>` prints; ERB's `<%- x = 1 -%>` only eats blanks.
        _ if eats && !ends_eating => Role::Value,
        b"echo" | b"print" => Role::Value,
        _ => Role::Blank,
    }
}

/// A line of Mako behind its `%`, or of Kong behind its `>`.
pub(super) fn line(text: &[u8]) -> Option<Role> {
    Some(match first_word(text) {
        b"if" => Role::Open(Kind::If),
        b"for" | b"while" => Role::Open(Kind::Loop),
        b"try" => Role::Open(Kind::Plain),
        b"else" | b"elif" | b"elseif" | b"except" => Role::Middle,
        b"endif" | b"endfor" | b"endwhile" | b"endtry" | b"end" => Role::Close,
        _ => return None,
    })
}

/// A line of Velocity behind its `#`.
pub(super) fn velocity(text: &[u8]) -> Option<Role> {
    let word = first_word(text);
    let behind = text[word.len()..].trim_ascii_start();
    Some(match word {
        b"if" if behind.starts_with(b"(") => Role::Open(Kind::If),
        b"foreach" | b"macro" if behind.starts_with(b"(") => Role::Open(Kind::Loop),
        b"elseif" if behind.starts_with(b"(") => Role::Middle,
        b"else" if behind.is_empty() => Role::Middle,
        b"end" if behind.is_empty() => Role::Close,
        b"set" if behind.starts_with(b"(") => Role::Blank,
        b"parse" | b"include" if behind.starts_with(b"(") => Role::Hole,
        _ => return None,
    })
}
