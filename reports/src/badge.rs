//! Badges: an engine's name and what it passed, as a small SVG that needs no font of its own.

use askama::Template;

use crate::record::Record;
use crate::site::text::{grouped, percent, slugs};
use crate::tally::{Counts, Tally};

#[derive(Template)]
#[template(path = "badge.svg", escape = "html")]
struct Badge {
    label: String,
    message: String,
    color: &'static str,
    left: u32,
    right: u32,
    width: u32,
}

/// The badges by file name: `badge.svg` for all engines together, and `badges/ENGINE.svg` for each.
///
/// # Errors
/// The template cannot be rendered.
pub fn badges(record: &Record) -> Result<Vec<(String, String)>, askama::Error> {
    let tally = Tally::new(record);
    let engines: Vec<Counts> = (0..record.engines().len()).map(|column| tally.engine(column)).collect();
    let red: u64 = engines.iter().map(Counts::red).sum();
    let mut whole = format!("{} engines", engines.len());
    let mut whole_color = "#1a6b3c";
    if !record.is_complete() {
        (whole, whole_color) = ("incomplete".to_owned(), "#5c5c5c");
    } else if red > 0 {
        whole.push_str(&format!(", {} red", grouped(red)));
        whole_color = "#a32020";
    }
    let mut badges = vec![("badge.svg".to_owned(), badge("wasm conformance".to_owned(), whole, whole_color)?)];
    let names: Vec<String> = record.engines().iter().map(|engine| engine.id.name.to_string()).collect();
    for ((engine, counts), slug) in record.engines().iter().zip(&engines).zip(slugs(&names)) {
        let (message, color) = if engine.trouble.is_some() || counts.asked() == 0 {
            ("not run".to_owned(), "#5c5c5c")
        } else if !record.is_complete() {
            ("incomplete".to_owned(), "#5c5c5c")
        } else {
            let share = percent(counts.passed(), counts.asked());
            let color = if counts.red() > 0 {
                "#a32020"
            } else if counts.failed() > 0 {
                "#7a5200"
            } else {
                "#1a6b3c"
            };
            (format!("{share} of {}", grouped(counts.asked())), color)
        };
        badges.push((format!("badges/{slug}.svg"), badge(engine.id.to_string(), message, color)?));
    }
    Ok(badges)
}

fn badge(label: String, message: String, color: &'static str) -> Result<String, askama::Error> {
    let left = width(&label) + 12;
    let right = width(&message) + 12;
    Badge { left, right, width: left + right, label, message, color }.render()
}

/// About how wide a text is in Verdana at 11 pixels; `textLength` then makes it fit exactly.
fn width(text: &str) -> u32 {
    let tenths: u32 = text
        .chars()
        .map(|c| match c {
            'i' | 'j' | 'l' | '.' | ',' | ' ' | '\'' | '|' | '\u{202f}' => 39,
            'f' | 't' | 'r' | '-' | '(' | ')' | '/' | 'I' => 48,
            'm' | 'w' | 'M' | 'W' | '%' | '@' | '+' => 98,
            c if c.is_ascii_uppercase() => 78,
            _ => 68,
        })
        .sum();
    tenths.div_ceil(10)
}
