//! Where a partition's reading goes on.
//!
//! The offset ranges of a partition's files form a chain: each file's name holds
//! the offset of the first record after the file before it, and names are created
//! only once. The files are the truth; the offset that the group committed is a
//! hint, because it is committed after the file is durable, or not at all.

use std::fmt;

use service_runtime::kafka::CommittedOffset;

use crate::file_name::FileName;

/// What is written beside a committed offset: the last file's path and, where
/// only unreadable records followed it, the offset of the first of these. That
/// one names the next file whoever writes it.
///
/// `<path or ->[ first=<offset>]`
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct CommitNote {
    pub(crate) last_file: Option<FileName>,
    pub(crate) next_first_offset: Option<i64>,
}

impl CommitNote {
    /// Anything that isn't a note, such as what another program committed, says nothing.
    pub(crate) fn parse(text: &str) -> Self {
        let (path, first) = match text.split_once(" first=") {
            Some((path, first)) => (path, first.parse().ok()),
            None => (text, None),
        };
        let last_file = FileName::parse(path);
        if last_file.is_none() && path != "-" {
            return Self::default();
        }
        Self {
            last_file,
            next_first_offset: first,
        }
    }
}

impl fmt::Display for CommitNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.last_file {
            Some(file) => write!(f, "{file}")?,
            None => f.write_str("-")?,
        }
        match self.next_first_offset {
            Some(first) => write!(f, " first={first}"),
            None => Ok(()),
        }
    }
}

/// The last file of a partition's chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChainEnd {
    pub(crate) file: FileName,
    pub(crate) last_offset: i64,
}

/// Where reading goes on, and what the next file is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resume {
    /// `None`: nothing was ever read; the configuration's `start` decides.
    pub(crate) position: Option<i64>,
    /// The first offset of the next file where it isn't the next record's.
    pub(crate) next_first_offset: Option<i64>,
}

/// Where a partition goes on whose files end with `end`.
pub(crate) fn resume(committed: Option<&CommittedOffset>, end: Option<&ChainEnd>) -> Resume {
    let note = committed.map(|committed| CommitNote::parse(&committed.metadata));
    match (committed, end) {
        (None, None) => Resume {
            position: None,
            next_first_offset: None,
        },
        (Some(committed), None) => Resume {
            position: Some(committed.offset),
            next_first_offset: note.and_then(|note| note.next_first_offset),
        },
        (committed, Some(end)) => after(end, committed, note.as_ref()),
    }
}

/// After the last file, unless the group committed unreadable records that followed it.
fn after(end: &ChainEnd, committed: Option<&CommittedOffset>, note: Option<&CommitNote>) -> Resume {
    let next_first_offset = note
        .filter(|note| note.last_file.as_ref() == Some(&end.file))
        .and_then(|note| note.next_first_offset)
        .filter(|&first| first > end.last_offset);
    let unreadable_until = committed
        .map(|committed| committed.offset)
        .filter(|&offset| next_first_offset.is_some_and(|first| offset > first));
    match unreadable_until {
        Some(offset) => Resume {
            position: Some(offset),
            next_first_offset,
        },
        None => Resume {
            position: Some(end.last_offset + 1),
            next_first_offset: None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "date=2019-11-10/results+1+00000000000000000076.parquet";

    fn committed(offset: i64, metadata: &str) -> CommittedOffset {
        CommittedOffset {
            offset,
            metadata: metadata.to_owned(),
        }
    }

    fn end() -> ChainEnd {
        ChainEnd {
            file: FileName::parse(FILE).unwrap(),
            last_offset: 90,
        }
    }

    fn position(committed: Option<&CommittedOffset>, end: Option<&ChainEnd>) -> Option<i64> {
        let resume = resume(committed, end);
        assert_eq!(resume.next_first_offset, None);
        resume.position
    }

    #[test]
    fn notes_are_written_and_read_back() {
        for text in [FILE, &format!("{FILE} first=91"), "-", "- first=0"] {
            assert_eq!(CommitNote::parse(text).to_string(), text);
        }
        for text in ["", "spark", "spark first=3", "results.parquet"] {
            assert_eq!(CommitNote::parse(text), CommitNote::default(), "{text}");
        }
    }

    #[test]
    fn without_commit_and_files_the_configured_start_decides() {
        assert_eq!(position(None, None), None);
    }

    #[test]
    fn without_files_the_commit_decides() {
        assert_eq!(position(Some(&committed(5, "")), None), Some(5));
        assert_eq!(position(Some(&committed(91, FILE)), None), Some(91));
    }

    #[test]
    fn reading_goes_on_after_the_last_file_whatever_was_committed() {
        let end = end();
        let before = "date=2019-11-10/results+1+00000000000000000000.parquet";
        for committed in [
            None,
            Some(committed(91, FILE)),
            // Crashed between file and commit.
            Some(committed(76, before)),
            Some(committed(80, &format!("{before} first=76"))),
            // Reset by hand, both ways.
            Some(committed(1_000, "")),
            Some(committed(0, "")),
            // The last file was removed.
            Some(committed(
                200,
                "date=2019-11-10/results+1+00000000000000000091.parquet",
            )),
        ] {
            assert_eq!(position(committed.as_ref(), Some(&end)), Some(91));
        }
    }

    #[test]
    fn unreadable_records_after_the_last_file_are_not_read_again_but_name_the_next_file() {
        let note = format!("{FILE} first=91");
        let expected = Resume {
            position: Some(95),
            next_first_offset: Some(91),
        };
        assert_eq!(resume(Some(&committed(95, &note)), Some(&end())), expected);
        let expected = Resume {
            position: Some(3),
            next_first_offset: Some(0),
        };
        assert_eq!(resume(Some(&committed(3, "- first=0")), None), expected);
    }
}
