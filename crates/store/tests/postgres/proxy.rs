//! A wire that breaks when it is told to.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// When the next connection that says `COMMIT` is cut.
#[derive(Clone, Copy)]
pub enum Cut {
    /// Before the server hears of it.
    Before = 1,
    /// After the server has done it, before the client hears of that.
    After = 2,
}

/// Passes everything on between clients and the server.
pub struct Proxy {
    pub port: u16,
    armed: Arc<AtomicU8>,
}

impl Proxy {
    pub async fn start(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let armed = Arc::new(AtomicU8::new(0));
        let arm = armed.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let armed = arm.clone();
                tokio::spawn(async move {
                    let server = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
                    pass(client, server, &armed).await
                });
            }
        });
        Self { port, armed }
    }

    pub fn arm(&self, cut: Cut) {
        self.armed.store(cut as u8, Ordering::SeqCst);
    }

    /// Whether it was cut since it was armed.
    pub fn fired(&self) -> bool {
        self.armed.load(Ordering::SeqCst) == 0
    }
}

/// Ends, and closes both sides, at the end of either or at a cut.
async fn pass(mut client: TcpStream, mut server: TcpStream, armed: &AtomicU8) -> Option<()> {
    let (mut up, mut down) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            count = client.read(&mut up) => {
                let sent = &up[..count.ok().filter(|count| *count > 0)?];
                if sent.windows(7).any(|window| window == b"COMMIT\0") {
                    match armed.swap(0, Ordering::SeqCst) {
                        0 => {}
                        1 => return None,
                        _ => {
                            server.write_all(sent).await.ok()?;
                            // The answer: by now it is committed.
                            let _ = server.read(&mut down).await.ok()?;
                            return None;
                        }
                    }
                }
                server.write_all(sent).await.ok()?;
            }
            count = server.read(&mut down) => {
                client.write_all(&down[..count.ok().filter(|count| *count > 0)?]).await.ok()?;
            }
        }
    }
}
