//! stub
use super::Sys;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    Interactive,
    Script,
}

pub(super) async fn run(sys: &Sys, _mode: Mode, text: &str) -> i32 {
    let mut status = 0;
    for line in text.lines() {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let Some(name) = words.first() else { continue };
        status = match sys.program(name) {
            Some(program) => program(sys.clone(), words).await,
            None => 127,
        };
    }
    status
}

pub(super) async fn run_user_data(sys: &Sys, text: &str) -> i32 {
    run(sys, Mode::Script, text).await
}
