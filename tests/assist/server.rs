//! A server that records what arrives and answers as a test wants.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What arrived in one connection.
#[derive(Debug, Clone, Default)]
pub struct Received {
    /// Request line and headers.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

/// A part of an answer.
#[derive(Clone)]
pub enum Part {
    /// These bytes.
    Bytes(Vec<u8>),
    /// Nothing for a while.
    Pause(Duration),
    /// One byte again and again, with a pause before each.
    Drip(u8, Duration, usize),
}

/// A server.
pub struct Server {
    address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Server {
    /// Starts a server that answers every request with these parts.
    pub fn start(parts: Vec<Part>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let received: Arc<Mutex<Vec<Received>>> = Arc::default();
        let all = Arc::clone(&received);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (all, parts) = (Arc::clone(&all), parts.clone());
                std::thread::spawn(move || serve(stream, &all, &parts));
            }
        });
        Self { address, received }
    }

    /// A server that answers with a status and JSON.
    pub fn json(status: &str, body: &str) -> Self {
        Self::start(vec![Part::Bytes(response(status, "", body))])
    }

    /// A server that answers a request with a remark about one line.
    pub fn with_remark(body: &str) -> Self {
        Self::json("200 OK", &openai(body, Some((1_234, 56))))
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The requests that arrived, in order.
    pub fn received(&self) -> Vec<Received> {
        let all = self.received.lock().expect("lock").clone();
        all.into_iter().filter(|received| !received.head.is_empty()).collect()
    }

    /// How often somebody connected, also without sending anything.
    pub fn connections(&self) -> usize {
        self.received.lock().expect("lock").len()
    }
}

/// A response with its length.
pub fn response(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// An answer of `/v1/chat/completions`.
pub fn openai(content: &str, usage: Option<(u64, u64)>) -> String {
    let mut answer = serde_json::json!({"choices": [{"message": {"role": "assistant", "content": content}}]});
    if let Some((prompt, completion)) = usage {
        answer["usage"] = serde_json::json!({
            "prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion,
        });
    }
    answer.to_string()
}

fn serve(mut stream: TcpStream, all: &Mutex<Vec<Received>>, parts: &[Part]) {
    let index = {
        let mut all = all.lock().expect("lock");
        all.push(Received::default());
        all.len() - 1
    };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(20)));
    let (mut bytes, mut buffer) = (Vec::new(), [0u8; 16 * 1024]);
    let request = loop {
        let Ok(count @ 1..) = stream.read(&mut buffer) else { return };
        bytes.extend_from_slice(&buffer[..count]);
        if let Some(request) = whole_request(&bytes) {
            break request;
        }
    };
    all.lock().expect("lock")[index] = request;
    for part in parts {
        let sent = match part {
            Part::Bytes(bytes) => stream.write_all(bytes),
            Part::Pause(time) => {
                std::thread::sleep(*time);
                Ok(())
            }
            Part::Drip(byte, pause, count) => (0..*count).try_for_each(|_| {
                std::thread::sleep(*pause);
                stream.write_all(&[*byte])
            }),
        };
        if sent.is_err() {
            return;
        }
    }
}

fn whole_request(bytes: &[u8]) -> Option<Received> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let length = head
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase().strip_prefix("content-length:").map(str::trim).map(str::to_owned)
        })
        .and_then(|text| text.parse::<usize>().ok())
        .unwrap_or(0);
    let body = bytes.get(end..end + length)?.to_vec();
    Some(Received { head, body })
}
