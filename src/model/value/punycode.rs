//! Host names as browsers send them: labels beyond ASCII in Punycode (RFC 3492, RFC 5891 §5).
//!
//! Of the mappings of UTS #46 only those that people's keyboards make are here: upper case, full-width
//! letters, and the dots of Chinese and Japanese input methods.

const BASE: u32 = 36;
const T_MIN: u32 = 1;
const T_MAX: u32 = 26;
const SKEW: u32 = 38;
const DAMP: u32 = 700;
const INITIAL_BIAS: u32 = 72;
const INITIAL_N: u32 = 128;

/// A host name in ASCII; `None` for one that no browser would look up.
pub(super) fn to_ascii(host: &str) -> Option<String> {
    let mapped: String = host.chars().map(narrow).collect::<String>().to_lowercase();
    if mapped.is_ascii() {
        return Some(mapped);
    }
    let labels: Option<Vec<String>> = mapped
        .split('.')
        .map(|label| match label.is_ascii() {
            true => Some(label.to_owned()),
            false => Some(format!("xn--{}", encode(label)?)),
        })
        .collect();
    Some(labels?.join("."))
}

/// Full-width forms as the letters that they stand for, and every full stop as `.`.
fn narrow(c: char) -> char {
    match c {
        '。' | '．' | '｡' => '.',
        '！'..='～' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        c => c,
    }
}

/// RFC 3492 §6.3
fn encode(label: &str) -> Option<String> {
    let letters: Vec<u32> = label.chars().map(u32::from).collect();
    let mut out: String = label.chars().filter(char::is_ascii).collect();
    let basic = u32::try_from(out.len()).ok()?;
    let mut handled = basic;
    if basic > 0 {
        out.push('-');
    }
    let (mut n, mut delta, mut bias) = (INITIAL_N, 0u32, INITIAL_BIAS);
    while (handled as usize) < letters.len() {
        let next = letters.iter().copied().filter(|&c| c >= n).min()?;
        delta = delta.checked_add((next - n).checked_mul(handled + 1)?)?;
        n = next;
        for &c in &letters {
            if c < n {
                delta = delta.checked_add(1)?;
            }
            if c == n {
                push_number(&mut out, delta, bias)?;
                bias = adapt(delta, handled + 1, handled == basic);
                delta = 0;
                handled += 1;
            }
        }
        delta = delta.checked_add(1)?;
        n += 1;
    }
    Some(out)
}

/// A number of variable length: digits below a threshold end it.
fn push_number(out: &mut String, mut number: u32, bias: u32) -> Option<()> {
    let mut k = BASE;
    loop {
        let threshold = k.saturating_sub(bias).clamp(T_MIN, T_MAX);
        if number < threshold {
            out.push(digit(number)?);
            return Some(());
        }
        let rest = number - threshold;
        out.push(digit(threshold + rest % (BASE - threshold))?);
        number = rest / (BASE - threshold);
        k += BASE;
    }
}

fn digit(value: u32) -> Option<char> {
    char::from_digit(if value < 26 { value + 10 } else { value - 26 }, BASE)
}

/// RFC 3492 §6.1
fn adapt(delta: u32, points: u32, first: bool) -> u32 {
    let mut delta = if first { delta / DAMP } else { delta / 2 };
    delta += delta / points;
    let mut k = 0;
    while delta > (BASE - T_MIN) * T_MAX / 2 {
        delta /= BASE - T_MIN;
        k += BASE;
    }
    k + (BASE - T_MIN + 1) * delta / (delta + SKEW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_browsers_send_them() {
        for (host, sent) in [
            ("聊天.example.com", "xn--rss932g.example.com"),
            ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
            ("Bücher.example", "xn--bcher-kva.example"),
            ("ｅｘａｍｐｌｅ．ｃｏｍ", "example.com"),
            ("Example.COM", "example.com"),
            ("他们为什么不说中文", "xn--ihqwcrb4cv8a8dqg056pqjye"),
            ("xn--rss932g.example.com", "xn--rss932g.example.com"),
            ("почемужеонинеговорятпорусски", "xn--b1abfaaepdrnnbgefbadotcwatmq2g4l"),
            ("3年b組金八先生", "xn--3b-ww4c5e180e575a65lsy2b"),
            ("パフィーdeルンバ", "xn--de-jg4avhby1noc0d"),
            ("そのスピードで", "xn--d9juau41awczczp"),
            ("ü", "xn--tda"),
            ("𝒳a", "xn--a-dy9q"),
            ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaé", "xn--aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bhd"),
            ("bücher-und-größe", "xn--bcher-und-gre-mdb85a0c"),
            ("他a们b为c什d么e不", "xn--abcde-si1hlk1dw2cfg1i"),
            ("！＂ＡＺ～｡a", "!\"az~.a"),
        ] {
            assert_eq!(to_ascii(host).as_deref(), Some(sent), "{host}");
        }
    }
}
