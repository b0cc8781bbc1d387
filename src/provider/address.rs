//! Addresses of servers. A server is on this machine if its address says so, never because
//! somebody calls it local: the address is read strictly, resolved once, and every address
//! behind a name must be of the right kind.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::text::to_single_line;

use super::code::{INVALID_BASE_URL, SSRF_BLOCKED};
use super::registry::ModelTier;

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

    /// Chooses the address to connect to from what a name resolved to. Every address must
    /// be of the right kind: a name with two meanings is refused.
    ///
    /// # Errors
    /// `HSK-403-SSRF-BLOCKED`.
    pub(crate) fn choose(
        &self,
        tier: ModelTier,
        is_relay: bool,
        found: &[SocketAddr],
    ) -> Result<SocketAddr, AddressFault> {
        let is_here = tier == ModelTier::Local || is_relay;
        for address in found {
            check_ip(address.ip(), is_here).map_err(|fault| {
                blocked(format!("`{}` resolves to an address that is refused: {}", self.host, fault.why))
            })?;
        }
        found.first().copied().ok_or_else(|| blocked(format!("`{}` resolves to no address", self.host)))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything that was ever used to make a server elsewhere look local.
    const NOT_LOCAL: &[&str] = &[
        "http://0.0.0.0:11434",
        "http://10.0.0.1:11434",
        "http://192.168.1.1",
        "http://169.254.169.254",
        "http://169.254.1.1:80",
        "http://100.100.100.200",
        "http://8.8.8.8",
        "http://[::]:11434",
        "http://[::ffff:127.0.0.1]:11434",
        "http://[::ffff:169.254.169.254]",
        "http://[::ffff:7f00:1]",
        "http://[::127.0.0.1]",
        "http://[64:ff9b::7f00:1]",
        "http://[2002:7f00:1::]",
        "http://[fe80::1]",
        "http://[fe80::1%25eth0]",
        "http://[fe80::1%eth0]",
        "http://[fc00::1]",
        "http://[2606:4700::1111]",
        "http://[::1",
        "http://::1",
        "http://[::1]evil.example",
        "http://localhost.:11434",
        "http://127.1",
        "http://127.0.1",
        "http://2130706433",
        "http://0x7f000001",
        "http://0x7f.0.0.1",
        "http://0177.0.0.1",
        "http://127.0.0.1.",
        "http://127.0.0.1@evil.example",
        "http://evil.example@127.0.0.1",
        "http://user:pass@localhost",
        "http://127.0.0.1\\@evil.example",
        "http://127.0.0.1%2eevil.example",
        "http://127.0.0.1#@evil.example",
        "http://127.0.0.1?@evil.example",
        "http://127.0.0.1;evil.example",
        "http://127.0.0.1 .evil.example",
        "http://127.0.0.1\t",
        "http://127.0.0.1\r\nHost: evil.example",
        "http://①②⑦.⓪.⓪.①",
        "http://ⓛocalhost",
        "http://127。0。0。1",
        "https://127.0.0.1",
        "http:127.0.0.1",
        "http:///127.0.0.1",
        "//127.0.0.1",
        "127.0.0.1",
        "file://127.0.0.1/etc/passwd",
        "ftp://127.0.0.1",
        "http://127.0.0.1:0",
        "http://127.0.0.1:",
        "http://127.0.0.1:+80",
        "http://127.0.0.1:65536",
        "http://127.0.0.1:80:90",
        "http://127.0.0.1/../x",
        "http://127.0.0.1//evil.example",
        "http://-evil.example",
        "http://a..b",
        "http://",
        "",
    ];

    #[test]
    fn what_only_looks_local_is_refused() {
        assert!(NOT_LOCAL.len() >= 25);
        for text in NOT_LOCAL {
            let checked = BaseUrl::parse(text).and_then(|url| url.check(ModelTier::Local, false));
            assert!(checked.is_err(), "{text}: accepted");
        }
        for good in [
            "http://127.0.0.1:11434",
            "HTTP://LocalHost:11434/",
            "http://[::1]:8080/v1",
            "http://127.9.8.7",
            "http://my-machine:11434/api",
        ] {
            let checked = BaseUrl::parse(good).and_then(|url| url.check(ModelTier::Local, false));
            assert_eq!(checked, Ok(()), "{good}");
        }
    }

    #[test]
    fn every_address_behind_a_name_must_be_of_this_machine() {
        let url = BaseUrl::parse("http://my-machine:11434").expect("address");
        let at = |text: &str| format!("{text}:11434").parse::<SocketAddr>().expect("address");
        let choose = |all: &[&str]| {
            url.choose(ModelTier::Local, false, &all.iter().map(|text| at(text)).collect::<Vec<_>>())
        };
        assert_eq!(choose(&["127.0.0.1", "[::1]"]), Ok(at("127.0.0.1")));
        for elsewhere in [
            &["192.168.1.7"][..],
            &["127.0.0.1", "192.168.1.7"],
            &["[::1]", "[2606:4700::1111]"],
            &["[::ffff:127.0.0.1]"],
            &["0.0.0.0"],
            &[],
        ] {
            let fault = choose(elsewhere).expect_err("refused");
            assert_eq!(fault.code, SSRF_BLOCKED, "{elsewhere:?}");
        }
    }

    #[test]
    fn the_cloud_is_public_and_uses_tls() {
        let check = |text: &str| BaseUrl::parse(text).and_then(|url| url.check(ModelTier::Cloud, false));
        assert_eq!(check("https://api.example.com/v1"), Ok(()));
        assert_eq!(check("https://93.184.216.34"), Ok(()));
        for refused in [
            "http://api.example.com",
            "https://localhost",
            "https://a.localhost",
            "https://metadata.google.internal",
            "https://printer.local",
            "https://127.0.0.1",
            "https://10.1.2.3",
            "https://172.31.0.1",
            "https://100.64.0.1",
            "https://169.254.169.254",
            "https://192.0.0.1",
            "https://240.0.0.1",
            "https://0.1.2.3",
            "https://[::1]",
            "https://[fd00:ec2::254]",
            "https://[2001:db8::1]",
            "https://[2001::1]",
            "https://[2002:7f00:1::]",
            "https://[::ffff:8.8.8.8]",
        ] {
            assert!(check(refused).is_err(), "{refused}: accepted");
        }
        let url = BaseUrl::parse("https://api.example.com").expect("address");
        let choose = |text: &str| url.choose(ModelTier::Cloud, false, &[text.parse().expect("address")]);
        assert!(choose("93.184.216.34:443").is_ok());
        assert!(choose("127.0.0.1:443").is_err() && choose("[fd00::1]:443").is_err());
    }

    #[test]
    fn a_relay_is_on_this_machine_and_needs_no_tls() {
        let check = |text: &str| BaseUrl::parse(text).and_then(|url| url.check(ModelTier::Cloud, true));
        assert_eq!(check("http://127.0.0.1:4000"), Ok(()));
        for refused in ["http://10.0.0.1:4000", "https://127.0.0.1:4000"] {
            assert!(check(refused).is_err(), "{refused}: accepted");
        }
    }
}
