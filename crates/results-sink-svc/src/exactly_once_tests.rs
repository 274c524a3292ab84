//! Two owners of one partition that crash and overtake each other at every step,
//! over a real folder: each record ends up in exactly one file.

use std::collections::BTreeMap;

use schema::RejectionCode::InvalidJson;
use service_runtime::kafka::CommittedOffset;
use tempfile::tempdir;

use crate::chain::{ChainEnd, Resume, resume};
use crate::chain_ends::chain_ends;
use crate::partition::PartitionWork;
use crate::publish::{Published, publish};
use crate::range::SealedRange;
use crate::roll::RollReason;
use crate::store::Store;
use crate::testing::{NOON, PARTITION, add_row, local_store, options, soon};

const RECORDS: i64 = 400;
const DAY_OF_RECORDS: i64 = 100;

/// What is on the topic: markers leave holes, and some records can't be read.
fn is_visible(offset: i64) -> bool {
    offset % 7 != 3
}

fn is_readable(offset: i64) -> bool {
    offset % 5 != 0 && offset / 20 % 2 == 0
}

fn timestamp(offset: i64) -> i64 {
    NOON + offset / DAY_OF_RECORDS * crate::testing::DAY
}

struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % bound
    }
}

/// The group's committed offset; only the latest owner may commit.
#[derive(Default)]
struct Group {
    generation: u32,
    committed: Option<CommittedOffset>,
}

/// A process that believes to own the partition.
struct Owner {
    generation: u32,
    work: PartitionWork,
    position: i64,
}

impl Owner {
    fn assigned(store: &Store, group: &mut Group) -> Self {
        group.generation += 1;
        let committed = BTreeMap::from([(PARTITION, group.committed.clone())]);
        let end: Option<ChainEnd> = chain_ends(store, &options(), &committed)
            .unwrap()
            .remove(&PARTITION);
        let resume: Resume = resume(group.committed.as_ref(), end.as_ref());
        Self {
            generation: group.generation,
            position: resume.position.unwrap_or(0),
            work: PartitionWork::new(PARTITION, end, &resume),
        }
    }

    fn read(&mut self, records: u64) {
        for _ in 0..records {
            let offset = self.position;
            if offset >= RECORDS {
                return;
            }
            self.position += 1;
            if !is_visible(offset) {
                continue;
            }
            if is_readable(offset) {
                add_row(&mut self.work, offset, Some(timestamp(offset)));
            } else {
                self.work.add_unreadable(offset, InvalidJson).unwrap();
            }
        }
    }

    fn close(&mut self) {
        self.work.seal(RollReason::Age).unwrap();
    }

    /// Publishes the next closed range; a crash may come before its commit.
    fn settle(&mut self, store: &Store, group: &mut Group, random: &mut Random) -> Step {
        let Some(range) = self.work.sealed.pop_front() else {
            return Step::Done;
        };
        let last_offset = publish_range(store, &range);
        if random.below(10) == 0 {
            return Step::Crashed;
        }
        let note = self.work.settle(&range, last_offset);
        if self.generation != group.generation {
            return Step::Crashed;
        }
        group.committed = Some(CommittedOffset {
            offset: last_offset + 1,
            metadata: note.to_string(),
        });
        if last_offset != range.records.last_offset {
            self.work.forget();
            self.position = last_offset + 1;
        }
        Step::Done
    }
}

enum Step {
    Done,
    Crashed,
}

fn publish_range(store: &Store, range: &SealedRange) -> i64 {
    match &range.file {
        None => range.records.last_offset,
        Some(file) => match publish(store, file, soon()).unwrap() {
            Published::New => range.records.last_offset,
            Published::Adopted(existing) => existing.last_offset,
        },
    }
}

fn assert_each_record_is_in_one_file(store: &Store) {
    let mut ranges: Vec<(i64, i64, u64)> = store
        .list(None)
        .unwrap()
        .iter()
        .map(|name| store.summary(name).unwrap().unwrap())
        .map(|summary| (summary.first_offset, summary.last_offset, summary.rows))
        .collect();
    ranges.sort_unstable();
    for pair in ranges.windows(2) {
        assert!(pair[0].1 < pair[1].0, "{pair:?} overlap");
    }
    let rows_in = |first: i64, last: i64| {
        let offsets = (first..=last).filter(|&offset| is_visible(offset) && is_readable(offset));
        offsets.count() as u64
    };
    for &(first, last, rows) in &ranges {
        assert_eq!(rows, rows_in(first, last), "{first} to {last}");
    }
    let total: u64 = ranges.iter().map(|&(_, _, rows)| rows).sum();
    assert_eq!(total, rows_in(0, RECORDS), "{ranges:?}");
}

#[test]
fn each_record_is_in_one_file_however_owners_crash_and_overtake_each_other() {
    for seed in 0..10 {
        let mut random = Random(seed);
        let root = tempdir().unwrap();
        let store = local_store(root.path());
        let mut group = Group::default();
        let mut owners = vec![Owner::assigned(&store, &mut group)];
        for _ in 0..400 {
            let index = random.below(owners.len() as u64) as usize;
            match random.below(20) {
                0 if owners.len() < 3 => owners.push(Owner::assigned(&store, &mut group)),
                1 => group.committed = None,
                2..10 => {
                    let records = random.below(15);
                    owners[index].read(records);
                }
                10..13 => owners[index].close(),
                _ => {
                    let step = owners[index].settle(&store, &mut group, &mut random);
                    if matches!(step, Step::Crashed) {
                        owners.swap_remove(index);
                    }
                }
            }
            let is_owned = owners
                .iter()
                .any(|owner| owner.generation == group.generation);
            if !is_owned {
                owners.push(Owner::assigned(&store, &mut group));
            }
        }
        finish(&store, &mut group);
        assert_each_record_is_in_one_file(&store);
    }
}

/// The last owner reads the rest and doesn't crash.
fn finish(store: &Store, group: &mut Group) {
    let mut owner = Owner::assigned(store, group);
    owner.read(RECORDS as u64);
    owner.close();
    while let Some(range) = owner.work.sealed.pop_front() {
        assert_eq!(publish_range(store, &range), range.records.last_offset);
        owner.work.settle(&range, range.records.last_offset);
    }
}
