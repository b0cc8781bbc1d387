//! Addresses of servers. A server is on this machine if its address says so, never because
//! a setting calls it local: the address is read strictly, resolved once, and every address
//! behind a name must be of the right kind.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::text::to_single_line;

use super::code::{INVALID_BASE_URL, PROVIDER_ERROR, SSRF_BLOCKED};
use super::kinds::ModelTier;

/// Why an address is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {why}")]
pub(crate) struct AddressFault {
    /// `HSK-400-INVALID-BASE-URL` or `HSK-403-SSRF-BLOCKED`.
    pub code: &'static str,
    /// What is wrong, and what was expected.
    pub why: String,
}

fn invalid(why: impl Into<String>) -> AddressFault {
    AddressFault { code: INVALID_BASE_URL, why: why.into() }
}

fn blocked(why: impl Into<String>) -> AddressFault {
    AddressFault { code: SSRF_BLOCKED, why: why.into() }
}

/// The host of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Host {
    /// A name, in lower case.
    Name(String),
    /// An IP address.
    Ip(IpAddr),
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Ip(IpAddr::V4(ip)) => write!(f, "{ip}"),
            Self::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]"),
        }
    }
}

/// The address of a server: scheme, host, port and a path in front of the interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BaseUrl {
    /// Whether TLS is used.
    pub is_https: bool,
    /// The host.
    pub host: Host,
    /// The port.
    pub port: u16,
    /// The path, without a slash at its end; empty if there is none.
    pub path: String,
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_https { "https" } else { "http" };
        write!(f, "{scheme}://{}:{}{}", self.host, self.port, self.path)
    }
}

impl BaseUrl {
    /// Reads an address. Only the plain form is accepted, in which every reader sees the
    /// same host: no name or password, no query, no escapes, no short forms of numbers.
    ///
    /// # Errors
    /// `HSK-400-INVALID-BASE-URL`.
    pub(crate) fn parse(text: &str) -> Result<Self, AddressFault> {
        let shown = to_single_line(text, 80);
        if !text.is_ascii() || text.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return Err(invalid(format!("`{shown}` contains a blank or a character that is not ASCII")));
        }
        let lower = text.to_ascii_lowercase();
        let (is_https, start) = if lower.starts_with("http://") {
            (false, "http://".len())
        } else if lower.starts_with("https://") {
            (true, "https://".len())
        } else {
            return Err(invalid(format!("`{shown}` starts neither with http:// nor with https://")));
        };
        let rest = text.get(start..).unwrap_or_default();
        if let Some(bad) = rest.chars().find(|c| matches!(c, '@' | '?' | '#' | '%' | '\\' | ';' | ',')) {
            return Err(invalid(format!(
                "`{shown}` contains `{bad}`; write scheme, host, port and path only"
            )));
        }
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let (host, port) =
            split_port(authority).ok_or_else(|| invalid(format!("`{shown}` has no valid host")))?;
        let port = match port {
            None if is_https => 443,
            None => 80,
            Some(text) => text
                .parse::<u16>()
                .ok()
                .filter(|port| *port > 0 && text.bytes().all(|byte| byte.is_ascii_digit()))
                .ok_or_else(|| invalid(format!("`{shown}` has no valid port")))?,
        };
        let path = path.trim_end_matches('/');
        if path.split('/').any(|part| part == "." || part == "..") || path.contains("//") {
            return Err(invalid(format!("`{shown}` has `.`, `..` or an empty part in its path")));
        }
        Ok(Self { is_https, host: parse_host(host)?, port, path: path.to_owned() })
    }

    /// Returns host and port, as in the header `Host`.
    #[must_use]
    pub(crate) fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Checks an address that a user wrote, without resolving a name.
    ///
    /// # Errors
    /// A cloud address without TLS, a local one with it, or an IP address of the wrong kind.
    pub(crate) fn check(&self, tier: ModelTier, is_relay: bool) -> Result<(), AddressFault> {
        let is_here = tier == ModelTier::Local || is_relay;
        if is_here && self.is_https {
            return Err(invalid("a server on this machine is reached with http://, not with https://"));
        }
        if !is_here && !self.is_https {
            return Err(invalid(
                "the cloud is reached with https:// only; for a server on this machine that forwards, write `relay: true`",
            ));
        }
        match &self.host {
            Host::Ip(ip) => check_ip(*ip, is_here),
            Host::Name(name) if !is_here && is_name_of_this_machine(name) => {
                Err(blocked(format!("`{name}` is not a host of the cloud")))
            }
            Host::Name(_) => Ok(()),
        }
    }

    /// Returns the addresses to connect to, IPv4 first, from what a name resolved to. Every
    /// address must be of the right kind: a name with two meanings is refused.
    ///
    /// # Errors
    /// `HSK-403-SSRF-BLOCKED`.
    pub(crate) fn choose(
        &self,
        tier: ModelTier,
        is_relay: bool,
        found: &[SocketAddr],
    ) -> Result<Vec<SocketAddr>, AddressFault> {
        let is_here = tier == ModelTier::Local || is_relay;
        for address in found {
            check_ip(address.ip(), is_here).map_err(|fault| {
                blocked(format!("`{}` resolves to an address that is refused: {}", self.host, fault.why))
            })?;
        }
        if found.is_empty() {
            // No address is no wrong address.
            return Err(AddressFault {
                code: PROVIDER_ERROR,
                why: format!("`{}` resolves to no address", self.host),
            });
        }
        let mut all = found.to_vec();
        all.sort_by_key(SocketAddr::is_ipv6);
        all.dedup();
        Ok(all)
    }
}

