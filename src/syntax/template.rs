//! Templates that become configurations: Jinja, Go, ERB, EJS, Mustache, `${VAR}`, `__NAME__`, `%name%`.
//!
//! A template is read through a mask of the same length. A placeholder that stands for (a part of) a
//! word becomes bytes that no configuration holds, so that the model knows the word and not its value.
//! A tag that stands where a directive could is a *hole*: a directive of its own, behind which
//! anything may hide.

/// The byte of a placeholder within a word.
pub const PLACEHOLDER: u8 = 0x01;
/// The first byte of a hole.
pub const HOLE: u8 = 0x02;

/// A template, seen through its mask.
#[derive(Debug)]
pub(super) struct Masked {
    /// As long as the file.
    pub text: Vec<u8>,
    /// Tags of a template language, as opposed to placeholders alone.
    pub has_tags: bool,
    /// Tags that decide what is there: conditions, loops, includes.
    pub has_control: bool,
}

/// Whether a word holds a placeholder.
pub fn is_open(word: &[u8]) -> bool {
    word.iter().any(|b| matches!(*b, PLACEHOLDER | HOLE))
}

/// Opening and closing delimiters, the longer ones first.
const TAGS: [(&[u8], &[u8]); 5] = [(b"{{{", b"}}}"), (b"{{", b"}}"), (b"{%", b"%}"), (b"{#", b"#}"), (b"<%", b"%>")];

/// The longest tag that is taken for one.
const LONGEST: usize = 8192;

/// Whether a file may be a template at all.
pub(super) fn may_be(bytes: &[u8]) -> bool {
    let has = |needle: &[u8]| memchr::memmem::find(bytes, needle).is_some();
    let at = |first: u8| memchr::memchr_iter(first, bytes).any(|i| placeholder(bytes, i).is_some());
    has(b"{{")
        || has(b"{%")
        || has(b"<%")
        || has(b"__")
        || has(b"${")
        || has(FRONT_MATTER.0)
        || at(b'%')
        || at(b'@')
        || at(b'<')
}

/// nginx-ui's templates begin with settings in TOML between these comments.
const FRONT_MATTER: (&[u8], &[u8]) = (b"# Nginx UI Template Start", b"# Nginx UI Template End");

/// Masks placeholders, and with `tags` also the tags of template languages; `None` without any.
pub(super) fn mask(bytes: &[u8], tags: bool) -> Option<Masked> {
    let mut out = Masked { text: Vec::new(), has_tags: false, has_control: false };
    let mut text: Option<Vec<u8>> = None;
    let mut at_start = true;
    let mut pos = 0;
    let matter = memchr::memmem::find(bytes, FRONT_MATTER.0).zip(memchr::memmem::find(bytes, FRONT_MATTER.1));
    if let Some((start, end)) = matter.filter(|(start, end)| tags && start < end) {
        let blank = |b: &mut u8| *b = if *b == b'\n' { b'\n' } else { b' ' };
        text.get_or_insert_with(|| bytes.to_vec())[start..end].iter_mut().for_each(blank);
        (out.has_tags, out.has_control) = (true, true);
        pos = end;
    }
    while pos < bytes.len() {
        let rest = &bytes[pos..];
        if let Some((length, control)) = tags.then(|| tag(rest)).flatten() {
            let alone = at_start && (control || stands_alone(&rest[length..]));
            out.has_tags = true;
            out.has_control |= control || alone;
            let text = text.get_or_insert_with(|| bytes.to_vec());
            fill(&mut text[pos..pos + length], alone);
            at_start &= alone;
            pos += length;
            continue;
        }
        if let Some(length) = placeholder(bytes, pos) {
            // Alone where a directive could stand, it stands for any number of them.
            let alone = at_start && length > 2 && stands_alone(&rest[length..]);
            out.has_control |= alone;
            fill(&mut text.get_or_insert_with(|| bytes.to_vec())[pos..pos + length], alone);
            at_start = alone;
            pos += length;
            continue;
        }
        match rest[0] {
            b'#' if pos == 0 || bytes[pos - 1].is_ascii_whitespace() || at_start => {
                let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                // Tags work in comments, too: `# {% if x %}`.
                let line = &rest[..length];
                let controls = |i: usize| tag(&line[i..]).is_some_and(|(_, control)| control);
                if tags && at_start && (0..length).any(|i| matches!(line[i], b'{' | b'<') && controls(i)) {
                    (out.has_tags, out.has_control) = (true, true);
                    fill(&mut text.get_or_insert_with(|| bytes.to_vec())[pos..pos + length], true);
                }
                pos += length;
                continue;
            }
            b';' | b'{' | b'}' => at_start = true,
            b if b.is_ascii_whitespace() => {}
            _ => at_start = false,
        }
        pos += 1;
    }
    out.text = text?;
    Some(out)
}

/// A hole ends as a directive does; line breaks stay, so that comments end where they did.
fn fill(bytes: &mut [u8], hole: bool) {
    let last = bytes.len() - 1;
    for (i, b) in bytes.iter_mut().enumerate() {
        *b = match *b {
            b'\n' if i != last => continue,
            _ if hole && i == last => b';',
            _ if hole && i == 0 => HOLE,
            _ => PLACEHOLDER,
        };
    }
}

