//! A matrix for people: a row for each sender, a column for each receiver, and what its words mean.

use std::fmt::Write as _;

use sim_core::lab::Matrix;

/// A receiver's name may make its column so wide; a longer one is cut, and stands whole in its row.
const COLUMN: usize = 16;

/// Who reaches whom.
pub(crate) fn matrix_text(matrix: &Matrix) -> String {
    let when = match matrix.after_step {
        0 => "after deployment".to_owned(),
        step => format!("after step {step}"),
    };
    let mut text = format!("{}   {}   {when}\n\n", matrix.scenario, matrix.service);
    let first = matrix.hosts.iter().map(|host| host.chars().count()).max().unwrap_or_default();
    let columns: Vec<String> = matrix.hosts.iter().map(|host| host.chars().take(COLUMN).collect()).collect();
    write_row(&mut text, first, "", &columns, columns.iter().map(String::as_str));
    for (host, cells) in matrix.hosts.iter().zip(&matrix.cells) {
        let words = cells.iter().map(|cell| cell.as_ref().map_or("-", |cell| cell.word.as_str()));
        write_row(&mut text, first, host, &columns, words);
    }
    let cells = || matrix.cells.iter().flatten().flatten();
    let (pairs, reached) = (cells().count(), cells().filter(|cell| cell.outcome.is_delivered()).count());
    let lost = ((pairs - reached) * 100).checked_div(pairs).unwrap_or(0);
    let _ = writeln!(text, "*** {reached}/{pairs} reach, {lost}% do not");
    let width = matrix.legend.iter().map(|legend| legend.word.len()).max().unwrap_or_default();
    for legend in &matrix.legend {
        let code = legend.code.map_or_else(String::new, |code| format!("{code}: "));
        let more = match legend.packets {
            1 => String::new(),
            packets => format!(" (the first of {packets})"),
        };
        let _ = writeln!(text, "{:<width$}  {code}{}{more}", legend.word, legend.text);
    }
    text
}

fn write_row<'a>(
    text: &mut String,
    first: usize,
    name: &str,
    columns: &[String],
    words: impl Iterator<Item = &'a str>,
) {
    let mut line = format!("{name:<first$}");
    for (word, column) in words.zip(columns) {
        let _ = write!(line, "  {word:<0$}", column.chars().count().max(4));
    }
    let _ = writeln!(text, "{}", line.trim_end());
}
