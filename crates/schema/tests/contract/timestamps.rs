//! Timestamps of the contract. What they mean in milliseconds was computed with
//! Python's `datetime`.

use proptest::prelude::*;
use schema::timestamp::{parse, write};

fn written(milliseconds: i64) -> String {
    let mut out = Vec::new();
    write(&mut out, milliseconds);
    String::from_utf8(out).expect("ASCII")
}

#[test]
fn every_form_of_the_contract_is_accepted() {
    for (text, milliseconds) in [
        ("2019-11-10T14:43:06.000Z", 1_573_396_986_000),
        ("2019-11-10 14:43:06", 1_573_396_986_000),
        ("2019-11-10T17:43:06+03:00", 1_573_396_986_000),
        ("2019-11-10 09:13:06-05:30", 1_573_396_986_000),
        ("2019-11-10T14:43:06-00:00", 1_573_396_986_000),
        ("2019-11-11T08:43:06+18:00", 1_573_396_986_000),
        ("2019-11-09T20:43:06-18:00", 1_573_396_986_000),
        ("2019-11-10", 1_573_344_000_000),
        ("2019-11-10T14:43:06.5", 1_573_396_986_500),
        ("2019-11-10T14:43:06.12", 1_573_396_986_120),
        ("2019-11-10T14:43:06.123456Z", 1_573_396_986_123),
        ("2019-11-10T14:43:06.999999999+00:00", 1_573_396_986_999),
        ("1970-01-01", 0),
        ("1969-12-31T23:59:59.9999Z", -1),
        ("1969-12-31T23:59:59.0001Z", -1_000),
        ("2000-02-29", 951_782_400_000),
        ("2024-02-29T23:59:59Z", 1_709_251_199_000),
        ("0001-01-01", -62_135_596_800_000),
        ("0001-01-01T18:00:00+18:00", -62_135_596_800_000),
        ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
    ] {
        assert_eq!(parse(text.as_bytes()), Some(milliseconds), "{text}");
    }
}

#[test]
fn every_other_form_is_refused() {
    for text in [
        "",
        "tomorrow",
        "2019",
        "2019-11",
        "2019-11-1",
        "2019-11-10T",
        "2019-11-10Z",
        "2019-11-10+03:00",
        "2019-11-10T14",
        "2019-11-10T14:43",
        "2019-11-10T14:43Z",
        "2019-11-10t14:43:06z",
        "2019-11-10T14:43:06z",
        "2019-11-10  14:43:06",
        " 2019-11-10",
        "2019-11-10 ",
        "2019-11-10T14:43:06.",
        "2019-11-10T14:43:06.Z",
        "2019-11-10T14:43:06,5",
        "2019-11-10T14:43:06.1234567890",
        "2019-11-10T14:43:06 Z",
        "2019-11-10T14:43:06ZZ",
        "2019-11-10T14:43:06+3",
        "2019-11-10T14:43:06+03",
        "2019-11-10T14:43:06+0300",
        "2019-11-10T14:43:06+03:60",
        "2019-11-10T14:43:06+18:01",
        "2019-11-10T14:43:06-19:00",
        "2019-11-10T14:43:06UTC",
        "2019-11-10T24:00:00",
        "2019-11-10T14:60:00",
        "2019-11-10T14:43:60",
        "2019-00-10",
        "2019-13-10",
        "2019-11-00",
        "2019-11-31",
        "2019-02-29",
        "1900-02-29",
        "2019-1a-10",
        "2019/11/10",
        "20191110",
        "+2019-11-10",
        "-2019-11-10",
        "12019-11-10",
        "0000-12-31",
        "0000-12-31T23:59:59-18:00",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "٢٠١٩-11-10",
    ] {
        assert_eq!(parse(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn every_day_of_400_years_follows_the_calendar() {
    let (mut year, mut month, mut day) = (1970, 1, 1);
    for days in 0..146_097 {
        let date = format!("{year:04}-{month:02}-{day:02}");
        assert_eq!(parse(date.as_bytes()), Some(days * 86_400_000));
        assert_eq!(written(days * 86_400_000), format!("{date}T00:00:00.000Z"));

        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days_of_month = match month {
            2 => 28 + u32::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        day += 1;
        if day > days_of_month {
            (month, day) = (month + 1, 1);
        }
        if month > 12 {
            (year, month) = (year + 1, 1);
        }
    }
    assert_eq!((year, month, day), (2370, 1, 1));
}

#[test]
fn years_beyond_the_contract_are_written_as_java_writes_them() {
    for (milliseconds, text) in [
        (-62_135_596_800_001, "0000-12-31T23:59:59.999Z"),
        (-62_198_755_200_000, "-0001-01-01T00:00:00.000Z"),
        (253_402_300_800_000, "+10000-01-01T00:00:00.000Z"),
        (i64::MAX, "+292278994-08-17T07:12:55.807Z"),
        (i64::MIN, "-292275055-05-16T16:47:04.192Z"),
    ] {
        assert_eq!(written(milliseconds), text);
        assert_eq!(parse(text.as_bytes()), None);
    }
}

proptest! {
    #[test]
    fn what_is_written_is_parsed_again(milliseconds in -62_135_596_800_000..253_402_300_800_000_i64) {
        prop_assert_eq!(parse(written(milliseconds).as_bytes()), Some(milliseconds));
    }

    #[test]
    fn near_misses_of_a_timestamp_do_not_panic(text in "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]?[0-9:.Z+-]{0,20}") {
        if let Some(milliseconds) = parse(text.as_bytes()) {
            prop_assert_eq!(parse(written(milliseconds).as_bytes()), Some(milliseconds));
        }
    }
}
