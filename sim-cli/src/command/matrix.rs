//! `vpcsim matrix`: who reaches whom.

use sim_core::lab;

use super::asking::ask;
use crate::args::{AnswerFormat, MatrixArgs};
use crate::exit::Status;
use crate::output::{matrix_text, matrix_value};

pub(super) fn matrix(args: &MatrixArgs) -> Status {
    let answer = ask(&args.asked, |file, moment, observer| lab::matrix(file, moment, args.proto, observer));
    match answer {
        Ok(matrix) => super::answer(&match args.asked.format {
            AnswerFormat::Text => matrix_text(&matrix),
            AnswerFormat::Json => format!("{:#}\n", matrix_value(&matrix)),
        }),
        Err(status) => status,
    }
}
