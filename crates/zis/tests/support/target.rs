//! A target that misbehaves: each path in its own way.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Bytes of the answer that never ends, written at once.
const CHUNK: usize = 16 * 1024;

/// Serves on a free port; gives the origin. `/slow` never answers; `/500`, `/garbage`, `/truncated`, `/huge`, `/endless`, `/html` and
/// `/broken-json` answer so; everything else is fine.
pub async fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream));
        }
    });
    origin
}

/// An origin where nobody listens.
pub async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    format!("http://{}", listener.local_addr().expect("an address"))
}

async fn answer(mut stream: TcpStream) {
    let mut head = vec![0; 8 * 1024];
    let Ok(length) = stream.read(&mut head).await else { return };
    let head = String::from_utf8_lossy(&head[..length]).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default();
    let json = |status: &str, body: &str| {
        let length = body.len();
        format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )
    };
    let text = match path {
        "/slow" => return std::future::pending().await,
        "/500" => json("500 Internal Server Error", r#"{"error":"broken"}"#),
        "/garbage" => "\u{1}\u{2} this is no HTTP\r\n\r\n".to_owned(),
        "/truncated" => {
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"a\":".to_owned()
        }
        "/huge" => "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n".to_owned(),
        "/endless" => "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n".to_owned(),
        "/html" => "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<p>hello</p>".to_owned(),
        "/broken-json" => json("200 OK", r#"{"a": "#),
        _ => json("200 OK", r#"{"fine":true}"#),
    };
    let mut sent = stream.write_all(text.as_bytes()).await;
    while path == "/endless" && sent.is_ok() {
        sent = stream.write_all(&[b' '; CHUNK]).await;
    }
}
