//! Timestamps of the wire contract, as milliseconds since the Unix epoch, UTC.

/// Milliseconds of `YYYY-MM-DD[(T| )hh:mm:ss[.f{1,9}][Z|±hh:mm]]`, cut towards
/// the past; no zone is UTC. `None` for anything else and outside 0001–9999.
pub fn parse(text: &[u8]) -> Option<i64> {
    let _ = text;
    unimplemented!()
}

/// Appends `YYYY-MM-DDThh:mm:ss.SSSZ`.
pub fn write(out: &mut Vec<u8>, milliseconds: i64) {
    let _ = (out, milliseconds);
    unimplemented!()
}
