//! Names of result files: `date=2019-11-10/results+1+00000000000000000076.parquet`.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};

const MILLISECONDS_A_DAY: i64 = 24 * 60 * 60 * 1000;
const FOLDER_PREFIX: &str = "date=";
const EXTENSION: &str = ".parquet";

/// The day that names a file's folder, in days since the Unix epoch, UTC.
/// `unknown` sorts before every day, so that any day is later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FileDate(Option<i64>);

impl FileDate {
    pub(crate) const UNKNOWN: Self = Self(None);

    /// The day of a Kafka timestamp. A missing one and one later than tomorrow,
    /// which only a wrong clock writes, are unknown.
    pub(crate) fn of(timestamp: Option<i64>, now: DateTime<Utc>) -> Self {
        let day_of = |milliseconds: i64| milliseconds.div_euclid(MILLISECONDS_A_DAY);
        let tomorrow = day_of(now.timestamp_millis()) + 1;
        Self(timestamp.map(day_of).filter(|&day| day <= tomorrow))
    }

    /// The day before; where listing begins, because timestamps may go back a
    /// little from one file to the next.
    pub(crate) fn before(self) -> Self {
        Self(self.0.map(|day| day - 1))
    }

    /// The folder's name, such as `date=2019-11-10`.
    pub(crate) fn folder(self) -> String {
        format!("{FOLDER_PREFIX}{self}")
    }

    /// The day of a folder's name.
    pub(crate) fn parse_folder(name: &str) -> Option<Self> {
        let date = name.strip_prefix(FOLDER_PREFIX)?;
        if date == "unknown" {
            return Some(Self::UNKNOWN);
        }
        let date = NaiveDate::parse_from_str(date, "%Y-%m-%d").ok()?;
        Some(Self(Some(date.to_epoch_days().into())))
    }
}

impl fmt::Display for FileDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = self
            .0
            .and_then(|day| DateTime::from_timestamp_millis(day.checked_mul(MILLISECONDS_A_DAY)?));
        match date {
            Some(date) => write!(f, "{}", date.format("%Y-%m-%d")),
            None => f.write_str("unknown"),
        }
    }
}

/// Which records a file begins with; its path within the root follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileName {
    pub(crate) date: FileDate,
    pub(crate) topic: String,
    pub(crate) partition: i32,
    pub(crate) first_offset: i64,
}

impl FileName {
    /// Reads a path within the root. `None` for what isn't a result file.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let (folder, file) = path.rsplit_once('/')?;
        let stem = file.strip_suffix(EXTENSION)?;
        // A topic's name can't hold a plus sign.
        let mut parts = stem.split('+');
        let name = Self {
            date: FileDate::parse_folder(folder)?,
            topic: parts.next()?.to_owned(),
            partition: parts.next()?.parse().ok()?,
            first_offset: parts.next()?.parse().ok()?,
        };
        // What reads as a name but is written differently is someone else's.
        (name.to_string() == path).then_some(name)
    }

    /// The name without its folder.
    pub(crate) fn base(&self) -> String {
        format!(
            "{}+{}+{:020}{EXTENSION}",
            self.topic, self.partition, self.first_offset
        )
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.date.folder(), self.base())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2019-11-10T23:59:59Z".parse().unwrap()
    }

    fn milliseconds(time: &str) -> Option<i64> {
        Some(time.parse::<DateTime<Utc>>().unwrap().timestamp_millis())
    }

    #[test]
    fn a_name_is_written_and_read_back() {
        let name = FileName {
            date: FileDate::of(milliseconds("2019-11-10T14:43:06Z"), now()),
            topic: "results".to_owned(),
            partition: 1,
            first_offset: 76,
        };
        let path = "date=2019-11-10/results+1+00000000000000000076.parquet";
        assert_eq!(name.to_string(), path);
        assert_eq!(FileName::parse(path), Some(name));
        let unknown = "date=unknown/results.v2+0+00000000000000000000.parquet";
        assert_eq!(FileName::parse(unknown).unwrap().to_string(), unknown);
    }

    #[test]
    fn other_paths_are_no_names() {
        for path in [
            "results+1+00000000000000000076.parquet",
            "date=2019-11-10/results+1+76.parquet",
            "date=2019-11-10/results+01+00000000000000000076.parquet",
            "date=2019-11-10/results+1+00000000000000000076.parquet.tmp",
            "date=2019-11-10/results+1+00000000000000000076+2.parquet",
            "date=2019-11-10/part-0.parquet",
            "date=10.11.2019/results+1+00000000000000000076.parquet",
            "_tmp/results+1+00000000000000000076.parquet",
            "date=2019-11-10/x/results+1+00000000000000000076.parquet",
        ] {
            assert_eq!(FileName::parse(path), None, "{path}");
        }
    }

    #[test]
    fn a_date_is_unknown_without_a_timestamp_and_after_tomorrow() {
        let date = |time| FileDate::of(milliseconds(time), now()).to_string();
        assert_eq!(date("2019-11-10T00:00:00Z"), "2019-11-10");
        assert_eq!(date("1970-01-01T00:00:00Z"), "1970-01-01");
        assert_eq!(date("2019-11-11T23:59:59.999Z"), "2019-11-11");
        assert_eq!(date("2019-11-12T00:00:00Z"), "unknown");
        assert_eq!(FileDate::of(None, now()).to_string(), "unknown");
    }

    #[test]
    fn every_day_is_later_than_unknown() {
        let day = FileDate::of(milliseconds("2019-11-10T00:00:00Z"), now());
        assert!(day > FileDate::UNKNOWN);
        assert!(day > day.before());
    }
}