/// The length of the tag that begins here, and whether it decides what is there.
fn tag(rest: &[u8]) -> Option<(usize, bool)> {
    if !matches!(rest.first(), Some(b'{' | b'<')) {
        return None;
    }
    let (open, close) = TAGS.iter().find(|(open, _)| rest.starts_with(open))?;
    let window = &rest[open.len()..rest.len().min(LONGEST)];
    let inner = memchr::memmem::find(window, close)?;
    let body = &window[..inner];
    let expression = match *open {
        b"{{{" | b"{{" => true,
        b"<%" => body.starts_with(b"="),
        _ => false,
    };
    if expression && body.contains(&b'\n') {
        return None;
    }
    let control = match *open {
        b"{%" | b"{#" => true,
        b"<%" => !body.starts_with(b"=") && !body.starts_with(b"-"),
        b"{{{" => false,
        _ => is_control(body),
    };
    Some((open.len() + inner + close.len(), control))
}

/// Go's and Mustache's keywords within `{{ }}`.
fn is_control(body: &[u8]) -> bool {
    const WORDS: [&[u8]; 12] = [
        b"if",
        b"else",
        b"end",
        b"range",
        b"with",
        b"define",
        b"block",
        b"template",
        b"include",
        b"partial",
        b"break",
        b"continue",
    ];
    let body = body.strip_prefix(b"-").unwrap_or(body).trim_ascii();
    let word = body.split(|b| !b.is_ascii_alphanumeric() && *b != b'_').next().unwrap_or_default();
    matches!(body.first(), Some(b'#' | b'/' | b'^' | b'!' | b'>' | b'$')) && !body.starts_with(b"$.")
        || WORDS.contains(&word)
}

/// Whether nothing but other tags follows on the line.
fn stands_alone(behind: &[u8]) -> bool {
    let line = behind.split(|b| *b == b'\n').next().unwrap_or_default().trim_ascii();
    line.is_empty()
        || line.starts_with(b"#")
        || tag(line).is_some_and(|(n, control)| control || stands_alone(&line[n..]))
}

/// The length of the placeholder that begins here.
fn placeholder(whole: &[u8], at: usize) -> Option<usize> {
    let rest = &whole[at..];
    match rest[0] {
        // `<container_name>;` in samples that somebody is to fill in.
        b'<' => {
            let name =
                rest[1..].iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b' ')).count();
            let closed = rest[1 + name..].starts_with(b">;") && rest.get(1).is_some_and(u8::is_ascii_alphabetic);
            (closed && name < 64).then_some(name + 2)
        }
        // envsubst: upper-case names in braces that this file does not define itself.
        b'$' if rest.starts_with(b"${") => {
            let name =
                rest[2..].iter().take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || **b == b'_').count();
            let closed = rest.get(2 + name) == Some(&b'}') && rest[2].is_ascii_uppercase();
            let defined = || memchr::memmem::find(whole, &[b"$", &rest[2..2 + name]].concat()).is_some();
            (closed && name > 1 && !defined()).then_some(name + 3)
        }
        // YunoHost's `__PORT__`, autoconf's `@PORT@`.
        b'_' if rest.starts_with(b"__") => {
            let name = upper(&rest[2..]);
            let trimmed = rest[2..2 + name].iter().rev().take_while(|b| **b == b'_').count();
            (trimmed >= 2 && name > trimmed).then_some(2 + name)
        }
        b'@' => {
            let name = upper(&rest[1..]);
            (name > 1 && rest.get(1 + name) == Some(&b'@')).then_some(name + 2)
        }
        // Hestia's `%ip%`, Home Assistant's `%%port%%`; `%D0%B0` is an encoded character.
        b'%' => {
            let signs = rest.iter().take_while(|b| **b == b'%').count().min(2);
            let name = rest[signs..].iter().take_while(|b| b.is_ascii_alphabetic() || **b == b'_').count();
            let closed = rest[signs + name..].iter().take_while(|b| **b == b'%').count() >= signs;
            (closed && name > 1 && !(name == 2 && rest[signs..signs + 2].iter().all(u8::is_ascii_hexdigit)))
                .then_some(name + 2 * signs)
        }
        _ => None,
    }
}

fn upper(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || **b == b'_').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str, tags: bool) -> String {
        let out = mask(text.as_bytes(), tags).map_or_else(|| text.as_bytes().to_vec(), |m| m.text);
        assert_eq!(out.len(), text.len());
        String::from_utf8_lossy(&out).replace('\u{1}', "_").replace('\u{2}', "H")
    }

    #[test]
    fn placeholders_become_words_and_control_flow_becomes_holes() {
        for (text, want) in [
            ("listen {{ port }};", "listen __________;"),
            ("{% if a %}\nlisten 80;\n{% endif %}\n", "H________;\nlisten 80;\nH_________;\n"),
            ("{{ if .A }}a b;{{ end }}", "H_________;a b;H_______;"),
            ("{{ macro() }}\nx y;", "H___________;\nx y;"),
            ("x {% if a %}b{% endif %};", "x __________b___________;"),
            ("proxy_pass http://localhost:__PORT__;", "proxy_pass http://localhost:________;"),
            ("listen ${PORT}; a ${host};", "listen _______; a ${host};"),
            ("listen %ip%:80; return 301 /%D0%B0;", "listen ____:80; return 301 /%D0%B0;"),
            ("<% if x %>\na <%= b %>;", "H________;\na ________;"),
            ("location / { x y; }", "location / { x y; }"),
            ("map $a $FOO {} x ${FOO};", "map $a $FOO {} x ${FOO};"),
        ] {
            assert_eq!(masked(text, true), want, "{text}");
        }
    }
}
