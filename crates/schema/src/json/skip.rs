//! Passing over arrays and objects that nobody reads.

use super::{Cursor, Malformed};

/// Levels of arrays and objects in a message, the message's own included.
const MAX_NESTING: u32 = 128;

impl Cursor<'_> {
    /// Checks the array or object at the position, a member of the message,
    /// and passes it.
    pub(super) fn skip_nested(&mut self) -> Result<(), Malformed> {
        let mut levels = Levels {
            objects: 0,
            depth: 1,
        };
        loop {
            let mut more = match self.peek_token() {
                Some(b'{') => {
                    self.enter(&mut levels, true)?;
                    self.first_key()?.is_some()
                }
                Some(b'[') => {
                    self.enter(&mut levels, false)?;
                    self.first_element()?
                }
                _ => {
                    self.scalar()?;
                    self.next_in(&levels)?
                }
            };
            // A level that has ended was a value of the level around it.
            while !more {
                levels.leave();
                if levels.depth == 1 {
                    return Ok(());
                }
                more = self.next_in(&levels)?;
            }
        }
    }

    fn enter(&self, levels: &mut Levels, object: bool) -> Result<(), Malformed> {
        if levels.depth == MAX_NESTING {
            return Err(self.malformed("nested more than 128 levels deep"));
        }
        levels.objects = levels.objects << 1 | u128::from(object);
        levels.depth += 1;
        Ok(())
    }

    /// Steps to the next value of the innermost level; `false` leaves it.
    fn next_in(&mut self, levels: &Levels) -> Result<bool, Malformed> {
        if levels.objects & 1 == 1 {
            Ok(self.next_key()?.is_some())
        } else {
            self.next_element()
        }
    }
}

/// The open levels, a bit each, so that no message can exhaust the stack.
struct Levels {
    /// 1 is an object, 0 an array; the lowest bit is the innermost level.
    objects: u128,
    /// The message's own object is the first.
    depth: u32,
}

impl Levels {
    fn leave(&mut self) {
        self.objects >>= 1;
        self.depth -= 1;
    }
}
