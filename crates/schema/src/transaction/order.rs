//! The order in which fields come, and all between their values.

use super::fields::FieldIndex;
use crate::json::Cursor;

/// What came behind each place of the last messages. One producer writes its fields in
/// one order and one style, so that nearly always the same bytes come again, and need
/// not be understood again.
#[derive(Debug)]
pub(super) struct Order {
    /// By place.
    followers: Vec<Follower>,
    fields: usize,
}

/// A place in a message, between two members of its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place(usize);

#[derive(Debug, Clone, Default)]
struct Follower {
    /// All up to the value: comma, key, colon and whitespace. Empty: none came yet.
    bytes: Vec<u8>,
    field: FieldIndex,
}

impl Order {
    /// Nothing is known of the order of so many fields.
    pub(super) fn new(fields: usize) -> Self {
        Self {
            followers: vec![Follower::default(); fields + 2],
            fields,
        }
    }

    /// Before the object.
    pub(super) fn start(&self) -> Place {
        Place(self.fields)
    }

    /// Behind the value of a known field.
    pub(super) fn behind(&self, field: FieldIndex) -> Place {
        Place(field)
    }

    /// Behind an unknown field at `place`: as if it weren't there, but in the object.
    pub(super) fn behind_unknown(&self, place: Place) -> Place {
        if place == self.start() {
            Place(self.fields + 1)
        } else {
            place
        }
    }

    /// Passes what came behind `place` last time, if it comes again: the field whose
    /// value follows.
    #[inline(always)]
    pub(super) fn follow(&self, place: Place, cursor: &mut Cursor<'_>) -> Option<FieldIndex> {
        let follower = &self.followers[place.0];
        let comes = !follower.bytes.is_empty() && cursor.pass(&follower.bytes);
        comes.then_some(follower.field)
    }

    /// Keeps what came behind `place`, up to the value of `field`.
    pub(super) fn learn(&mut self, place: Place, bytes: &[u8], field: FieldIndex) {
        let follower = &mut self.followers[place.0];
        follower.bytes.clear();
        follower.bytes.extend_from_slice(bytes);
        follower.field = field;
    }
}
