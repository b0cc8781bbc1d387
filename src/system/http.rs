//! One HTTP request to one address. No proxy, no redirect, no cookie, no compression, and
//! limits for time and size.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::time::Duration;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

/// Whether this program can use TLS.
pub(crate) const HAS_TLS: bool = cfg!(feature = "cloud");
/// Time to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum number of addresses that are tried.
const MAX_ADDRESSES: usize = 8;
/// Maximum size of the head of an answer, in bytes.
const MAX_HEAD_BYTES: usize = 32 * 1024;

/// A key that no message shows.
pub(crate) struct Secret(String);

impl Secret {
    /// Takes a key; `None` if it cannot be part of a header.
    #[must_use]
    pub(crate) fn new(value: String) -> Option<Self> {
        value.bytes().all(|byte| byte.is_ascii_graphic()).then_some(Self(value))
    }
}

/// Shorter values are no secrets, and parts of every text.
const MIN_SECRET_BYTES: usize = 8;

impl Secret {
    /// Removes the key from text of a server. Where the text writes its characters as escapes
    /// of JSON, the whole text is dropped.
    pub(crate) fn remove_from(&self, text: String) -> String {
        if self.0.len() < MIN_SECRET_BYTES {
            return text;
        }
        if text.contains(&self.0) {
            return text.replace(&self.0, "<redacted>");
        }
        let is_escaped = text.contains('\\') && unescape(&text).contains(&self.0);
        if is_escaped { "<redacted>".to_owned() } else { text }
    }
}

/// Resolves the escapes of JSON wherever they are.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match rest.next() {
            Some('u') => {
                let digits: String = rest.by_ref().take(4).collect();
                let code = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
                out.extend(code);
            }
            other => out.extend(other),
        }
    }
    out
}

/// Where a request goes, and its limits.
pub(crate) struct HttpTarget {
    /// Whether TLS is used.
    pub is_https: bool,
    /// Host and port, for the header `Host`.
    pub authority: String,
    /// The addresses to connect to, one after the other.
    pub addresses: Vec<SocketAddr>,
    /// The path.
    pub path: String,
    /// Time for everything together.
    pub timeout: Duration,
    /// Maximum size of the answer, in bytes.
    pub max_answer_bytes: u64,
}

/// An answer.
pub(crate) struct HttpAnswer {
    /// Its status.
    pub status: u16,
    /// Its bytes.
    pub body: Vec<u8>,
}

/// Resolves a name with the operating system's resolver.
///
/// # Errors
/// The name has no address.
pub(crate) fn resolve(name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    Ok((name, port).to_socket_addrs()?.collect())
}

/// Answers every question with the addresses that were checked.
#[derive(Debug)]
struct PinnedAddresses(Vec<SocketAddr>);

impl Resolver for PinnedAddresses {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut found = self.empty();
        self.0.iter().take(MAX_ADDRESSES).for_each(|address| found.push(*address));
        Ok(found)
    }
}

/// Connects to the first address that answers, and sends nothing.
///
/// # Errors
/// Nothing listens at any of them.
pub(crate) fn probe(addresses: &[SocketAddr]) -> io::Result<()> {
    let mut last = io::Error::other("there is no address");
    for address in addresses.iter().take(MAX_ADDRESSES) {
        match std::net::TcpStream::connect_timeout(address, CONNECT_TIMEOUT) {
            Ok(_) => return Ok(()),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Sends JSON and waits for the whole answer, whatever its status is.
///
/// # Errors
/// The server cannot be reached, is too slow, or answers with too many bytes.
pub(crate) fn post_json(target: &HttpTarget, key: Option<&Secret>, body: &[u8]) -> io::Result<HttpAnswer> {
    let config = Config::builder()
        .proxy(None)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .https_only(target.is_https)
        .timeout_global(Some(target.timeout))
        .timeout_connect(Some(CONNECT_TIMEOUT.min(target.timeout)))
        .max_response_header_size(MAX_HEAD_BYTES)
        .max_idle_connections(0)
        .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")))
        .accept("application/json")
        .build();
    let agent =
        ureq::Agent::with_parts(config, DefaultConnector::new(), PinnedAddresses(target.addresses.clone()));
    let scheme = if target.is_https { "https" } else { "http" };
    let mut request = agent
        .post(format!("{scheme}://{}{}", target.authority, target.path))
        .header("Content-Type", "application/json");
    if let Some(Secret(key)) = key {
        request = request.header("Authorization", format!("Bearer {key}"));
    }
    // The agent writes no log, and no error of it holds a header.
    let failed = |error: ureq::Error| io::Error::other(describe(&error, target));
    let mut answer = request.send(body).map_err(failed)?;
    let status = answer.status().as_u16();
    let body =
        answer.body_mut().with_config().limit(target.max_answer_bytes).read_to_vec().map_err(failed)?;
    Ok(HttpAnswer { status, body })
}

/// What went wrong, without any word of the server.
fn describe(error: &ureq::Error, target: &HttpTarget) -> String {
    match error {
        ureq::Error::Timeout(_) => format!("no whole answer within {} seconds", target.timeout.as_secs()),
        ureq::Error::BodyExceedsLimit(_) => {
            format!("the answer has more than {} bytes", target.max_answer_bytes)
        }
        ureq::Error::Io(error) => match error.kind() {
            io::ErrorKind::ConnectionRefused => "nothing listens there".to_owned(),
            kind => format!("the connection failed: {kind}"),
        },
        ureq::Error::ConnectionFailed => "the connection failed".to_owned(),
        ureq::Error::Protocol(_) | ureq::Error::Http(_) | ureq::Error::LargeResponseHeader(..) => {
            "the answer is not valid HTTP".to_owned()
        }
        other => format!("the request failed: {}", crate::text::to_single_line(&other.to_string(), 120)),
    }
}
