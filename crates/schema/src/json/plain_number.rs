//! Numbers as they nearly always are, eight digits at a time.

use super::Cursor;

/// Mantissas of so many digits are below 2^64.
const MAX_DIGITS: usize = 19;
/// Integers up to here are doubles.
const MAX_EXACT: u64 = 1 << 53;
/// Digits that are read at a time.
const STEP: usize = 8;

/// All of them are doubles.
const POWERS_OF_TEN: [u64; MAX_DIGITS + 1] = {
    let mut powers = [1; MAX_DIGITS + 1];
    let mut power = 1;
    while power <= MAX_DIGITS {
        powers[power] = powers[power - 1] * 10;
        power += 1;
    }
    powers
};

impl Cursor<'_> {
    /// Reads an integer without a sign, up to `greatest`. `None` leaves the position, and
    /// says nothing about what is there.
    #[inline(always)]
    pub(crate) fn plain_integer(&mut self, greatest: i64) -> Option<i64> {
        let bytes = self.rest();
        let (value, length) = whole_number(bytes)?;
        if length > MAX_DIGITS || goes_on(bytes, length) {
            return None;
        }
        let value = i64::try_from(value).ok()?;
        if value > greatest {
            return None;
        }
        self.position += length;
        Some(value)
    }

    /// Reads a number without sign and exponent, of up to 19 digits; `None` as
    /// [`Self::plain_integer`].
    #[inline(always)]
    pub(crate) fn plain_double(&mut self) -> Option<f64> {
        let bytes = self.rest();
        let (whole, whole_digits) = whole_number(bytes)?;
        if bytes.get(whole_digits) != Some(&b'.') {
            if whole_digits > MAX_DIGITS || goes_on(bytes, whole_digits) {
                return None;
            }
            self.position += whole_digits;
            return Some(whole as f64);
        }
        let (fraction, places) = digits(&bytes[whole_digits + 1..])?;
        let length = whole_digits + 1 + places;
        if whole_digits + places > MAX_DIGITS || goes_on(bytes, length) {
            return None;
        }
        self.position += length;
        let scale = POWERS_OF_TEN[places];
        Some(quotient(whole * scale + fraction, scale))
    }
}

/// The digits that `bytes` starts with, which no zero leads.
#[inline(always)]
fn whole_number(bytes: &[u8]) -> Option<(u64, usize)> {
    let (value, length) = digits(bytes)?;
    (length == 1 || bytes[0] != b'0').then_some((value, length))
}

/// Whether a number goes on behind its first `length` bytes, or the message ends there,
/// which it may not.
#[inline(always)]
fn goes_on(bytes: &[u8], length: usize) -> bool {
    matches!(
        bytes.get(length),
        None | Some(b'.' | b'e' | b'E' | b'0'..=b'9')
    )
}

/// The value and the count of the digits that `bytes` starts with, one or more; of more
/// than 19 the value is wrong.
#[inline(always)]
fn digits(bytes: &[u8]) -> Option<(u64, usize)> {
    let (mut value, mut length) = up_to_eight_digits(bytes);
    if length == 0 {
        return None;
    }
    while length.is_multiple_of(STEP) && length <= MAX_DIGITS {
        let (more, more_digits) = up_to_eight_digits(&bytes[length..]);
        if more_digits == 0 {
            break;
        }
        value = value
            .wrapping_mul(POWERS_OF_TEN[more_digits])
            .wrapping_add(more);
        length += more_digits;
    }
    Some((value, length))
}

/// The same for the first eight bytes; none is 0.
///
/// All at once: Daniel Lemire, "Quickly parsing eight digits" (2022), behind the shift
/// that puts zeros before fewer.
#[inline(always)]
fn up_to_eight_digits(bytes: &[u8]) -> (u64, usize) {
    const HIGH_BITS: u64 = u64::from_le_bytes([0x80; STEP]);
    const OVER_NINE: u64 = u64::from_le_bytes([0x76; STEP]);
    const ASCII_ZEROS: u64 = u64::from_le_bytes([b'0'; STEP]);
    const EVERY_FOURTH: u64 = 0x0000_00ff_0000_00ff;

    let eight = match bytes.first_chunk() {
        Some(eight) => *eight,
        None => near_the_end(bytes),
    };
    let word = u64::from_le_bytes(eight) ^ ASCII_ZEROS;
    // A carry makes false hits only above a true one, and the lowest counts.
    let others = (word.wrapping_add(OVER_NINE) | word) & HIGH_BITS;
    let count = others.trailing_zeros() as usize / 8;
    if count == 0 {
        return (0, 0);
    }
    let digits = word << (64 - 8 * count);
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let first_and_third = (pairs & EVERY_FOURTH).wrapping_mul(100 + (1_000_000 << 32));
    let second_and_fourth = (pairs >> 16 & EVERY_FOURTH).wrapping_mul(1 + (10_000 << 32));
    (first_and_third.wrapping_add(second_and_fourth) >> 32, count)
}

