//! Hosts that nginx asks a resolver for when it starts, as far as it can be told without asking.

/// No resolver can know such a name: it is no ASCII, it holds what no name holds, or its last label is a
/// number and it is no address (`10.0.0.5.8080`, where a dot stands for a colon).
pub(super) fn is_impossible(host: &str) -> bool {
    let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or(host);
    let number = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let labels = || host.split('.');
    let port =
        host.contains('.') && last.parse::<u16>().is_ok_and(|n| n >= 80) && number(last) && !labels().all(number);
    let fifth = labels().count() > 4 && labels().all(number);
    !host.starts_with('[')
        && !host.starts_with("unix:")
        && (!host.is_ascii() || host.bytes().any(|b| b.is_ascii_whitespace()) || port || fifth)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_can_exist_are_told_from_those_that_cannot() {
        for host in ["localhost", "a.example.com", "1.2.3.4", "127.1", "2.example.com", "app_1", "[::1]", "*", "web.1"]
        {
            assert!(!is_impossible(host), "{host}");
        }
        for host in ["127.0.0.1：9000", "192.0.2.244.8080", "localhost.3000", "聊天"] {
            assert!(is_impossible(host), "{host}");
        }
    }
}
