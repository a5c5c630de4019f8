//! From exec to the first answered request, on an empty folder and on one that was used before.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Instant,
};

use anyhow::{Result, ensure};

use crate::{process::Zis, report::Table};

const ROUNDS: usize = 5;

pub fn run() -> Result<Vec<Table>> {
    let mut table = Table::new("Milliseconds, the median of five.", &["start", "ms"]);
    let mut first = Vec::new();
    let mut again = Vec::new();
    for _ in 0..ROUNDS {
        let folder = tempfile::tempdir()?;
        first.push(once(folder.path())?);
        again.push(once(folder.path())?);
    }
    for (name, mut took) in [("first start: migrations, keys, the admin's password", first), ("later starts", again)] {
        took.sort_by(f64::total_cmp);
        table.row([name.to_owned(), format!("{:.0}", took[ROUNDS / 2])]);
    }
    Ok(vec![table])
}

fn once(folder: &std::path::Path) -> Result<f64> {
    let began = Instant::now();
    let zis = Zis::start(folder, &[])?;
    let mut stream = TcpStream::connect(&zis.address)?;
    write!(stream, "GET /healthz HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", zis.address)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    ensure!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    Ok(began.elapsed().as_secs_f64() * 1e3)
}
