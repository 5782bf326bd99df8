//! What must not be printed: whoever a URL signs in as.

/// The text with the user and the password of each URL blotted out.
pub(crate) fn redacted(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        kept.push_str(before);
        kept.push_str("://");
        let end = after.find(|c: char| c.is_whitespace() || "'\"`<>".contains(c));
        let (url, beyond) = after.split_at(end.unwrap_or(after.len()));
        // A password may hold any sign, so that the host begins after the last `@` before a path.
        match url.rsplit_once('@') {
            Some((_, host)) => {
                kept.push_str("***@");
                kept.push_str(&queryless(host));
            }
            None => kept.push_str(&queryless(url)),
        }
        rest = beyond;
    }
    kept.push_str(rest);
    kept
}

/// Some take a password as a parameter.
fn queryless(url: &str) -> String {
    match url.split_once('?') {
        Some((base, _)) => format!("{base}?***"),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_blotted_out() {
        for (text, told) in [
            ("no `postgres://law:pw@h:1/d` here", "no `postgres://***@h:1/d` here"),
            ("mysql://a:p@ss/w@h/d and b://c:d@e", "mysql://***@h/d and b://***@e"),
            ("postgres://h/d?password=x", "postgres://h/d?***"),
            ("plain", "plain"),
            ("x://", "x://"),
        ] {
            assert_eq!(redacted(text), told);
        }
    }
}
