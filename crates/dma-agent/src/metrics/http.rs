//! As much of HTTP/1.1 as it takes to be asked for one thing.

/// What a request wants.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// It is not whole.
    NotYet,
    /// The metrics.
    Metrics,
    /// Something else: this is the answer.
    Other(String),
}

/// The format, as the standard names it.
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What has come so far, of at most so many bytes; `ended`: no more will.
pub(super) fn judge(input: &[u8], most: usize, ended: bool) -> Asked {
    let whole = input.windows(4).any(|end| end == b"\r\n\r\n")
        || input.windows(2).any(|end| end == b"\n\n");
    if !whole {
        return match (input.len() > most, ended) {
            (true, _) => Asked::Other(plain("431 Request Header Fields Too Large", "", "too long")),
            (false, true) => Asked::Other(plain("400 Bad Request", "", "the request is not whole")),
            (false, false) => Asked::NotYet,
        };
    }
    let line = input
        .split(|byte| matches!(byte, b'\r' | b'\n'))
        .next()
        .unwrap_or_default();
    let mut words = line.split(|byte| *byte == b' ');
    let (method, target, version) = (words.next(), words.next(), words.next());
    let path = target.map(|target| {
        target
            .split(|byte| *byte == b'?')
            .next()
            .unwrap_or_default()
    });
    match (method, path, version) {
        (Some(b"GET"), Some(b"/metrics"), Some(b"HTTP/1.1" | b"HTTP/1.0")) => Asked::Metrics,
        (Some(b"GET"), Some(_), Some(b"HTTP/1.1" | b"HTTP/1.0")) => {
            Asked::Other(plain("404 Not Found", "", "the metrics are at /metrics"))
        }
        (Some(_), Some(_), Some(b"HTTP/1.1" | b"HTTP/1.0")) => Asked::Other(plain(
            "405 Method Not Allowed",
            "Allow: GET\r\n",
            "only GET",
        )),
        _ => Asked::Other(plain(
            "400 Bad Request",
            "",
            "this is no request of HTTP/1.1",
        )),
    }
}

/// What goes before the metrics.
pub(super) fn head(length: usize) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {CONTENT_TYPE}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )
}

fn plain(status: &str, fields: &str, text: &str) -> String {
    let length = text.len() + 1;
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\n{fields}\
         Connection: close\r\n\r\n{text}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(input: &[u8]) -> String {
        match judge(input, 100, true) {
            Asked::Other(answer) => answer.lines().next().unwrap_or_default().to_owned(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_request_is_judged_when_it_is_whole() {
        let request = b"GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n";
        for end in 0..request.len() {
            assert_eq!(judge(&request[..end], 100, false), Asked::NotYet, "{end}");
        }
        assert_eq!(judge(request, 100, false), Asked::Metrics);
        assert_eq!(status(b"GET /metrics?a=b HTTP/1.0\n\n"), "Metrics");
    }

    #[test]
    fn whatever_else_comes_is_answered() {
        assert_eq!(status(b"GET / HTTP/1.1\r\n\r\n"), "HTTP/1.1 404 Not Found");
        assert_eq!(
            status(b"POST /metrics HTTP/1.1\r\n\r\n"),
            "HTTP/1.1 405 Method Not Allowed"
        );
        assert_eq!(
            status(b"\x16\x03\x01 hello\r\n\r\n"),
            "HTTP/1.1 400 Bad Request"
        );
        assert_eq!(status(b"GET /metrics"), "HTTP/1.1 400 Bad Request");
        assert_eq!(
            status(&[b'x'; 200]),
            "HTTP/1.1 431 Request Header Fields Too Large"
        );
    }
}
