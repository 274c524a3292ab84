//! Numbers as they nearly always are, eight digits at a time.

use super::Cursor;

/// Mantissas of so many digits are below 2^64.
pub(crate) const MAX_DIGITS: usize = 19;
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

/// The first 64 bits of one over each power of ten but the first, cut.
const RECIPROCALS: [u64; MAX_DIGITS + 1] = {
    let mut reciprocals = [0; MAX_DIGITS + 1];
    let mut places = 1;
    while places <= MAX_DIGITS {
        let power = POWERS_OF_TEN[places];
        let bits = u64::BITS - power.leading_zeros();
        reciprocals[places] = ((1 << (63 + bits)) / power as u128) as u64;
        places += 1;
    }
    reciprocals
};

impl Cursor<'_> {
    /// Passes a [`plain_integer`], if one comes next.
    #[inline(always)]
    pub(crate) fn plain_integer(&mut self, greatest: i64) -> Option<i64> {
        let (value, length) = plain_integer(self.rest(), greatest)?;
        self.position += length;
        Some(value)
    }

    /// Passes a [`plain_double`], if one comes next.
    #[inline(always)]
    pub(crate) fn plain_double(&mut self) -> Option<f64> {
        let (value, length) = plain_double(self.rest())?;
        self.position += length;
        Some(value)
    }
}

/// The integer that `bytes` start with, without a sign and up to `greatest`, and its length.
/// `None` says nothing about what is there.
#[inline(always)]
pub(crate) fn plain_integer(bytes: &[u8], greatest: i64) -> Option<(i64, usize)> {
    let (value, length) = whole_number(bytes)?;
    if length > MAX_DIGITS || goes_on(bytes, length) {
        return None;
    }
    let value = i64::try_from(value).ok()?;
    (value <= greatest).then_some((value, length))
}

