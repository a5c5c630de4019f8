//! HTTP/1.1 as far as the generator needs it: whole messages, one after the other on a connection of its own, of which it reads the first
//! line, the length and the body. What a generator takes of the machine is missing to what it measures.

use anyhow::{Context, Result};
use memchr::memmem;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// One side of a connection.
pub struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// Bytes of the message that was received last.
    read: usize,
}

/// A request or an answer.
pub struct Message<'a> {
    bytes: &'a [u8],
    /// Where the body begins.
    body: usize,
}

impl Wire {
    pub fn new(stream: TcpStream) -> Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4096), read: 0 })
    }

    pub async fn connect(authority: &str) -> Result<Self> {
        Self::new(TcpStream::connect(authority).await.with_context(|| format!("cannot connect to {authority}"))?)
    }

    /// Whether the other side has gone since the last message, as a server may.
    pub fn is_closed(&self) -> bool {
        !matches!(self.stream.try_read(&mut [0]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
    }

    pub async fn send(&mut self, message: &[u8]) -> Result<()> {
        Ok(self.stream.write_all(message).await?)
    }

    /// The next message; `None` when the other side has closed.
    pub async fn receive(&mut self) -> Result<Option<Message<'_>>> {
        self.buffer.drain(..std::mem::take(&mut self.read));
        loop {
            if let Some((body, end)) = frame(&self.buffer)? {
                self.read = end;
                return Ok(Some(Message { bytes: &self.buffer[..end], body }));
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        }
    }
}

impl Message<'_> {
    /// Whether the first line begins with `text`.
    pub fn begins(&self, text: &str) -> bool {
        self.bytes.starts_with(text.as_bytes())
    }

    /// Chunks with their sizes, when it came in such.
    pub fn body(&self) -> &[u8] {
        &self.bytes[self.body..]
    }

    pub fn first_line(&self) -> String {
        String::from_utf8_lossy(self.bytes.split(|byte| *byte == b'\r').next().unwrap_or_default()).into_owned()
    }
}

/// Where the body begins and ends of a message that is whole.
fn frame(bytes: &[u8]) -> Result<Option<(usize, usize)>> {
    let Some(head) = memmem::find(bytes, b"\r\n\r\n") else { return Ok(None) };
    let body = head + 4;
    let mut end = Some(body);
    for line in std::str::from_utf8(&bytes[..head])?.split("\r\n").skip(1) {
        let (name, value) = line.split_once(':').with_context(|| format!("not a header: {line}"))?;
        if name.eq_ignore_ascii_case("content-length") {
            end = Some(body + value.trim().parse::<usize>()?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            end = last_chunk(bytes, body)?;
        }
    }
    Ok(end.filter(|end| *end <= bytes.len()).map(|end| (body, end)))
}

/// Where the chunks that begin at `at` end.
fn last_chunk(bytes: &[u8], mut at: usize) -> Result<Option<usize>> {
    loop {
        let Some(line) = bytes.get(at..).and_then(|rest| memmem::find(rest, b"\r\n")) else { return Ok(None) };
        let size = std::str::from_utf8(&bytes[at..at + line])?;
        let size = usize::from_str_radix(size, 16).with_context(|| format!("not the size of a chunk: {size}"))?;
        at += line + 2 + size + 2;
        if size == 0 {
            return Ok(Some(at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_framed_by_its_length_or_its_chunks() {
        for (text, expected) in [
            ("GET /profiles/1 HTTP/1.1\r\nhost: a\r\n\r\n", ""),
            ("POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody", "body"),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n", "4\r\nbody\r\n0\r\n\r\n"),
        ] {
            for cut in 0..text.len() {
                assert_eq!(frame(&text.as_bytes()[..cut]).unwrap(), None, "{text:?} cut at {cut}");
            }
            let two = text.repeat(2);
            let (body, end) = frame(two.as_bytes()).unwrap().unwrap();
            assert_eq!((&two[body..end], end), (expected, text.len()));
        }
        assert!(frame(b"GET / HTTP/1.1\r\nno colon\r\n\r\n").is_err());
        assert!(frame(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nnone\r\n").is_err());
    }
}
