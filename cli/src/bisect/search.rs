//! The search itself: over places, whoever stands there.

/// What is said at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Good,
    Bad,
    /// Neither: another place has to be asked.
    Skip,
}

/// What came of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// From one place to the other the answer changes; whatever stands between them says nothing.
    Change {
        before: usize,
        after: usize,
        /// Whether the first of the two is the bad one.
        bad_first: bool,
    },
    /// Both ends say the same.
    Same(Answer),
    /// Fewer than two places say anything.
    Nothing,
}

/// Finds a change between places `0..count`: `ask` answers for some at once.
///
/// Both ends are asked first, and together. An end that says nothing is replaced by its neighbour. Each further
/// question is about the place nearest to the middle that was not asked yet, so that `count` places take one question
/// for the ends and one for each halving, and one more for each place that says nothing.
pub(crate) fn search<E>(count: usize, ask: &mut dyn FnMut(&[usize]) -> Result<Vec<Answer>, E>) -> Result<Found, E> {
    if count < 2 {
        return Ok(Found::Nothing);
    }
    let (mut low, mut high) = (0, count - 1);
    let answers = ask(&[low, high])?;
    let (mut at_low, mut at_high) = (answers[0], answers[1]);
    while at_low == Answer::Skip && low + 1 < high {
        low += 1;
        at_low = ask(&[low])?[0];
    }
    while at_high == Answer::Skip && high - 1 > low {
        high -= 1;
        at_high = ask(&[high])?[0];
    }
    match (at_low, at_high) {
        (Answer::Skip, _) | (_, Answer::Skip) => return Ok(Found::Nothing),
        (one, other) if one == other => return Ok(Found::Same(one)),
        _ => {}
    }
    let mut silent = vec![false; count];
    loop {
        let middle = low + (high - low) / 2;
        let open = (low + 1..high).filter(|place| !silent[*place]);
        let Some(place) = open.min_by_key(|place| (place.abs_diff(middle), *place)) else {
            return Ok(Found::Change { before: low, after: high, bad_first: at_low == Answer::Bad });
        };
        match ask(&[place])?[0] {
            Answer::Skip => silent[place] = true,
            answer if answer == at_low => low = place,
            _ => high = place,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Searches a line of letters: g, b and s. Returns what was found and how many questions it took.
    fn of(line: &str) -> (Found, usize) {
        let answers: Vec<Answer> = line
            .chars()
            .map(|letter| match letter {
                'g' => Answer::Good,
                'b' => Answer::Bad,
                _ => Answer::Skip,
            })
            .collect();
        let mut questions = 0;
        let found = search(answers.len(), &mut |places| {
            questions += 1;
            Ok::<_, ()>(places.iter().map(|place| answers[*place]).collect())
        });
        (found.unwrap(), questions)
    }

    fn first_bad(before: usize, after: usize) -> Found {
        Found::Change { before, after, bad_first: false }
    }

    #[test]
    fn every_change_among_forty_is_found_with_at_most_seven_questions() {
        for change in 1..40 {
            let line = "g".repeat(change) + &"b".repeat(40 - change);
            let (found, questions) = of(&line);
            assert_eq!(found, first_bad(change - 1, change));
            assert!(questions <= 7, "{questions} questions for {line}");
        }
    }

    #[test]
    fn what_was_mended_is_found_too() {
        assert_eq!(of("bbbgg").0, Found::Change { before: 2, after: 3, bad_first: true });
    }

    #[test]
    fn places_that_say_nothing_are_passed_over() {
        assert_eq!(of("ggsssbb").0, first_bad(1, 5));
        assert_eq!(of("sgggbbs").0, first_bad(3, 4));
        assert_eq!(of("gsb").0, first_bad(0, 2));
        assert_eq!(of("ggsgsbsb").0, first_bad(3, 5));
    }

    #[test]
    fn ends_that_say_the_same_leave_nothing_to_search() {
        assert_eq!(of("gggbbg").0, Found::Same(Answer::Good));
        assert_eq!(of("bb").0, Found::Same(Answer::Bad));
        assert_eq!(of("sgs").0, Found::Nothing);
        assert_eq!(of("g").0, Found::Nothing);
        assert_eq!(of("ss").0, Found::Nothing);
    }
}
