//! Timestamps of the wire contract, as milliseconds since the Unix epoch, UTC,
//! in the proleptic Gregorian calendar.

use std::io::Write;
use std::ops::Range;

/// Bytes of what [`write()`] writes, for years of four digits.
pub(crate) const PLAIN_LENGTH: usize = "YYYY-MM-DDThh:mm:ss.SSSZ".len();
const MILLISECONDS_PER_DAY: i64 = 24 * 60 * 60 * 1000;
const YEARS_1_TO_9999: Range<i64> = days_from_date(1, 1, 1) * MILLISECONDS_PER_DAY
    ..days_from_date(10_000, 1, 1) * MILLISECONDS_PER_DAY;
/// Zones reach as far from UTC as Java's do.
const MAX_ZONE_MINUTES: i64 = 18 * 60;

/// Milliseconds of `YYYY-MM-DD[(T| )hh:mm:ss[.f{1,9}][Z|±hh:mm]]`, cut towards
/// the past; no zone is UTC. `None` for anything else and outside 0001–9999.
pub fn parse(text: &[u8]) -> Option<i64> {
    let (date, rest) = text.split_first_chunk()?;
    let midnight = parse_date(date)? * MILLISECONDS_PER_DAY;
    let [b'T' | b' ', rest @ ..] = rest else {
        return rest.is_empty().then_some(midnight);
    };
    let (time, rest) = rest.split_first_chunk()?;
    let (fraction, zone) = split_fraction(rest)?;
    let milliseconds = midnight + parse_time(time)? + fraction - parse_zone(zone)?;

    YEARS_1_TO_9999
        .contains(&milliseconds)
        .then_some(milliseconds)
}

/// Days since the epoch of `YYYY-MM-DD`.
fn parse_date(text: &[u8; 10]) -> Option<i64> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text else {
        return None;
    };
    let year = two_digits(y1, y2)? * 100 + two_digits(y3, y4)?;
    let month = two_digits(m1, m2)?;
    let day = two_digits(d1, d2)?;
    is_date(year, month, day).then(|| days_from_date(year, month, day))
}

fn is_date(year: i64, month: i64, day: i64) -> bool {
    let exists = year >= 1 && (1..=12).contains(&month) && day >= 1;
    exists && day <= days_of_month(year, month)
}

/// Milliseconds since midnight of `hh:mm:ss`.
fn parse_time(text: &[u8; 8]) -> Option<i64> {
    let [h1, h2, b':', m1, m2, b':', s1, s2] = *text else {
        return None;
    };
    let hours = two_digits(h1, h2)?;
    let minutes = two_digits(m1, m2)?;
    let seconds = two_digits(s1, s2)?;
    let exists = hours < 24 && minutes < 60 && seconds < 60;
    exists.then_some(((hours * 60 + minutes) * 60 + seconds) * 1000)
}

/// Splits `[.f{1,9}]zone` into milliseconds and the zone. Cutting digits is
/// cutting towards the past, since the fraction is always added.
fn split_fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let [b'.', rest @ ..] = text else {
        return Some((0, text));
    };
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, zone) = rest.split_at(length);
    let digit = |at: usize| i64::from(digits.get(at).map_or(0, |digit| digit - b'0'));
    let milliseconds = digit(0) * 100 + digit(1) * 10 + digit(2);
    (1..=9).contains(&length).then_some((milliseconds, zone))
}

/// Milliseconds by which the clocks of `Z`, `±hh:mm` or no zone are ahead of UTC.
fn parse_zone(text: &[u8]) -> Option<i64> {
    let sign = match text {
        [] | [b'Z'] => return Some(0),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return None,
    };
    let [h1, h2, b':', m1, m2] = text[1..] else {
        return None;
    };
    let minutes = two_digits(m1, m2)?;
    let offset = two_digits(h1, h2)? * 60 + minutes;
    (minutes < 60 && offset <= MAX_ZONE_MINUTES).then_some(sign * offset * 60 * 1000)
}

/// The same of the one layout `YYYY-MM-DDThh:mm:ss.SSSZ`, which [`write()`] writes; eight
/// bytes at a time.
#[inline(always)]
pub(crate) fn parse_plain(text: &[u8; PLAIN_LENGTH]) -> Option<i64> {
    let thirds = text.as_chunks::<8>().0;
    let date = plain_pairs(thirds[0], *b"0000-00-")?;
    let day = plain_pairs(thirds[1], *b"00T00:00")?;
    let second = plain_pairs(thirds[2], *b":00.000Z")?;
    let (year, month, day, hours, minutes) =
        (date[0] * 100 + date[2], date[5], day[0], day[3], day[6]);
    let milliseconds = second[4] * 10 + i64::from(text[22] - b'0');
    let seconds = second[1];
    let exists = is_date(year, month, day) && hours < 24 && minutes < 60 && seconds < 60;
    exists.then(|| {
        let seconds = (hours * 60 + minutes) * 60 + seconds;
        days_from_date(year, month, day) * MILLISECONDS_PER_DAY + seconds * 1000 + milliseconds
    })
}

