//! The generator's quality gates, over cases that really run on every interpreter.

mod common;

use common::{fuzz, stderr};

#[test]
fn smith_holds_its_quality_gates_on_two_thousand_cases() {
    let folder = tempfile::tempdir().unwrap();
    let (output, summary) = fuzz(
        &folder.path().join("run"),
        &["--seed", "11", "--cases", "2000", "--profile", "smith", "--engines", "interpreters"],
    );
    let Some(summary) = summary else { panic!("{}", stderr(&output)) };
    let tally = summary.tally;
    assert_eq!(tally.cases, 2000);
    assert_eq!(tally.refused_modules, 0, "valid: 100 %");

    let calls: u64 = tally.outcomes.values().sum();
    let early = tally.calls_trapped_early as f64 / calls as f64;
    assert!(early <= 0.20, "{:.1} % of calls trap within 100 instructions", early * 100.0);
    let values = tally.calls_with_values as f64 / tally.calls as f64;
    assert!(values >= 0.60, "{:.1} % of calls returned an observed value", values * 100.0);

    for (engine, row) in &tally.engines {
        let declined: u64 =
            row.endings.iter().filter(|(ending, _)| ending.starts_with("declined")).map(|(_, count)| count).sum();
        let finished = row.endings.get("finished").copied().unwrap_or_default();
        let share = finished as f64 / (row.asked - declined) as f64;
        assert!(share >= 0.95, "{engine} finished {:.1} %: {:?}", share * 100.0, row.endings);
        assert!(declined * 10 < row.asked, "{engine} declined {declined} of {}", row.asked);
    }
    let canonicalised = tally.traits.get("canonicalised").copied().unwrap_or_default();
    assert!(canonicalised > 0 && canonicalised < tally.cases, "both with and without canonical NaNs");
}