/// The last bytes of a message, with zeros behind them.
#[cold]
fn near_the_end(bytes: &[u8]) -> [u8; STEP] {
    let mut eight = [0; STEP];
    eight[..bytes.len()].copy_from_slice(bytes);
    eight
}

/// `mantissa` over a power of ten, rounded once, half to even.
#[inline(always)]
fn quotient(mantissa: u64, power_of_ten: u64) -> f64 {
    if mantissa <= MAX_EXACT {
        // Both are doubles, so that the division rounds what is exact.
        return mantissa as f64 / power_of_ten as f64;
    }
    // A quotient of 63 bits or 64. The conversion to 53 rounds by all of them, and its
    // lowest bit stands for the remainder too.
    let (shift, power_shift) = (mantissa.leading_zeros(), power_of_ten.leading_zeros());
    let dividend = u128::from(mantissa << shift) << 63;
    let divisor = u128::from(power_of_ten << power_shift);
    let bits = (dividend / divisor) as u64 | u64::from(!dividend.is_multiple_of(divisor));
    let exponent = i64::from(power_shift) - i64::from(shift) - 63;
    bits as f64 * f64::from_bits(((1023 + exponent) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is read of `number` in a message, if it is plain.
    fn double(number: &str) -> Option<f64> {
        let message = format!("{number},");
        let mut cursor = Cursor::new(message.as_bytes()).unwrap();
        let value = cursor.plain_double();
        let read = value.map_or(0, |_| number.len());
        assert_eq!(cursor.mark(), read, "{number}");
        value
    }

    fn integer(number: &str) -> Option<i64> {
        Cursor::new(format!("{number}}}").as_bytes())
            .unwrap()
            .plain_integer(i64::MAX)
    }

    #[test]
    fn what_is_not_plain_or_no_number_is_left_alone() {
        for number in [
            "",
            "-1",
            "01",
            "00.5",
            "1.",
            ".5",
            "1e3",
            "1.5E3",
            "1.2.3",
            "+1",
            "x",
            "\"1\"",
            "12345678901234567890",
            "1.2345678901234567890",
        ] {
            assert_eq!(double(number), None, "{number}");
        }
        for number in ["-1", "01", "1.0", "1e3", "9223372036854775808", "null"] {
            assert_eq!(integer(number), None, "{number}");
        }
        for message in ["12345678", "8,"] {
            let mut cursor = Cursor::new(message.as_bytes()).unwrap();
            assert_eq!((cursor.plain_integer(7), cursor.mark()), (None, 0));
        }
        assert_eq!(Cursor::new(b"1.5").unwrap().plain_double(), None);
    }

    #[test]
    fn integers_of_every_length_are_read() {
        for length in 1..=19 {
            let number = &"9081726354453627180"[..length];
            assert_eq!(integer(number), Some(number.parse().unwrap()));
        }
        assert_eq!(integer("0"), Some(0));
    }

    #[test]
    fn what_lies_half_way_between_doubles_is_rounded_to_even() {
        for number in [
            "9007199254740993",
            "9007199254740995",
            "900719925474099.3",
            "9007199254740993.0",
            "9007199254740993.001",
            "4503599627370497.5",
            "4503599627370496.50",
            "1125899906842624.125",
            "1125899906842624.375",
            "1844674407370955161",
            "0.018055535456576573",
            "9999999999999999.999",
        ] {
            assert_eq!(double(number), number.parse().ok(), "{number}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn plain_numbers_are_rounded_as_the_standard_library_rounds_them(
            number in "(0|[1-9][0-9]{0,17})(\\.[0-9]{1,18})?",
        ) {
            let is_plain = number.len() - usize::from(number.contains('.')) <= MAX_DIGITS;
            prop_assert_eq!(double(&number), is_plain.then(|| number.parse().unwrap()));
        }
    }
}
