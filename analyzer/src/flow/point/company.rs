//! Hops that count together: ways that the connections of a flow take in turns, such as the links of
//! a bond or routes of equal cost. Where two hops share no connection, their packets add up; where
//! they do, what the one shows are copies of what the other does.

/// Hops among which company is looked for: more ways than these are not.
const LOOKED_AT: usize = 16;

/// Hops among which it is asked first whether any two are apart: of most flows none are.
const ASKED_FIRST: usize = 32;

/// For each hop that leads, those whose packets add to its own. Mostly there are none.
#[derive(Default)]
pub(super) struct Company(Vec<(usize, usize)>);

/// The hops that count in one direction: one that leads, and its company.
#[derive(Clone, Copy)]
pub(super) struct Counting<'c> {
    pub(super) leader: Option<usize>,
    company: &'c Company,
}

/// Whether any two of so many hops may be apart; of many it is not asked, and they may be.
pub(super) fn are_some_apart(count: usize, is_apart: impl Fn(usize, usize) -> bool) -> bool {
    let mut all = 0..count;
    count > ASKED_FIRST || all.any(|one| (0..one).any(|other| is_apart(one, other)))
}

impl Company {
    /// The company of hops that are equally near, given in the order in which they count: each
    /// that is apart from the one that leads and from those taken before.
    pub(super) fn add(
        &mut self,
        order: impl Iterator<Item = usize>,
        is_apart: impl Fn(usize, usize) -> bool,
    ) {
        let order: Vec<usize> = order.take(LOOKED_AT).collect();
        for (rank, leader) in order.iter().enumerate() {
            let start = self.0.len();
            for hop in order.iter().skip(rank + 1) {
                let taken = self.0.iter().skip(start).map(|(_, taken)| taken);
                if taken.chain([leader]).all(|taken| is_apart(*taken, *hop)) {
                    self.0.push((*leader, *hop));
                }
            }
        }
    }

    /// The hops that count where `leader` leads.
    pub(super) const fn led_by(&self, leader: Option<usize>) -> Counting<'_> {
        Counting {
            leader,
            company: self,
        }
    }
}

impl Counting<'_> {
    /// The hops, the leader first.
    pub(super) fn hops(self) -> impl Iterator<Item = usize> + Clone {
        let company = self.company.0.iter();
        let company = company.filter(move |(leader, _)| Some(*leader) == self.leader);
        self.leader.into_iter().chain(company.map(|(_, hop)| *hop))
    }
}
