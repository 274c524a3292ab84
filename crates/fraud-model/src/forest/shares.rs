//! Probabilities of votes.

/// Divides each vote by the sum of its row; there is one a class.
#[inline]
pub(crate) fn divide_by_sums(votes: &mut [f64], classes: usize) {
    if classes == 2 {
        match votes.as_chunks_mut().0 {
            // A single row takes no longer than a loop takes to begin.
            [votes] => *votes = shares_of_two(*votes),
            rows => rows
                .iter_mut()
                .for_each(|votes| *votes = shares_of_two(*votes)),
        }
        return;
    }
    for votes in votes.chunks_exact_mut(classes) {
        let sum = votes.iter().fold(0.0, |sum, vote| sum + vote);
        votes.iter_mut().for_each(|vote| *vote /= sum);
    }
}

#[inline(always)]
fn shares_of_two([first, second]: [f64; 2]) -> [f64; 2] {
    [first / (first + second), second / (second + first)]
}