/// For each place the number of two digits that starts there, if there are digits where
/// `layout` has zeros, and else what it has.
#[inline(always)]
fn plain_pairs(text: [u8; 8], layout: [u8; 8]) -> Option<[i64; 8]> {
    const HIGH_BITS: u64 = u64::from_le_bytes([0x80; 8]);
    let word = u64::from_le_bytes(text) ^ u64::from_le_bytes(layout);
    let mut room = [0x7f; 8];
    for (room, byte) in room.iter_mut().zip(layout) {
        *room -= if byte == b'0' { 9 } else { 0 };
    }
    let beyond = ((word & !HIGH_BITS) + u64::from_le_bytes(room)) | word;
    let pairs = word.wrapping_mul(10).wrapping_add(word >> 8);
    (beyond & HIGH_BITS == 0).then(|| pairs.to_le_bytes().map(i64::from))
}

fn two_digits(tens: u8, ones: u8) -> Option<i64> {
    let digits = tens.is_ascii_digit() && ones.is_ascii_digit();
    digits.then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
}

fn days_of_month(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Appends `YYYY-MM-DDThh:mm:ss.SSSZ`. Years of more digits, which [`parse`]
/// refuses, bear a sign as in Java.
pub fn write(out: &mut Vec<u8>, milliseconds: i64) {
    write_date(out, milliseconds.div_euclid(MILLISECONDS_PER_DAY));
    let of_day = milliseconds.rem_euclid(MILLISECONDS_PER_DAY) as u32;
    let (seconds, milliseconds) = (of_day / 1000, of_day % 1000);
    let [h1, h2] = digits(seconds / 3600);
    let [m1, m2] = digits(seconds / 60 % 60);
    let [s1, s2] = digits(seconds % 60);
    let [f1, f2] = digits(milliseconds / 10);
    let f3 = b'0' + (milliseconds % 10) as u8;
    out.extend([
        b'T', h1, h2, b':', m1, m2, b':', s1, s2, b'.', f1, f2, f3, b'Z',
    ]);
}

/// Appends the `YYYY-MM-DD` of a day, counted from the epoch.
pub(crate) fn write_date(out: &mut Vec<u8>, days: i64) {
    let (year, month, day) = date_from_days(days);
    match year {
        0..=9999 => {
            out.extend(digits(year as u32 / 100));
            out.extend(digits(year as u32 % 100));
        }
        10_000.. => write!(out, "+{year}").expect("a Vec takes every byte"),
        _ => write!(out, "{year:05}").expect("a Vec takes every byte"),
    }
    let [m1, m2] = digits(month);
    let [d1, d2] = digits(day);
    out.extend([b'-', m1, m2, b'-', d1, d2]);
}

/// Both digits of a number below 100.
fn digits(number: u32) -> [u8; 2] {
    [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8]
}

/// Days since the epoch. Source of both conversions: Howard Hinnant,
/// "chrono-compatible low-level date algorithms", `days_from_civil` and
/// `civil_from_days`: years that begin in March, in eras of 400 years.
const fn days_from_date(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * DAYS_PER_ERA + day_of_era - DAYS_TO_EPOCH
}

/// Year, month and day of a day since the epoch.
fn date_from_days(days: i64) -> (i64, u32, u32) {
    let days = days + DAYS_TO_EPOCH;
    let era = days.div_euclid(DAYS_PER_ERA);
    let day_of_era = days.rem_euclid(DAYS_PER_ERA);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month as u32, day as u32)
}

const DAYS_PER_ERA: i64 = 146_097;
/// From 0000-03-01 to 1970-01-01.
const DAYS_TO_EPOCH: i64 = 719_468;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_plain_reads_as_whatever_else(
            milliseconds in YEARS_1_TO_9999,
            at in 0..PLAIN_LENGTH,
            byte: u8,
        ) {
            let mut text = Vec::new();
            write(&mut text, milliseconds);
            let plain = |text: &[u8]| parse_plain(text.first_chunk().unwrap());
            prop_assert_eq!(plain(&text), Some(milliseconds));
            text[at] = byte;
            if let Some(milliseconds) = plain(&text) {
                prop_assert_eq!(parse(&text), Some(milliseconds));
            }
        }
    }
}
