//! A table as Spark's `Dataset.show` lays it out.

/// Spark's narrowest column.
const NARROWEST: usize = 3;

/// Header and rows, right-aligned, between rules; ends with a newline.
pub(super) fn render<const N: usize>(header: &[&str; N], rows: &[[String; N]]) -> String {
    let mut widths = header.map(|name| name.len().max(NARROWEST));
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.len());
        }
    }
    let mut text = String::new();
    push_rule(&mut text, &widths);
    push_row(&mut text, &widths, header);
    push_rule(&mut text, &widths);
    for row in rows {
        push_row(&mut text, &widths, row);
    }
    push_rule(&mut text, &widths);
    text
}

fn push_rule(text: &mut String, widths: &[usize]) {
    text.push('+');
    for width in widths {
        text.push_str(&"-".repeat(*width));
        text.push('+');
    }
    text.push('\n');
}

fn push_row(text: &mut String, widths: &[usize], cells: &[impl AsRef<str>]) {
    text.push('|');
    for (width, cell) in widths.iter().zip(cells) {
        text.push_str(&format!("{:>width$}|", cell.as_ref()));
    }
    text.push('\n');
}
