//! Figures, as lines for people while they come, or as one JSON object at the end (`"schema": "vpcsim.bench/1"`).

use std::io::{self, Write};

use serde_json::{Value, json};

use super::stopwatch::{Took, median};
use crate::args::BenchFormat;

/// One measured figure.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Figure {
    name: &'static str,
    what: String,
    unit: &'static str,
    value: f64,
    /// The least and the most of the runs.
    range: Option<(f64, f64)>,
    /// The same by wall time, where it is another.
    by_wall_time: Option<f64>,
}

impl Figure {
    /// A figure by itself.
    pub(super) fn of(name: &'static str, what: String, unit: &'static str, value: f64) -> Figure {
        Figure { name, what, unit, value, range: None, by_wall_time: None }
    }

    /// `amount` for each second of processor time.
    pub(super) fn rate(name: &'static str, what: String, unit: &'static str, amount: f64, took: &[Took]) -> Figure {
        let by_wall_time = median(took.iter().map(|took| amount / took.wall.as_secs_f64()));
        let rates = took.iter().map(|took| amount / took.processor_seconds());
        let value = median(rates.clone());
        let range = Some((rates.clone().fold(f64::MAX, f64::min), rates.fold(0.0, f64::max)));
        let differs = (by_wall_time / value - 1.0).abs() > 0.05;
        Figure { name, what, unit, value, range, by_wall_time: differs.then_some(by_wall_time) }
    }

    /// `amount` for each second of wall time.
    pub(super) fn wall_rate(
        name: &'static str,
        what: String,
        unit: &'static str,
        amount: f64,
        took: &[Took],
    ) -> Figure {
        let rates = took.iter().map(|took| amount / took.wall.as_secs_f64());
        let range = Some((rates.clone().fold(f64::MAX, f64::min), rates.clone().fold(0.0, f64::max)));
        Figure { name, what, unit, value: median(rates), range, by_wall_time: None }
    }

    fn line(&self) -> String {
        let range = self.range.filter(|(least, most)| least != most);
        let range = range.map_or_else(String::new, |(least, most)| format!(" ({}–{})", short(least), short(most)));
        let wall = self.by_wall_time.map_or_else(String::new, |rate| format!("; {} by wall time", short(rate)));
        format!("{:<13} {:<62} {:>7} {}{range}{wall}\n", self.name, self.what, short(self.value), self.unit)
    }

    fn json(&self) -> Value {
        let (least, most) = self.range.unzip();
        json!({
            "name": self.name, "what": self.what, "unit": self.unit, "value": self.value, "least": least, "most": most,
            "by_wall_time": self.by_wall_time,
        })
    }
}

/// Cost against size.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Curve {
    pub(super) name: &'static str,
    /// What is larger from row to row.
    pub(super) size: &'static str,
    pub(super) columns: &'static [&'static str],
    pub(super) rows: Vec<(u64, Vec<f64>)>,
}

impl Curve {
    /// A table as Markdown has it, which also lines up on a terminal.
    fn table(&self) -> String {
        let width = |text: &str| text.chars().count().max(8);
        let row = |first: &str, cells: &[String]| {
            let cells = self.columns.iter().zip(cells).map(|(column, cell)| format!(" {cell:>0$} |", width(column)));
            format!("| {first:>1$} |{0}\n", cells.collect::<String>(), width(self.size))
        };
        let names: Vec<String> = self.columns.iter().map(|&column| column.to_owned()).collect();
        let rules: Vec<String> = names.iter().map(|name| format!("{:->1$}", ":", width(name))).collect();
        let mut table = row(self.size, &names) + &row(&format!("{:->1$}", ":", width(self.size)), &rules);
        for (size, values) in &self.rows {
            let cells: Vec<String> = values.iter().map(|value| short(*value)).collect();
            table += &row(&size.to_string(), &cells);
        }
        table + "\n"
    }

    fn json(&self) -> Value {
        let rows = self.rows.iter().map(|(size, values)| json!({"size": size, "values": values}));
        json!({
            "name": self.name, "size": self.size, "columns": self.columns, "rows": rows.collect::<Vec<_>>(),
        })
    }
}

/// Where figures go.
pub(super) struct Report {
    format: BenchFormat,
    figures: Vec<Value>,
    curves: Vec<Value>,
}

impl Report {
    pub(super) fn new(format: BenchFormat) -> Report {
        Report { format, figures: Vec::new(), curves: Vec::new() }
    }

    pub(super) fn figure(&mut self, figure: Figure) -> io::Result<()> {
        match self.format {
            BenchFormat::Text => print(&figure.line()),
            BenchFormat::Json => {
                self.figures.push(figure.json());
                Ok(())
            }
        }
    }

    pub(super) fn curve(&mut self, curve: &Curve) -> io::Result<()> {
        match self.format {
            BenchFormat::Text => print(&curve.table()),
            BenchFormat::Json => {
                self.curves.push(curve.json());
                Ok(())
            }
        }
    }

    pub(super) fn end(self) -> io::Result<()> {
        match self.format {
            BenchFormat::Text => Ok(()),
            BenchFormat::Json => {
                let Report { figures, curves, .. } = self;
                let whole = json!({"schema": "vpcsim.bench/1", "figures": figures, "curves": curves});
                print(&format!("{whole:#}\n"))
            }
        }
    }
}

fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Three digits that count, with k, M or G.
fn short(value: f64) -> String {
    let (scaled, prefix) = match value {
        value if value >= 1e9 => (value / 1e9, " G"),
        value if value >= 1e6 => (value / 1e6, " M"),
        value if value >= 1e4 => (value / 1e3, " k"),
        value => (value, ""),
    };
    let digits = match scaled {
        scaled if scaled >= 100.0 => 0,
        scaled if scaled >= 10.0 => 1,
        _ => 2,
    };
    format!("{scaled:.digits$}{prefix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_count() {
        let shown = [0.5, 36.24, 906.4, 9_999.0, 612_345.0, 3.3e6, 27.3e9].map(short);
        assert_eq!(shown, ["0.50", "36.2", "906", "9999", "612 k", "3.30 M", "27.3 G"]);
    }

    #[test]
    fn a_curve_is_a_table() {
        let rows = vec![(1, vec![210.0]), (1_000, vec![212.4])];
        let curve = Curve { name: "rules", size: "rules", columns: &["ns a packet-hop"], rows };
        let table = "\
|    rules | ns a packet-hop |
| -------: | --------------: |
|        1 |             210 |
|     1000 |             212 |

";
        assert_eq!(curve.table(), table);
    }
}
