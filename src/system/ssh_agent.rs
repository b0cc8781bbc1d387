//! Client of the OpenSSH agent: lists its keys and requests signatures. It
//! implements only these two requests, over the agent's Unix socket.

use std::io;

/// A key of the agent.
#[derive(Debug, Clone)]
pub(crate) struct AgentKey {
    /// The public key in SSH's binary encoding.
    pub blob: Vec<u8>,
    /// Comment of the key.
    pub comment: String,
}

const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_RESPONSE: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;
/// Maximum response size in bytes; longer responses are rejected.
const MAX_RESPONSE_BYTES: u32 = 1024 * 1024;

/// Lists the keys of the agent that `SSH_AUTH_SOCK` names, at most 1000.
///
/// # Errors
/// `SSH_AUTH_SOCK` is not set, or the agent does not respond as expected.
pub(crate) fn list_keys() -> io::Result<Vec<AgentKey>> {
    let response = send_request(&[REQUEST_IDENTITIES], IDENTITIES_RESPONSE)?;
    let mut rest = response.as_slice();
    let count = read_u32(&mut rest)?;
    let mut out = Vec::new();
    for _ in 0..count.min(1000) {
        let blob = read_string(&mut rest)?.to_vec();
        let comment = String::from_utf8_lossy(read_string(&mut rest)?).into_owned();
        out.push(AgentKey { blob, comment });
    }
    Ok(out)
}

/// Requests a signature over `data` with a key of the agent. Returns it in SSH's
/// encoding.
///
/// # Errors
/// The agent refuses the request or does not respond.
pub(crate) fn sign(key: &AgentKey, data: &[u8]) -> io::Result<Vec<u8>> {
    let mut request = vec![SIGN_REQUEST];
    for part in [key.blob.as_slice(), data] {
        let length = u32::try_from(part.len())
            .map_err(|_| io::Error::other("the data to sign is longer than 4 GiB"))?;
        request.extend_from_slice(&length.to_be_bytes());
        request.extend_from_slice(part);
    }
    request.extend_from_slice(&0u32.to_be_bytes());
    let response = send_request(&request, SIGN_RESPONSE)?;
    let mut rest = response.as_slice();
    read_string(&mut rest).map(<[u8]>::to_vec)
}

fn malformed_response() -> io::Error {
    io::Error::other("the response of the SSH agent is malformed")
}

fn read_u32(rest: &mut &[u8]) -> io::Result<u32> {
    let (first, tail) = rest.split_first_chunk::<4>().ok_or_else(malformed_response)?;
    *rest = tail;
    Ok(u32::from_be_bytes(*first))
}

fn read_string<'a>(rest: &mut &'a [u8]) -> io::Result<&'a [u8]> {
    let length = usize::try_from(read_u32(rest)?).map_err(|_| malformed_response())?;
    let (text, tail) = rest.split_at_checked(length).ok_or_else(malformed_response)?;
    *rest = tail;
    Ok(text)
}

/// Sends a request and returns the response without its type byte, which must be
/// `expected`.
#[cfg(unix)]
fn send_request(request: &[u8], expected: u8) -> io::Result<Vec<u8>> {
    use std::io::{Read as _, Write as _};
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    let path =
        super::environment::variable("SSH_AUTH_SOCK").filter(|path| !path.is_empty()).ok_or_else(|| {
            io::Error::other("SSH_AUTH_SOCK is not set; start an SSH agent, or name a key file")
        })?;
    let mut stream = UnixStream::connect(path)?;
    // The agent may wait for the user to confirm or to touch a hardware token.
    stream.set_read_timeout(Some(Duration::from_secs(120)))?;
    let length = u32::try_from(request.len())
        .map_err(|_| io::Error::other("the request to the SSH agent is longer than 4 GiB"))?;
    stream.write_all(&length.to_be_bytes())?;
    stream.write_all(request)?;
    let mut head = [0; 4];
    stream.read_exact(&mut head)?;
    let length = u32::from_be_bytes(head);
    if length == 0 || length > MAX_RESPONSE_BYTES {
        return Err(malformed_response());
    }
    let mut response = vec![0; usize::try_from(length).map_err(|_| malformed_response())?];
    stream.read_exact(&mut response)?;
    match response.split_first() {
        Some((kind, rest)) if *kind == expected => Ok(rest.to_vec()),
        _ => Err(io::Error::other("the SSH agent refuses the request")),
    }
}

#[cfg(not(unix))]
fn send_request(_: &[u8], _: u8) -> io::Result<Vec<u8>> {
    Err(io::Error::other("SSH agents are supported on Unix systems only; name a key file"))
}
