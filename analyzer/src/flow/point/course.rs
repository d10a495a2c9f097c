//! The two directions of a flow, and its two ends.

use crate::leg::Interval;
use crate::traffic::Traffic;
use crate::vantage::Part;

/// One of the two directions of a flow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::flow) enum Course {
    Forward,
    Backward,
}

/// Which end's counters are looked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::flow) enum End {
    Client,
    Server,
}

/// Two values, one for each direction.
pub(in crate::flow) struct ByCourse<T> {
    pub(in crate::flow) forward: T,
    pub(in crate::flow) backward: T,
}

impl<T> ByCourse<T> {
    pub(in crate::flow) fn of(value: impl Fn(Course) -> T) -> Self {
        Self {
            forward: value(Course::Forward),
            backward: value(Course::Backward),
        }
    }

    pub(in crate::flow) const fn get(&self, course: Course) -> &T {
        match course {
            Course::Forward => &self.forward,
            Course::Backward => &self.backward,
        }
    }
}

/// What an end does in a direction.
pub(in crate::flow) const fn part(end: End, course: Course) -> Part {
    match (end, course) {
        (End::Client, Course::Forward) | (End::Server, Course::Backward) => Part::Sender,
        (End::Client, Course::Backward) | (End::Server, Course::Forward) => Part::Receiver,
    }
}

/// What was counted in a direction.
pub(in crate::flow) const fn traffic(interval: &Interval, course: Course) -> &Traffic {
    match course {
        Course::Forward => &interval.forward,
        Course::Backward => &interval.backward,
    }
}
