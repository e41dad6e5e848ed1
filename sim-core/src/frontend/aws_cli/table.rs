//! `--output table`: the boxes the AWS CLI draws (AWS CLI user guide, "Table output format").
//!
//! An answer becomes sections, one for each list or structure, deeper ones indented by one bar. All sections are as wide
//! as the widest. When that is more than the terminal has – 80 columns, as the CLI takes it when its output is no
//! terminal – structures of one row are turned upright.
//!
//! Differs from AWS: letters that Unicode calls of ambiguous width count as narrow.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::error::CliError;
use super::python;

const TERMINAL_COLUMNS: usize = 80;
const CELL_PADDING: usize = 4;

/// The answer as a table under the operation's name; nothing for an empty answer.
///
/// # Errors
/// When the rows of a list of lists differ in length.
pub(crate) fn format(title: &str, value: &Value) -> Result<String, CliError> {
    let mut sections = Vec::new();
    add(&mut sections, Some(title), value, 0)?;
    if sections.is_empty() {
        return Ok(String::new());
    }
    if total_width(&sections) > TERMINAL_COLUMNS {
        sections.iter_mut().for_each(Section::turn_upright);
    }
    let width = total_width(&sections);
    let mut text = format!("{}\n", "-".repeat(width));
    for section in &sections {
        section.draw(&mut text, width);
    }
    Ok(text)
}

#[derive(Default)]
struct Section {
    title: String,
    indent: usize,
    headers: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// Adds the sections of a value. Without a title its rows go on in the section before.
fn add(sections: &mut Vec<Section>, title: Option<&str>, value: &Value, indent: usize) -> Result<(), CliError> {
    if is_empty(value) {
        return Ok(());
    }
    if let Some(title) = title {
        sections.push(Section { title: title.to_owned(), indent, ..Section::default() });
    }
    match value {
        Value::Array(values) if values[0].is_object() => {
            let objects: Vec<&Map<String, Value>> = values.iter().filter_map(Value::as_object).collect();
            add_objects(sections, title.unwrap_or_default(), &objects, indent)
        }
        Value::Array(values) => {
            for value in values {
                match value {
                    Value::Array(fields) if fields.iter().all(is_scalar) => {
                        last(sections).add_row(fields.iter().map(python::text).collect())?;
                    }
                    Value::Object(object) => last(sections).add_row(object.keys().cloned().collect())?,
                    scalar if is_scalar(scalar) => last(sections).add_row(vec![python::text(scalar)])?,
                    list => add(sections, None, list, 0)?,
                }
            }
            Ok(())
        }
        Value::Object(object) => add_object(sections, object, indent),
        _ => Ok(()),
    }
}

fn add_object(sections: &mut Vec<Section>, object: &Map<String, Value>, indent: usize) -> Result<(), CliError> {
    let (scalars, inner) = partition([object]);
    let row = |key: &&str| python::text(&object[*key]);
    if let [only] = scalars.iter().collect::<Vec<_>>()[..] {
        last(sections).add_row(vec![(*only).to_owned(), row(only)])?;
    } else if !scalars.is_empty() {
        last(sections).headers = scalars.iter().map(|key| (*key).to_owned()).collect();
        last(sections).add_row(scalars.iter().map(row).collect())?;
    }
    for key in inner {
        add(sections, Some(key), &object[key], indent + 1)?;
    }
    Ok(())
}

fn add_objects(
    sections: &mut Vec<Section>,
    title: &str,
    objects: &[&Map<String, Value>],
    indent: usize,
) -> Result<(), CliError> {
    let (scalars, inner) = partition(objects.iter().copied());
    let headers: Vec<String> = scalars.iter().map(|key| (*key).to_owned()).collect();
    last(sections).headers = headers.clone();
    for (index, object) in objects.iter().enumerate() {
        if index > 0 && !inner.is_empty() {
            let headers = headers.clone();
            sections.push(Section { title: title.to_owned(), indent, headers, rows: Vec::new() });
        }
        let row = scalars.iter().map(|key| object.get(*key).map_or_else(String::new, python::text));
        last(sections).add_row(row.collect())?;
        for key in &inner {
            if let Some(value) = object.get(*key) {
                add(sections, Some(key), value, indent + 1)?;
            }
        }
    }
    Ok(())
}

fn last(sections: &mut Vec<Section>) -> &mut Section {
    if sections.is_empty() {
        sections.push(Section::default());
    }
    sections.last_mut().expect("the lines above leave a section")
}

/// The keys of scalars and the keys of lists and structures, both sorted.
fn partition<'a>(objects: impl IntoIterator<Item = &'a Map<String, Value>>) -> (BTreeSet<&'a str>, BTreeSet<&'a str>) {
    let mut keys = (BTreeSet::new(), BTreeSet::new());
    for (key, value) in objects.into_iter().flatten() {
        if is_scalar(value) {
            keys.0.insert(key.as_str())
        } else {
            keys.1.insert(key.as_str())
        };
    }
    keys
}

fn is_scalar(value: &Value) -> bool {
    !value.is_array() && !value.is_object()
}

/// What Python calls false: the CLI draws nothing for it.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(truth) => !truth,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(object) => object.is_empty(),
    }
}

impl Section {
    fn add_row(&mut self, row: Vec<String>) -> Result<(), CliError> {
        let columns = if self.headers.is_empty() { self.rows.first().map(Vec::len) } else { Some(self.headers.len()) };
        if columns.is_some_and(|columns| columns != row.len()) {
            return Err(CliError::general(format!(
                "Row should have {} elements, instead it has {}",
                columns.unwrap_or_default(),
                row.len()
            )));
        }
        self.rows.push(row);
        Ok(())
    }

