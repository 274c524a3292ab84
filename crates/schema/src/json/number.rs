//! Numbers, read once for their digits and as a rule not again.

use super::{Cursor, Malformed};

/// A number as it is written, with its digits if they fit 64 bits.
#[derive(Debug)]
pub(crate) struct Number<'a> {
    text: &'a str,
    negative: bool,
    /// The digits without the point; `None` where they might not fit.
    mantissa: Option<u64>,
    /// The value is `mantissa` times ten to this power.
    power: i32,
    /// Neither a fraction nor an exponent is written.
    integer: bool,
}

/// Why a number isn't an integer of the wanted width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotAnInteger {
    /// It has a fraction or an exponent, whatever their value.
    Notation,
    /// The width is too small.
    Range,
}

/// 19 digits are always below 2^64.
const MANTISSA_DIGITS: usize = 19;
/// More digits of an exponent are left to the standard library.
const EXPONENT_DIGITS: usize = 6;

/// The powers of ten that are doubles.
const POWERS_OF_TEN: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

impl Number<'_> {
    /// The nearest double, half to even; infinite beyond the largest.
    pub(crate) fn to_f64(&self) -> f64 {
        self.exact_operation().unwrap_or_else(|| {
            let nearest = self.text.parse();
            nearest.expect("every JSON number is a number of Rust's grammar")
        })
    }

    /// Clinger's fast path ("How to read floating point numbers accurately",
    /// 1990): with both operands exact, the one rounding of the operation is
    /// the rounding of the result.
    fn exact_operation(&self) -> Option<f64> {
        let mantissa = self.mantissa.filter(|&mantissa| mantissa <= 1 << 53)? as f64;
        let power = POWERS_OF_TEN.get(self.power.unsigned_abs() as usize)?;
        let magnitude = if self.power < 0 {
            mantissa / power
        } else {
            mantissa * power
        };
        Some(if self.negative { -magnitude } else { magnitude })
    }

    /// The value of a number that is written as an integer; `-0` is 0.
    pub(crate) fn to_integer<T: TryFrom<i128>>(&self) -> Result<T, NotAnInteger> {
        if !self.integer {
            return Err(NotAnInteger::Notation);
        }
        let magnitude = i128::from(self.mantissa.ok_or(NotAnInteger::Range)?);
        let value = if self.negative { -magnitude } else { magnitude };
        T::try_from(value).map_err(|_| NotAnInteger::Range)
    }
}

impl<'a> Cursor<'a> {
    /// Reads a number, from its sign or first digit.
    pub(super) fn number(&mut self) -> Result<Number<'a>, Malformed> {
        let start = self.position;
        let negative = self.pass_byte(b'-');
        let mut mantissa = 0;
        let mut digits = self.whole_digits(&mut mantissa)?;

        let mut fraction_digits = 0;
        if self.pass_byte(b'.') {
            fraction_digits = self.some_digits(&mut mantissa)?;
            digits += fraction_digits;
        }
        let exponent = self.exponent()?;

        let integer = fraction_digits == 0 && exponent.is_none();
        let exponent = exponent.unwrap_or(Some(0));
        let fits = digits <= MANTISSA_DIGITS && exponent.is_some();
        Ok(Number {
            text: &self.text[start..self.position],
            negative,
            mantissa: fits.then_some(mantissa),
            power: exponent.unwrap_or(0).wrapping_sub(fraction_digits as i32),
            integer,
        })
    }

    /// The digits before the point: no zero leads unless it is alone.
    fn whole_digits(&mut self, mantissa: &mut u64) -> Result<usize, Malformed> {
        if self.pass_byte(b'0') {
            return Ok(1);
        }
        self.some_digits(mantissa)
    }

    /// The exponent if one is written; `Some(None)` if it has too many digits.
    fn exponent(&mut self) -> Result<Option<Option<i32>>, Malformed> {
        if !self.pass_byte(b'e') && !self.pass_byte(b'E') {
            return Ok(None);
        }
        let negative = self.pass_byte(b'-');
        if !negative {
            self.pass_byte(b'+');
        }
        let mut magnitude = 0;
        if self.some_digits(&mut magnitude)? > EXPONENT_DIGITS {
            return Ok(Some(None));
        }
        let magnitude = magnitude as i32;
        Ok(Some(Some(if negative { -magnitude } else { magnitude })))
    }

    /// Appends one or more decimal digits to `digits`, which may overflow, and
    /// returns their count.
    fn some_digits(&mut self, digits: &mut u64) -> Result<usize, Malformed> {
        let start = self.position;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            *digits = digits
                .wrapping_mul(10)
                .wrapping_add(u64::from(digit - b'0'));
            self.position += 1;
        }
        if self.position == start {
            return Err(self.malformed("expected a digit"));
        }
        Ok(self.position - start)
    }

    fn pass_byte(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.position += usize::from(found);
        found
    }
}
