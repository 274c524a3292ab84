//! What a program and those that it started use, as Linux tells in `/proc`.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

/// What Linux counts CPU time in for programs (`USER_HZ`), on every common processor.
const TICKS_PER_SECOND: u32 = 100;

/// CPU time of all threads of the group's living processes, since they started.
pub(crate) fn cpu_time(group: u32) -> Result<Duration> {
    let ticks: u64 = members(group)?.iter().map(|(_, ticks)| ticks).sum();
    Ok(Duration::from_secs(ticks) / TICKS_PER_SECOND)
}

/// The sum of the most memory that each living process of the group has had, in bytes.
pub(crate) fn peak_memory(group: u32) -> Result<u64> {
    let mut bytes = 0;
    for (member, _) in members(group)? {
        // One that ended meanwhile has none.
        let status = fs::read_to_string(member.join("status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        if let Some(kibibytes) = line.and_then(|line| line.trim().strip_suffix(" kB")) {
            bytes += kibibytes.parse::<u64>()? * 1024;
        }
    }
    ensure!(bytes > 0, "no process of group {group} runs");
    Ok(bytes)
}

/// The folder in `/proc` of each living process of the group, and its ticks of CPU time.
fn members(group: u32) -> Result<Vec<(PathBuf, u64)>> {
    let mut members = Vec::new();
    for entry in fs::read_dir("/proc").context("reading /proc")? {
        let folder = entry.context("reading /proc")?.path();
        // Not all that is there is a process, and one may have ended meanwhile.
        let Ok(stat) = fs::read_to_string(folder.join("stat")) else {
            continue;
        };
        // The name before it may hold anything; of the fields after it the 3rd is the
        // group, the 12th and 13th are `utime` and `stime` (proc_pid_stat(5)).
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        let fields: Vec<&str> = fields.split_whitespace().collect();
        if let [_, _, its_group, _, _, _, _, _, _, _, _, utime, stime, ..] = fields[..]
            && its_group.parse() == Ok(group)
        {
            let ticks = utime.parse::<u64>()? + stime.parse::<u64>()?;
            members.push((folder, ticks));
        }
    }
    ensure!(!members.is_empty(), "no process of group {group} runs");
    Ok(members)
}