    /// One row under headers becomes one line for each header.
    fn turn_upright(&mut self) {
        if let ([row], false) = (&self.rows[..], self.headers.is_empty()) {
            self.rows = self.headers.drain(..).zip(row.clone()).map(|(header, cell)| vec![header, cell]).collect();
        }
    }

    /// The widest cell of each column.
    fn content_widths(&self) -> Vec<usize> {
        let lines = std::iter::once(&self.headers).filter(|headers| !headers.is_empty()).chain(&self.rows);
        let mut widths: Vec<usize> = Vec::new();
        for line in lines {
            widths.resize(widths.len().max(line.len()), 0);
            for (width, cell) in widths.iter_mut().zip(line) {
                *width = (*width).max(columns(cell));
            }
        }
        widths
    }

    fn total_width(&self) -> usize {
        let cells: usize = self.content_widths().iter().map(|width| width + CELL_PADDING).sum();
        (cells + 2).max(columns(&self.title) + 2) + 2 * self.indent
    }

    /// The columns stretched to fill `width`; what rounding leaves over is taken from the left or given from the right.
    fn column_widths(&self, width: usize) -> Vec<usize> {
        let mut widths: Vec<usize> = self.content_widths().iter().map(|width| width + CELL_PADDING).collect();
        let natural: usize = widths.iter().sum();
        if natural == 0 {
            return widths;
        }
        let scale = width as f64 / natural as f64;
        widths.iter_mut().for_each(|column| *column = (scale * *column as f64).round_ties_even() as usize);
        let mut stretched: usize = widths.iter().sum();
        for index in (0..widths.len()).cycle() {
            if stretched <= width {
                break;
            }
            widths[index] = widths[index].saturating_sub(1);
            stretched -= 1;
        }
        for index in (0..widths.len()).rev().cycle() {
            if stretched >= width {
                break;
            }
            widths[index] += 1;
            stretched += 1;
        }
        widths
    }

    fn draw(&self, text: &mut String, width: usize) {
        let width = width - 2 * self.indent;
        let bars = "|".repeat(self.indent);
        let mut line = |line: &str| text.push_str(&format!("{bars}{line}{bars}\n"));
        if !self.title.is_empty() {
            line(&centred(&self.title, width, "|"));
            if self.headers.is_empty() && self.rows.is_empty() {
                line(&format!("+{}+", "-".repeat(width - 2)));
            }
        }
        let widths = self.column_widths(width);
        if !self.headers.is_empty() {
            line(&rule(&widths));
            line(&cells(&widths, &self.headers, centred));
        }
        if !self.rows.is_empty() && !widths.is_empty() {
            line(&rule(&widths));
            for row in &self.rows {
                line(&cells(&widths, row, left_aligned));
            }
            line(&rule(&widths));
        }
    }
}

fn total_width(sections: &[Section]) -> usize {
    sections.iter().map(Section::total_width).max().unwrap_or_default()
}

fn rule(widths: &[usize]) -> String {
    let mut rule = String::from("+");
    for (index, width) in widths.iter().enumerate() {
        let edges = if index == 0 { 2 } else { 1 };
        rule.push_str(&"-".repeat(width.saturating_sub(edges)));
        rule.push('+');
    }
    rule
}

/// A line of cells. Only the first has an edge on its left, so its text has one column less.
fn cells(widths: &[usize], cells: &[String], draw: fn(&str, usize, &str) -> String) -> String {
    let drawn = widths.iter().zip(cells).enumerate();
    drawn.map(|(index, (width, cell))| draw(cell, *width, if index == 0 { "|" } else { "" })).collect()
}

fn centred(cell: &str, width: usize, left_edge: &str) -> String {
    let cell_width = columns(cell);
    // Half of each is rounded down by itself, as the CLI does; what is too narrow for the text loses its spaces.
    let before = (width / 2) as isize - (cell_width / 2) as isize - 1;
    let after = width as isize - 1 - (left_edge.len() as isize + before + cell_width as isize);
    format!("{left_edge}{}{cell}{}|", spaces(before), spaces(after))
}

fn left_aligned(cell: &str, width: usize, left_edge: &str) -> String {
    let fixed = left_edge.len() + columns(cell) + 1;
    let before = if width >= fixed + 2 { 2 } else { 0 };
    let after = width as isize - (fixed + before) as isize;
    format!("{left_edge}{}{cell}{}|", spaces(before as isize), spaces(after))
}

fn spaces(count: isize) -> String {
    " ".repeat(usize::try_from(count).unwrap_or(0))
}

/// The columns a text takes in a terminal.
fn columns(text: &str) -> usize {
    text.chars().map(|letter| if is_wide(letter) { 2 } else { 1 }).sum()
}

/// The blocks of Unicode's East Asian Width `W` and `F` that names and tags are written in.
fn is_wide(letter: char) -> bool {
    matches!(u32::from(letter),
        0x1100..=0x115F | 0x2E80..=0x303E | 0x3041..=0x33FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xA000..=0xA4CF
        | 0xA960..=0xA97C | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0xFE30..=0xFE6F | 0xFF01..=0xFF60 | 0xFFE0..=0xFFE6
        | 0x1F300..=0x1F64F | 0x1F680..=0x1F6FF | 0x1F900..=0x1F9FF | 0x20000..=0x3FFFD)
}