/// Splits host and port; `None` if the text is neither.
fn split_port(authority: &str) -> Option<(&str, Option<&str>)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (inside, after) = rest.split_once(']')?;
        let host = authority.get(..inside.len() + 2)?;
        return match after.strip_prefix(':') {
            Some(port) => Some((host, Some(port))),
            None => after.is_empty().then_some((host, None)),
        };
    }
    match authority.split_once(':') {
        Some((host, port)) => (!host.is_empty()).then_some((host, Some(port))),
        None => (!authority.is_empty()).then_some((authority, None)),
    }
}

fn parse_host(host: &str) -> Result<Host, AddressFault> {
    let shown = to_single_line(host, 80);
    if let Some(inside) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let ip: Ipv6Addr =
            inside.parse().map_err(|_| invalid(format!("`{shown}` is not an IPv6 address")))?;
        return Ok(Host::Ip(IpAddr::V6(ip)));
    }
    if let Ok(ip) = host.parse::<Ipv4Addr>() {
        return Ok(Host::Ip(IpAddr::V4(ip)));
    }
    let name = host.to_ascii_lowercase();
    if name.ends_with('.') {
        return Err(invalid(format!("`{shown}` ends with a dot; leave it out")));
    }
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            && !label.starts_with('-')
    };
    if name.len() > 253 || !name.split('.').all(is_label) {
        return Err(invalid(format!("`{shown}` is not a host name")));
    }
    // Resolvers read `127.1`, `0x7f000001` and `2130706433` as addresses; people do not.
    let last = name.rsplit('.').next().unwrap_or_default();
    if last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x") {
        return Err(invalid(format!(
            "`{shown}` is a number, not a host name; write an IPv4 address as a.b.c.d"
        )));
    }
    Ok(Host::Name(name))
}

/// Names that mean this machine or its network whatever a resolver says.
fn is_name_of_this_machine(name: &str) -> bool {
    !name.contains('.')
        || [".localhost", ".local", ".internal", ".localdomain", ".home.arpa"]
            .iter()
            .any(|end| name.ends_with(end))
}

fn check_ip(ip: IpAddr, is_here: bool) -> Result<(), AddressFault> {
    if is_here {
        // An IPv4 address inside of an IPv6 one is read by some systems and not by others.
        return if ip.is_loopback() {
            Ok(())
        } else {
            Err(blocked(format!("{ip} is not an address of this machine; expected 127.0.0.0/8 or ::1")))
        };
    }
    let is_public = match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    };
    if is_public { Ok(()) } else { Err(blocked(format!("{ip} is not a public address"))) }
}

/// Returns whether an address is reachable for everybody (IANA's registry of special-purpose
/// addresses, RFC 6890).
fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    !(a == 0
        || a == 10
        || a == 127
        || (a == 100 && (64..128).contains(&b))
        || (a == 169 && b == 254)
        || (a == 172 && (16..32).contains(&b))
        || (a == 192 && b == 0 && (c == 0 || c == 2))
        || (a == 192 && b == 88 && c == 99)
        || (a == 192 && b == 168)
        || (a == 198 && (b == 18 || b == 19))
        || (a == 198 && b == 51 && c == 100)
        || (a == 203 && b == 0 && c == 113)
        || a >= 224)
}

/// Returns whether an address is a global unicast one that contains no IPv4 address.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, ..] = ip.segments();
    let is_global = a & 0xe000 == 0x2000;
    let is_documentation = (a == 0x2001 && b == 0x0db8) || (a == 0x3fff && b < 0x1000);
    // Special purposes below 2001::/23 (Teredo among them), and 6to4.
    let is_special = (a == 0x2001 && b < 0x0200) || a == 0x2002;
    is_global && !is_documentation && !is_special
}
