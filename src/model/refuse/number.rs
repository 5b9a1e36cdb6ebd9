//! Numbers, sizes and times to the letter as nginx reads them when it starts (core/ngx_string.c,
//! core/ngx_parse.c), for what it refuses.

/// `ngx_atoi`: digits alone.
pub(super) fn number(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}

/// `ngx_parse_size`: kilobytes and megabytes.
pub(super) fn size(text: &str) -> Option<i64> {
    scaled(text, &[('k', 10), ('m', 20)])
}

/// `ngx_parse_offset`: gigabytes, too.
pub(super) fn offset(text: &str) -> Option<i64> {
    scaled(text, &[('k', 10), ('m', 20), ('g', 30)])
}

fn scaled(text: &str, units: &[(char, u32)]) -> Option<i64> {
    let last = text.chars().next_back()?.to_ascii_lowercase();
    match units.iter().find(|(unit, _)| *unit == last) {
        Some((_, bits)) => number(&text[..text.len() - 1])?.checked_mul(1 << bits),
        None => number(text),
    }
}

/// `ngx_parse_time` in seconds: with years and months, without `ms`.
pub(super) fn seconds(text: &str) -> Option<i64> {
    time(text, true)
}

/// `ngx_parse_time` in milliseconds: weeks at most.
pub(super) fn milliseconds(text: &str) -> Option<i64> {
    time(text, false)
}

/// The units from the largest to the smallest, in seconds; each may stand once and only in this order.
const UNITS: [(char, i64); 7] =
    [('y', 31_536_000), ('M', 2_592_000), ('w', 604_800), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];
/// The places of minutes, seconds and milliseconds in that order.
const SECOND: usize = 6;
const MILLISECOND: usize = 7;

fn time(text: &str, in_seconds: bool) -> Option<i64> {
    let mut least = if in_seconds { 0 } else { 2 };
    let (mut total, mut value, mut some) = (0i64, 0i64, false);
    let mut rest = text.bytes().peekable();
    while let Some(byte) = rest.next() {
        if byte.is_ascii_digit() {
            value = value.checked_mul(10)?.checked_add(i64::from(byte - b'0'))?;
            some = true;
            continue;
        }
        let (step, scale) = if byte == b'm' && rest.peek() == Some(&b's') {
            rest.next();
            (if in_seconds { return None } else { MILLISECOND }, 1)
        } else if byte == b' ' {
            // A blank ends a number without a unit, and nothing smaller may follow.
            (SECOND, UNITS[SECOND].1)
        } else {
            let at = UNITS.iter().position(|(unit, _)| *unit == byte as char)?;
            (at, UNITS[at].1)
        };
        if step < least {
            return None;
        }
        least = if byte == b' ' { MILLISECOND + 1 } else { step + 1 };
        let scale = if in_seconds || step == MILLISECOND { scale } else { scale * 1000 };
        total = total.checked_add(value.checked_mul(scale)?)?;
        value = 0;
        while rest.peek() == Some(&b' ') {
            rest.next();
        }
    }
    let left = if in_seconds { value } else { value.checked_mul(1000)? };
    total.checked_add(left).filter(|_| some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_are_read_as_nginx_reads_them() {
        assert_eq!(
            (size("8k"), size("1M"), size("1g"), size("k"), size("")),
            (Some(8192), Some(1 << 20), None, None, None)
        );
        assert_eq!((offset("1g"), offset("1t"), offset("-1")), (Some(1 << 30), None, None));
        assert_eq!((number("007"), number("+1"), number("99999999999999999999")), (Some(7), None, None));
        assert_eq!(
            (milliseconds("1h 30m"), milliseconds("1d"), milliseconds("1y"), milliseconds("1M")),
            (Some(5_400_000), Some(86_400_000), None, None)
        );
        assert_eq!((seconds("1y 2M"), seconds("10ms"), milliseconds("10ms")), (Some(36_720_000), None, Some(10)));
        assert_eq!(
            (milliseconds("1m 1h"), milliseconds("1s 5"), milliseconds("ms"), milliseconds("5 s")),
            (None, Some(6_000), None, None)
        );
        // Each unit once, the greater first, and behind a number without one nothing.
        assert_eq!(
            (milliseconds("1m 1m"), milliseconds("5 10ms"), milliseconds("1s 10ms"), seconds("5 5")),
            (None, None, Some(1_010), Some(10))
        );
        assert_eq!((seconds("forever"), seconds(""), seconds("s")), (None, None, None));
        // Each unit once, and from the largest to the smallest.
        for text in ["1w1w", "1h1h", "1m 1m", "1s1s", "1ms1s", "1ms1ms", "1s1m", "1 1s"] {
            assert_eq!(milliseconds(text), None, "{text}");
        }
        assert_eq!((seconds("1y1y"), seconds("1M1y"), seconds("1M1m")), (None, None, Some(2_592_060)));
        assert_eq!((milliseconds("1s1ms"), milliseconds("1w1d1h1m1s1ms")), (Some(1_001), Some(694_861_001)));
    }
}
