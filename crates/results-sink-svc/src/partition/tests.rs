use schema::RejectionCode::InvalidJson;

use super::*;
use crate::testing::{DAY, NOON, add_row, name, seal, work_after};

fn offsets(range: &SealedRange) -> (i64, i64) {
    (range.records.first_offset, range.records.last_offset)
}

fn file_name(range: &SealedRange) -> String {
    let file = range.file.as_ref().expect("the range has rows");
    file.name.to_string()
}

#[test]
fn a_file_begins_and_ends_with_records_that_cannot_be_read() {
    let mut work = work_after(None);
    work.add_unreadable(10, InvalidJson).unwrap();
    add_row(&mut work, 12, Some(NOON));
    work.add_unreadable(15, InvalidJson).unwrap();
    let range = seal(&mut work);
    assert_eq!(
        file_name(&range),
        "date=2019-11-10/results+1+00000000000000000010.parquet"
    );
    let summary = &range.file.as_ref().unwrap().summary;
    assert_eq!((summary.first_offset, summary.last_offset), (10, 15));
    assert_eq!((summary.rows, summary.first_row.transaction_id), (1, 12));
    assert_eq!(work.settle(&range, 15).to_string(), file_name(&range));
}

#[test]
fn unreadable_records_alone_make_no_file_but_name_the_next_one() {
    let mut work = work_after(None);
    work.add_unreadable(10, InvalidJson).unwrap();
    work.add_unreadable(11, InvalidJson).unwrap();
    let range = seal(&mut work);
    assert!(range.file.is_none());
    assert_eq!(work.settle(&range, 11).to_string(), "- first=10");

    add_row(&mut work, 12, Some(NOON));
    let range = seal(&mut work);
    assert_eq!(offsets(&range), (10, 12));
    assert_eq!(work.settle(&range, 12).to_string(), name(10).to_string());

    work.add_unreadable(13, InvalidJson).unwrap();
    let range = seal(&mut work);
    let note = format!("{} first=13", name(10));
    assert_eq!(work.settle(&range, 13).to_string(), note);
}

#[test]
fn the_first_offset_survives_ranges_of_unreadable_records_and_a_restart() {
    let resume = Resume {
        position: Some(14),
        next_first_offset: Some(10),
    };
    let mut work = PartitionWork::new(1, None, &resume);
    work.add_unreadable(14, InvalidJson).unwrap();
    let range = seal(&mut work);
    assert_eq!(work.settle(&range, 14).to_string(), "- first=10");
    add_row(&mut work, 15, Some(NOON));
    assert_eq!(offsets(&seal(&mut work)), (10, 15));
}

#[test]
fn a_later_date_closes_the_file_and_an_earlier_one_stays_in() {
    let mut work = work_after(None);
    add_row(&mut work, 0, Some(NOON));
    add_row(&mut work, 1, Some(NOON - DAY));
    add_row(&mut work, 2, None);
    assert!(work.sealed.is_empty());
    work.add_unreadable(3, InvalidJson).unwrap();
    add_row(&mut work, 4, Some(NOON + DAY));
    let first = work.sealed.pop_front().expect("the date changed");
    assert_eq!((offsets(&first), first.why), ((0, 3), RollReason::Date));
    assert_eq!(first.file.unwrap().summary.rows, 3);
    assert_eq!(
        file_name(&seal(&mut work)),
        "date=2019-11-11/results+1+00000000000000000004.parquet"
    );
}

#[test]
fn any_date_closes_a_file_of_unknown_date() {
    let mut work = work_after(None);
    add_row(&mut work, 0, None);
    add_row(&mut work, 1, Some(NOON));
    let first = work.sealed.pop_front().expect("the date changed");
    assert_eq!(
        file_name(&first),
        "date=unknown/results+1+00000000000000000000.parquet"
    );
}

#[test]
fn a_record_inside_an_existing_file_is_an_error_that_names_the_file() {
    let mut work = work_after(Some(ChainEnd {
        file: name(5),
        last_offset: 9,
    }));
    let error = work.add_unreadable(9, InvalidJson).unwrap_err().to_string();
    assert!(error.contains("record 9 of partition 1"), "{error}");
    assert!(error.contains(&name(5).to_string()), "{error}");
    work.add_unreadable(10, InvalidJson).unwrap();
}

#[test]
fn a_settled_file_is_part_of_the_chain() {
    let mut work = work_after(None);
    add_row(&mut work, 0, Some(NOON));
    let range = seal(&mut work);
    work.settle(&range, 7);
    assert!(work.add_unreadable(7, InvalidJson).is_err());
}

#[test]
fn memory_is_that_of_open_and_closed_files() {
    let mut work = work_after(None);
    assert_eq!(work.memory(), 0);
    add_row(&mut work, 0, Some(NOON));
    assert!(work.open_memory() > 0);
    work.seal(RollReason::Memory).unwrap();
    assert_eq!(work.open_memory(), 0);
    let file = work.sealed[0].file.as_ref().unwrap();
    assert_eq!(work.memory(), file.bytes());
    assert_eq!(work.rows(), 1);
    work.forget();
    assert_eq!((work.memory(), work.rows()), (0, 0));
}
