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

/// Answers for some places at once.
type Ask<'a, E> = dyn FnMut(&[usize]) -> Result<Vec<Answer>, E> + 'a;

/// Neighbours of an end that is silent, which are asked before the search gives up on that side.
const NEIGHBOURS: usize = 2;

/// Finds a change between places `0..count`: `ask` answers for some at once.
///
/// Both ends are asked first, and together. Each further question is about the place nearest to the middle that was not
/// asked yet, so that `count` places take one question for the ends and one for each halving, and one more for each
/// place that says nothing. Where an end is silent, as old releases are that cannot run the case, the places that say
/// something are searched for in the same way, taking those that do not for neighbours.
pub(crate) fn search<E>(count: usize, ask: &mut Ask<'_, E>) -> Result<Found, E> {
    if count < 2 {
        return Ok(Found::Nothing);
    }
    let (mut low, mut high) = (0, count - 1);
    let answers = ask(&[low, high])?;
    let (mut at_low, mut at_high) = (answers[0], answers[1]);
    if at_low == Answer::Skip && at_high == Answer::Skip {
        let Some((place, answer)) = anything(low, high, ask)? else { return Ok(Found::Nothing) };
        (low, at_low) = (place, answer);
        // The change is on either side of it.
        match edge(high, place, answer, ask)? {
            Some((place, answer)) => (high, at_high) = (place, answer),
            None => match edge(0, place, answer, ask)? {
                Some((other, differs)) => (low, at_low, high, at_high) = (other, differs, place, answer),
                None => return Ok(Found::Same(answer)),
            },
        }
    } else if at_low == Answer::Skip {
        match edge(low, high, at_high, ask)? {
            Some((place, answer)) => (low, at_low) = (place, answer),
            None => return Ok(Found::Same(at_high)),
        }
    } else if at_high == Answer::Skip {
        match edge(high, low, at_low, ask)? {
            Some((place, answer)) => (high, at_high) = (place, answer),
            None => return Ok(Found::Same(at_low)),
        }
    }
    if at_low == at_high {
        return Ok(Found::Same(at_low));
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

/// Some place between two silent ones that says something: halves first, then quarters, and so on.
fn anything<E>(low: usize, high: usize, ask: &mut Ask<'_, E>) -> Result<Option<(usize, Answer)>, E> {
    let mut asked = vec![low, high];
    let mut step = (high - low) / 2;
    while step > 0 {
        for place in (low + step..high).step_by(step) {
            if !asked.contains(&place) {
                asked.push(place);
                match ask(&[place])?[0] {
                    Answer::Skip => {}
                    answer => return Ok(Some((place, answer))),
                }
            }
        }
        step /= 2;
    }
    Ok(None)
}

/// A place on the way from one that says `answer` to the silent end that says otherwise.
fn edge<E>(end: usize, speaking: usize, answer: Answer, ask: &mut Ask<'_, E>) -> Result<Option<(usize, Answer)>, E> {
    let (mut silent, mut speaking) = (end, speaking);
    let mut asked = Vec::new();
    while silent.abs_diff(speaking) > 1 {
        let middle = silent.midpoint(speaking);
        asked.push(middle);
        match ask(&[middle])?[0] {
            Answer::Skip => silent = middle,
            same if same == answer => speaking = middle,
            other => return Ok(Some((middle, other))),
        }
    }
    // One that says something may stand beside the end, alone.
    let towards = |step: usize| if end < speaking { end + step } else { end - step };
    for place in (1..=NEIGHBOURS.min(end.abs_diff(speaking))).map(towards) {
        if place != speaking && !asked.contains(&place) {
            match ask(&[place])?[0] {
                Answer::Skip => {}
                same if same == answer => {}
                other => return Ok(Some((place, other))),
            }
        }
    }
    Ok(None)
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
    fn silent_ends_are_passed_over_in_few_questions() {
        let line = "s".repeat(15) + &"g".repeat(9) + &"b".repeat(12);
        let (found, questions) = of(&line);
        assert_eq!(found, first_bad(23, 24));
        assert!(questions <= 8, "{questions} questions for {line}");
        assert_eq!(of("sgsbbb").0, first_bad(1, 3));
        assert_eq!(of("ssggbbss").0, first_bad(3, 4));
        assert_eq!(of("ggbbssssss").0, first_bad(1, 2));
    }

    #[test]
    fn ends_that_say_the_same_leave_nothing_to_search() {
        assert_eq!(of("gggbbg").0, Found::Same(Answer::Good));
        assert_eq!(of("bb").0, Found::Same(Answer::Bad));
        assert_eq!(of("sgs").0, Found::Same(Answer::Good));
        assert_eq!(of("ssssbbb").0, Found::Same(Answer::Bad));
        assert_eq!(of("g").0, Found::Nothing);
        assert_eq!(of("ss").0, Found::Nothing);
    }
}
