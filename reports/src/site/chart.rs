//! Charts as inline SVG. Every chart stands beside its numbers, so it is decoration to a screen reader.

use wassay_model::suite::SuiteState;

use crate::tally::Counts;

/// The order of the parts of a bar, from left to right.
const PARTS: [SuiteState; 8] = [
    SuiteState::Pass,
    SuiteState::Unexpected,
    SuiteState::Known,
    SuiteState::Fail,
    SuiteState::Timeout,
    SuiteState::Crash,
    SuiteState::Unsupported,
    SuiteState::Skip,
];

/// A bar of all states, `width` wide. A state that occurs is at least a pixel wide, so that one failure in a hundred
/// thousand is still seen.
pub(crate) fn bar(counts: &Counts, width: u32) -> String {
    let total = counts.total();
    if total == 0 {
        return String::new();
    }
    let width = f64::from(width);
    let present: Vec<(SuiteState, u64)> =
        PARTS.into_iter().map(|state| (state, counts.get(state))).filter(|(_, count)| *count > 0).collect();
    let least = 2.0_f64;
    let share = |count: u64| count as f64 / total as f64;
    let floor = present.iter().filter(|(_, count)| share(*count) * width < least).count() as f64 * least;
    let large: f64 = present.iter().map(|(_, count)| share(*count)).filter(|share| share * width >= least).sum();
    let scale = if large > 0.0 { (width - floor) / large } else { 0.0 };
    let mut svg =
        format!("<svg class=\"bar\" viewBox=\"0 0 {width} 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
    let mut x = 0.0;
    for (state, count) in present {
        let wide = if share(count) * width < least { least } else { share(count) * scale };
        svg.push_str(&format!("<rect class=\"{}\" x=\"{x:.1}\" width=\"{wide:.1}\" height=\"10\"/>", state.letter()));
        x += wide;
    }
    svg.push_str("</svg>");
    svg
}

/// A plain bar, as long as `part` is of `whole`.
pub(crate) fn measure(part: u64, whole: u64, width: u32) -> String {
    let long = if whole == 0 { 0.0 } else { part as f64 / whole as f64 * f64::from(width) };
    let long = if part > 0 { long.max(1.0) } else { long };
    format!(
        "<svg class=\"bar\" viewBox=\"0 0 {width} 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\
         <rect class=\"measure\" width=\"{long:.1}\" height=\"10\"/></svg>"
    )
}

/// A line through shares (0 to 1), one a run; a run without one is a gap. The scale is the row's own and reaches
/// from the lowest to the highest share, with a little room.
pub(crate) fn line(shares: &[Option<f64>]) -> String {
    const WIDTH: f64 = 240.0;
    const HEIGHT: f64 = 36.0;
    let known: Vec<f64> = shares.iter().flatten().copied().collect();
    let (Some(low), Some(high)) = (known.iter().copied().reduce(f64::min), known.iter().copied().reduce(f64::max))
    else {
        return String::new();
    };
    let span = (high - low).max(0.000_01);
    let step = if shares.len() > 1 { (WIDTH - 16.0) / (shares.len() - 1) as f64 } else { 0.0 };
    let place = |index: usize, share: f64| {
        let y = if high == low { HEIGHT / 2.0 } else { HEIGHT - 7.0 - (share - low) / span * (HEIGHT - 14.0) };
        (8.0 + step * index as f64, y)
    };
    let mut path = String::new();
    let mut dots = String::new();
    let mut pen = 'M';
    for (index, share) in shares.iter().enumerate() {
        let Some(share) = share else {
            pen = 'M';
            continue;
        };
        let (x, y) = place(index, *share);
        path.push_str(&format!("{pen}{x:.1} {y:.1}"));
        dots.push_str(&format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.5\"/>"));
        pen = 'L';
    }
    format!(
        "<svg class=\"line\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" aria-hidden=\"true\"><path d=\"{path}\"/>{dots}</svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_in_a_hundred_thousand_is_seen() {
        let mut states = vec![SuiteState::Pass; 100_000];
        states.push(SuiteState::Fail);
        let bar = bar(&Counts::of(&states), 160);
        assert!(bar.contains("class=\"F\" x=\"158.0\" width=\"2.0\""), "{bar}");
    }

    #[test]
    fn a_run_that_lacks_an_engine_is_a_gap_in_its_line() {
        let line = line(&[Some(0.5), None, Some(0.7)]);
        assert_eq!(line.matches('M').count(), 2, "{line}");
        assert_eq!(line.matches("<circle").count(), 2);
    }
}
