//! The OpenSSH agent: the keys that it holds, and signatures by them. Only the
//! two questions that are needed, over its Unix socket.

use std::io;

/// A key that the agent holds.
#[derive(Debug, Clone)]
pub struct AgentKey {
    /// The public key as the agent writes it.
    pub blob: Vec<u8>,
    /// Its comment.
    pub comment: String,
}

const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;
/// Longer answers are none.
const MAX_RESPONSE_BYTES: u32 = 1024 * 1024;

/// The keys of the agent that `SSH_AUTH_SOCK` names.
///
/// # Errors
/// There is no agent, or it does not answer.
pub fn list_keys() -> io::Result<Vec<AgentKey>> {
    let answer = send_request(&[REQUEST_IDENTITIES], IDENTITIES_ANSWER)?;
    let mut rest = answer.as_slice();
    let count = read_u32(&mut rest)?;
    let mut out = Vec::new();
    for _ in 0..count.min(1000) {
        let blob = read_string(&mut rest)?.to_vec();
        let comment = String::from_utf8_lossy(read_string(&mut rest)?).into_owned();
        out.push(AgentKey { blob, comment });
    }
    Ok(out)
}

/// A signature over data by one of the agent's keys, in SSH's encoding.
///
/// # Errors
/// The agent refuses or does not answer.
pub fn sign(key: &AgentKey, data: &[u8]) -> io::Result<Vec<u8>> {
    let mut request = vec![SIGN_REQUEST];
    for part in [key.blob.as_slice(), data] {
        let length = u32::try_from(part.len()).map_err(|_| io::Error::other("too much to sign"))?;
        request.extend_from_slice(&length.to_be_bytes());
        request.extend_from_slice(part);
    }
    request.extend_from_slice(&0u32.to_be_bytes());
    let answer = send_request(&request, SIGN_RESPONSE)?;
    let mut rest = answer.as_slice();
    read_string(&mut rest).map(<[u8]>::to_vec)
}

fn malformed_response() -> io::Error {
    io::Error::other("the agent's answer cannot be read")
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

/// Asks, and gives what stands behind the answer's type.
#[cfg(unix)]
fn send_request(request: &[u8], wanted: u8) -> io::Result<Vec<u8>> {
    use std::io::{Read as _, Write as _};
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    let path = super::environment::variable("SSH_AUTH_SOCK")
        .filter(|path| !path.is_empty())
        .ok_or_else(|| io::Error::other("no agent is running: SSH_AUTH_SOCK is not set"))?;
    let mut stream = UnixStream::connect(path)?;
    // Somebody may have to touch a token or agree.
    stream.set_read_timeout(Some(Duration::from_secs(120)))?;
    let length = u32::try_from(request.len()).map_err(|_| io::Error::other("too much to ask"))?;
    stream.write_all(&length.to_be_bytes())?;
    stream.write_all(request)?;
    let mut head = [0; 4];
    stream.read_exact(&mut head)?;
    let length = u32::from_be_bytes(head);
    if length == 0 || length > MAX_RESPONSE_BYTES {
        return Err(malformed_response());
    }
    let mut answer = vec![0; usize::try_from(length).map_err(|_| malformed_response())?];
    stream.read_exact(&mut answer)?;
    match answer.split_first() {
        Some((kind, rest)) if *kind == wanted => Ok(rest.to_vec()),
        _ => Err(io::Error::other("the agent refuses")),
    }
}

#[cfg(not(unix))]
fn send_request(_: &[u8], _: u8) -> io::Result<Vec<u8>> {
    Err(io::Error::other("agents are spoken to on Unix systems only; name a key file"))
}
