//! What real Python prints, over generated and chosen inputs.

use std::io::Write;
use std::process::{Command, Stdio};

use super::python_json::write_json;
use super::python_repr::{write_bytes, write_float, write_str};
use super::*;

/// `script`'s standard output for these lines of input.
fn python(script: &str, input: &str) -> String {
    let mut child = Command::new("python3")
        .args(["-X", "utf8", "-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is installed");
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "python3 failed");
    String::from_utf8(output.stdout).unwrap()
}

fn assert_same_lines(inputs: &[String], ours: &[String], python: &str) {
    let python: Vec<&str> = python.lines().collect();
    assert_eq!(ours.len(), python.len());
    for ((input, ours), python) in inputs.iter().zip(ours).zip(python) {
        assert_eq!(ours, python, "for {input}");
    }
}

/// Numbers without a pattern that a test could lean on (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len() as u64) as usize]
    }

    fn json(&mut self, depth: u32) -> String {
        match self.below(if depth == 0 { 6 } else { 9 }) {
            0 => self.pick(&["true", "false", "null"]).to_owned(),
            1 => (self.next() as i64 >> self.below(64)).to_string(),
            2 => format!("{:?}", f64::from_bits(self.next()))
                .replace("inf", "1e999")
                .replace("NaN", "1e-999"),
            3 => format!("{}.{:03}", self.below(1000), self.below(1000)),
            4 | 5 => self.json_string(),
            6 => {
                let items: Vec<String> = (0..self.below(4)).map(|_| self.json(depth - 1)).collect();
                format!("[{}]", items.join(self.pick(&[",", " , ", ",\t"])))
            }
            _ => {
                let members: Vec<String> = (0..self.below(5))
                    .map(|_| format!("{}: {}", self.json_key(), self.json(depth - 1)))
                    .collect();
                format!("{{{}}}", members.join(self.pick(&[",", ", "])))
            }
        }
    }

    /// Few different keys, so that some repeat.
    fn json_key(&mut self) -> String {
        self.pick(&[r#""a""#, r#""\u0061""#, r#""b""#, r#""it's""#, r#""""#])
            .to_owned()
    }

    fn json_string(&mut self) -> String {
        let pieces = [
            "x",
            "'",
            "\\\"",
            "\\\\",
            "\\n",
            "\\t",
            "\\b",
            "\\/",
            "é",
            "\u{a0}",
            "\u{ad}",
            "\u{2028}",
            "😀",
            "\u{e000}",
            "\\u0000",
            "\\u007f",
            "\\ud83d\\ude00",
            "\\ud83d",
            "\\ude00",
            "\\ud83dx",
            "\\ud83d\\u0041",
            "\\u00AD",
            "日本",
            "\u{202e}",
            "e\u{301}",
        ];
        let text: String = (0..self.below(6)).map(|_| self.pick(&pieces)).collect();
        format!("\"{text}\"")
    }
}

const REPR_OF_JSON: &str = "
import json, sys
for line in sys.stdin:
    print(repr(json.loads(line)))
";

#[test]
fn json_prints_as_python_prints_it() {
    let mut random = Random(1);
    let mut inputs: Vec<String> = [
        r#"{"transaction_id":125713051,"ts":"2019-11-10T14:43:06.000Z","tx_fraud":1,"probability":{"type":1,"values":[0.9819444645434234,0.018055535456576573]},"prediction":0.0}"#,
        r#"{"a":1,"b":2,"a":{"b":3,"b":4,"c":5}}"#,
        r#"{"a":{"x":1,"x":2},"a":3}"#,
        "[-0, -0.0, 0E5, 123456789012345678901234567890123456789012345678901234567890]",
        "[1e400, -1e400, 5e-324, 1.7976931348623157e308, 2.2250738585072014e-308]",
        "[1.0E-5, 1.0E16, 1.0E7, 1e22, 9007199254740993.0, 0.1]",
        " [ ] ",
        " { } ",
    ]
    .map(str::to_owned)
    .to_vec();
    inputs.push(format!("{}1{}", "[".repeat(900), "]".repeat(900)));
    inputs.extend((0..20_000).map(|_| random.json(3)));
    let ours: Vec<String> = inputs
        .iter()
        .map(|input| {
            let mut out = String::new();
            write_json(&mut out, input.as_bytes()).expect(input);
            out
        })
        .collect();
    assert_same_lines(
        &inputs,
        &ours,
        &python(REPR_OF_JSON, &(inputs.join("\n") + "\n")),
    );
}

#[test]
fn floats_print_as_python_prints_them() {
    let mut random = Random(2);
    let mut floats: Vec<f64> = (0..50_000).map(|_| f64::from_bits(random.next())).collect();
    for exponent in -320..309 {
        for digits in ["1", "9.999999999999999", "1.5", "1.2345678901234567"] {
            floats.push(format!("{digits}e{exponent}").parse().unwrap());
        }
    }
    floats.extend([0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN]);
    let inputs: Vec<String> = floats
        .iter()
        .map(|float| format!("{:016x}", float.to_bits()))
        .collect();
    let ours: Vec<String> = floats
        .iter()
        .map(|&float| {
            let mut out = String::new();
            write_float(&mut out, float);
            out
        })
        .collect();
    let script = "
import struct, sys
for line in sys.stdin:
    print(repr(struct.unpack('>d', bytes.fromhex(line.strip()))[0]))
";
    // `repr` of NaN has no sign in Python.
    assert_same_lines(&inputs, &ours, &python(script, &(inputs.join("\n") + "\n")));
}

#[test]
fn keys_print_as_python_prints_them() {
    let mut random = Random(3);
    let mut keys: Vec<Vec<u8>> = (0..=255).map(|byte| vec![byte]).collect();
    keys.extend([&b""[..], b"it's", b"\"", b"it's \"both\"", b"125713051"].map(<[u8]>::to_vec));
    keys.extend((0..2_000).map(|_| {
        (0..random.below(12))
            .map(|_| random.next() as u8)
            .collect::<Vec<u8>>()
    }));
    let inputs: Vec<String> = keys
        .iter()
        .map(|key| key.iter().map(|byte| format!("{byte:02x}")).collect())
        .collect();
    let ours: Vec<String> = keys
        .iter()
        .map(|key| {
            let mut out = String::new();
            write_bytes(&mut out, key);
            out
        })
        .collect();
    let script = "
import sys
for line in sys.stdin:
    print(repr(bytes.fromhex(line.strip())))
";
    assert_same_lines(&inputs, &ours, &python(script, &(inputs.join("\n") + "\n")));
}

/// Python's Unicode tables may be older than ours, so the code points that it
/// doesn't know are left out, except those that will never be assigned.
#[test]
fn every_assigned_code_point_is_escaped_where_python_escapes_it() {
    let script = "
import sys, unicodedata
for point in range(0x110000):
    text = chr(point)
    if unicodedata.category(text) != 'Cn' or point & 0xfffe == 0xfffe:
        print('%x' % point, repr(text))
";
    for line in python(script, "")
        .split('\n')
        .filter(|line| !line.is_empty())
    {
        let (code_point, python) = line.split_once(' ').unwrap();
        let mut ours = String::new();
        write_str(&mut ours, &[u32::from_str_radix(code_point, 16).unwrap()]);
        assert_eq!(ours, python, "U+{code_point}");
    }
}

#[test]
fn a_line_has_place_key_and_value() {
    let mut line = String::new();
    let mut message = PrintedMessage {
        topic: "results",
        partition: 1,
        offset: 76,
        timestamp: None,
        key: Some(b"125713051"),
        value: br#"{"transaction_id":125713051,"prediction":0.0}"#,
    };
    write_line(&mut line, &message);
    message.key = None;
    write_line(&mut line, &message);
    assert_eq!(
        line,
        "results:1:76: key=b'125713051' value={'transaction_id': 125713051, 'prediction': 0.0}\n\
         results:1:76: key=None value={'transaction_id': 125713051, 'prediction': 0.0}\n"
    );
}

#[test]
fn a_value_too_deep_for_python_prints_as_bytes() {
    let value = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let mut line = String::new();
    write_line(
        &mut line,
        &PrintedMessage {
            topic: "results",
            partition: 0,
            offset: 0,
            timestamp: None,
            key: None,
            value: value.as_bytes(),
        },
    );
    assert_eq!(line, format!("results:0:0: key=None value=b'{value}'\n"));
}
