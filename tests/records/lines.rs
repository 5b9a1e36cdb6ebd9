//! Single lines that nginx has judged: what it accepts is not refused, what it refuses is in its words.

use libtest_mimic::{Failed, Trial};

use crate::check;
use crate::common;
use crate::common::places::{FOLDER, PLACES, configuration, recorded, says};
use crate::said::VERSION;

pub(crate) fn trials() -> Vec<Trial> {
    let blocks = PLACES.iter().map(|(_, block, place)| {
        Trial::test(format!("line::{}", block.replace(' ', "-")), move || lines_of(block, place))
    });
    blocks.collect()
}

fn lines_of(block: &str, place: &str) -> Result<(), Failed> {
    let record = std::fs::read_to_string(recorded())?;
    let mut asked = 0;
    let mut wrong = Vec::new();
    for entry in record.lines() {
        let mut columns = entry.split('\t');
        let (Some(b), Some(line), Some(nginx)) = (columns.next(), columns.next(), columns.next()) else {
            return Err(format!("no entry: {entry}").into());
        };
        if b != block {
            continue;
        }
        asked += 1;
        let name = line.split([' ', ';']).next().unwrap_or(line);
        let ours = common::refusals(&common::single(&configuration(place, name, line, FOLDER)), VERSION);
        let agrees = if nginx.is_empty() { ours.is_empty() } else { ours.iter().any(|o| says(nginx, o)) };
        if !agrees {
            wrong.push(format!("{line}\n  nginx: {nginx}\n  wslint: {ours:?}"));
        }
    }
    check(asked > 0, || "there are no lines".to_owned())?;
    check(wrong.is_empty(), || wrong.join("\n"))
}