/// The number that `bytes` start with, without sign and exponent and of up to 19 digits, and
/// its length; `None` as [`plain_integer`].
#[inline(always)]
pub(crate) fn plain_double(bytes: &[u8]) -> Option<(f64, usize)> {
    let (whole, whole_digits) = match bytes {
        [digit @ b'0'..=b'9', b'.', ..] => (u64::from(digit - b'0'), 1),
        _ => whole_number(bytes)?,
    };
    if bytes.get(whole_digits) != Some(&b'.') {
        if whole_digits > MAX_DIGITS || goes_on(bytes, whole_digits) {
            return None;
        }
        return Some((whole as f64, whole_digits));
    }
    let (fraction, places) = decimals(&bytes[whole_digits + 1..])?;
    let length = whole_digits + 1 + places;
    if whole_digits + places > MAX_DIGITS || goes_on(bytes, length) {
        return None;
    }
    let mantissa = whole * POWERS_OF_TEN[places] + fraction;
    Some((quotient(mantissa, places), length))
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
pub(crate) fn digits(bytes: &[u8]) -> Option<(u64, usize)> {
    let (mut value, mut length) = up_to_eight_digits(bytes);
    if length == 0 {
        return None;
    }
    while length.is_multiple_of(STEP) && length <= MAX_DIGITS {
        let (more, more_digits) = up_to_eight_digits(&bytes[length..]);
        if more_digits == 0 {
            break;
        }
        value = appended(value, more, more_digits);
        length += more_digits;
    }
    Some((value, length))
}

/// The same for the digits behind a point. They are many, and from number to number not
/// the same count, so that a branch on it would be guessed wrong.
#[inline(always)]
fn decimals(bytes: &[u8]) -> Option<(u64, usize)> {
    let Some(chunk) = bytes.first_chunk::<{ 3 * STEP }>() else {
        return digits(bytes);
    };
    let steps = chunk.as_chunks::<STEP>().0;
    let (first, first_digits) = eight_or_fewer(u64::from_le_bytes(steps[0]));
    let (second, second_digits) = eight_or_fewer(u64::from_le_bytes(steps[1]));
    let (third, third_digits) = eight_or_fewer(u64::from_le_bytes(steps[2]));
    // Behind the last digit there may be others, of which none counts.
    let second_digits = if first_digits == STEP {
        second_digits
    } else {
        0
    };
    let third_digits = if second_digits == STEP {
        third_digits
    } else {
        0
    };
    let second = if second_digits == 0 { 0 } else { second };
    let third = if third_digits == 0 { 0 } else { third };
    let value = appended(appended(first, second, second_digits), third, third_digits);
    let length = first_digits + second_digits + third_digits;
    (length > 0).then_some((value, length))
}

#[inline(always)]
fn appended(value: u64, more: u64, more_digits: usize) -> u64 {
    value
        .wrapping_mul(POWERS_OF_TEN[more_digits])
        .wrapping_add(more)
}

/// The value and the count of the digits that the first eight bytes start with.
#[inline(always)]
fn up_to_eight_digits(bytes: &[u8]) -> (u64, usize) {
    let eight = match bytes.first_chunk() {
        Some(eight) => u64::from_le_bytes(*eight),
        None => near_the_end(bytes),
    };
    eight_or_fewer(eight)
}

/// The same of a word.
///
/// All at once: Daniel Lemire, "Quickly parsing eight digits" (2022), behind the shift
/// that puts zeros before fewer.
#[inline(always)]
fn eight_or_fewer(eight: u64) -> (u64, usize) {
    const HIGH_BITS: u64 = u64::from_le_bytes([0x80; STEP]);
    const OVER_NINE: u64 = u64::from_le_bytes([0x76; STEP]);
    const ASCII_ZEROS: u64 = u64::from_le_bytes([b'0'; STEP]);
    const EVERY_FOURTH: u64 = 0x0000_00ff_0000_00ff;

    let word = eight ^ ASCII_ZEROS;
    // A carry makes false hits only above a true one, and the lowest counts.
    let others = (word.wrapping_add(OVER_NINE) | word) & HIGH_BITS;
    let count = others.trailing_zeros() as usize / 8;
    // In two halves, as no digit at all is a shift by 64.
    let half = 4 * (STEP - count);
    let digits = word << half << half;
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let first_and_third = (pairs & EVERY_FOURTH).wrapping_mul(100 + (1_000_000 << 32));
    let second_and_fourth = (pairs >> 16 & EVERY_FOURTH).wrapping_mul(1 + (10_000 << 32));
    (first_and_third.wrapping_add(second_and_fourth) >> 32, count)
}

/// The last bytes of a message, fewer than eight, with zeros behind them.
#[inline(always)]
fn near_the_end(bytes: &[u8]) -> u64 {
    let rest = bytes.iter().rev().take(STEP);
    rest.fold(0, |word, &byte| word << 8 | u64::from(byte))
}

/// `mantissa` over ten to the power of `places`, 1 to 19, rounded once, half to even.
///
/// By the power's reciprocal, as in Daniel Lemire, "Number Parsing at a Gigabyte per
/// Second" (2021): with 64 of its bits the product is too small by less than one in its
/// upper half. That changes the double only if it lies right at the half between two.
#[inline(always)]
fn quotient(mantissa: u64, places: usize) -> f64 {
    if mantissa == 0 {
        return 0.0;
    }
    let shift = mantissa.leading_zeros();
    let product = u128::from(mantissa << shift) * u128::from(RECIPROCALS[places]);
    let upper = (product >> 64) as u64;
    let rounded_off = 10 + (upper >> 63);
    let half = 1 << (rounded_off - 1);
    let rest = upper & (2 * half - 1);
    if rest == half || rest == half - 1 {
        return quotient_near_half(mantissa, POWERS_OF_TEN[places]);
    }
    let significand = (upper >> rounded_off) + u64::from(rest > half);
    let power_bits = u64::BITS - POWERS_OF_TEN[places].leading_zeros();
    let exponent = rounded_off as i64 + 1 - i64::from(power_bits) - i64::from(shift);
    significand as f64 * power_of_two(exponent)
}

/// The same by a division.
#[cold]
fn quotient_near_half(mantissa: u64, power_of_ten: u64) -> f64 {
    // A quotient of 63 bits or 64. The conversion to 53 rounds by all of them, and its
    // lowest bit stands for the remainder too.
    let (shift, power_shift) = (mantissa.leading_zeros(), power_of_ten.leading_zeros());
    let dividend = u128::from(mantissa << shift) << 63;
    let divisor = u128::from(power_of_ten << power_shift);
    let bits = (dividend / divisor) as u64 | u64::from(!dividend.is_multiple_of(divisor));
    let exponent = i64::from(power_shift) - i64::from(shift) - 63;
    bits as f64 * power_of_two(exponent)
}

fn power_of_two(exponent: i64) -> f64 {
    f64::from_bits(((1023 + exponent) as u64) << 52)
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
