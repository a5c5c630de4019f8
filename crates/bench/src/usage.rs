//! What a program under test uses: CPU and memory of a process and of all it started, read from `/proc`.

use std::{collections::HashMap, fs};

/// A process, with the parts of `/proc/PID/stat` that count here.
struct Stat {
    parent: u32,
    /// Ticks of 10 ms, those of children that have ended included.
    ticks: f64,
}

/// Parses `/proc/PID/stat`: fields are counted after the last `)`, for a program's name may hold anything.
fn stat(text: &str) -> Option<Stat> {
    let fields: Vec<&str> = text.rsplit_once(") ")?.1.split(' ').collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    // ppid is the 4th field; utime, stime, cutime and cstime are the 14th to 17th.
    Some(Stat { parent: fields.get(1)?.parse().ok()?, ticks: (11..=14).map(ticks).sum() })
}

fn all() -> HashMap<u32, Stat> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(|pid| Some((pid, stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?))).collect()
}

/// `root` and its descendants.
fn tree(all: &HashMap<u32, Stat>, root: u32) -> Vec<u32> {
    let mut found = vec![root];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(all.iter().filter(|(pid, stat)| stat.parent == parent && **pid != root).map(|(pid, _)| *pid));
        next += 1;
    }
    found
}

/// The process that started `pid`.
pub fn parent(pid: u32) -> Option<u32> {
    Some(stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?.parent)
}

/// Seconds of CPU that the processes `roots` and their descendants have used so far, user and system.
pub fn cpu_seconds(roots: &[u32]) -> f64 {
    let all = all();
    let pids = roots.iter().flat_map(|root| tree(&all, *root));
    pids.filter_map(|pid| all.get(&pid)).map(|stat| stat.ticks / 100.0).sum()
}

/// Megabytes of memory, shared pages divided among those that share them (PSS), of `roots` and their descendants.
pub fn pss_mb(roots: &[u32]) -> f64 {
    let all = all();
    roots.iter().flat_map(|root| tree(&all, *root)).map(|pid| kilobytes(pid, "smaps_rollup", "Pss:") / 1024.0).sum()
}

/// Megabytes that were resident at most, of one process.
pub fn peak_mb(pid: u32) -> f64 {
    kilobytes(pid, "status", "VmHWM:") / 1024.0
}

fn kilobytes(pid: u32, file: &str, key: &str) -> f64 {
    let text = fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_does_not_shift_the_fields() {
        let line = "42 (a) b) S 7 1 1 0 -1 0 0 0 0 0 10 20 3 4 20 0 1 0";
        let stat = stat(line).expect("a line of /proc/PID/stat");
        assert_eq!((stat.parent, stat.ticks), (7, 37.0));
    }

    #[test]
    fn the_tree_holds_children_of_children() {
        let stat = |parent| Stat { parent, ticks: 1.0 };
        let all = HashMap::from([(1, stat(0)), (2, stat(1)), (3, stat(2)), (4, stat(0))]);
        let mut found = tree(&all, 1);
        found.sort_unstable();
        assert_eq!(found, [1, 2, 3]);
    }
}
