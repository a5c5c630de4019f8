//! One server to a data folder: two on the same SQLite file would take each other's executions for those of a dead node.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    path::Path,
};

use crate::serve::ServeError;

/// Name of the locked file; it holds the number of the process that has the folder.
const NAME: &str = "zis.lock";

/// The folder is this process's until it is dropped; the kernel lets go of it when the process dies, however it dies.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Takes `folder`, or says which process has it.
    pub fn take(folder: &Path) -> Result<Self, ServeError> {
        let path = folder.join(NAME);
        let data = |source| ServeError::Data { path: path.display().to_string(), source };
        // Not emptied before it is ours: the other process's number stands in it.
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(data)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(ServeError::FolderTaken { folder: folder.display().to_string(), by: owner(&mut file) });
            }
            Err(TryLockError::Error(source)) => return Err(data(source)),
        }
        sign(&mut file).map_err(data)?;
        Ok(Self { _file: file })
    }
}

/// Writes this process's number.
fn sign(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

/// Who has the file, in words; it may be between locking and signing.
fn owner(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.read_to_string(&mut text);
    match read.ok().and_then(|_| text.trim().parse::<u32>().ok()) {
        Some(process) => format!("process {process}"),
        None => "another process".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_owner_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = FolderLock::take(folder.path()).unwrap();
        let refusal = FolderLock::take(folder.path()).unwrap_err().to_string();
        assert!(refusal.contains(&format!("process {}", std::process::id())), "{refusal}");
        drop(first);
        FolderLock::take(folder.path()).unwrap();
    }
}
