//! Why an answer of the API server ends, and what is to be done about it.

use std::error::Error;

use tokio::time::error::Elapsed;

use crate::cluster::health::Trouble;
use crate::cluster::output::Closed;

/// A list or a watch that ended before its time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Broken {
    /// Nobody reads the events any more.
    Closed,
    /// The server has no such resource.
    Absent,
    /// The version asked for is forgotten, or too new for this server: all is to be listed again.
    Expired(String),
    /// The server does not understand what it was asked for.
    Invalid(String),
    /// It does not allow it.
    Forbidden(String),
    /// It does not answer.
    Unreachable(String),
    /// It answers something else.
    Other(String),
    /// What broke after the watch had come to this version.
    At(String, Box<Self>),
}

impl Broken {
    /// The same, after the watch had come to a version.
    pub(super) fn at(self, version: Option<String>) -> Self {
        match (self, version) {
            (Self::Closed, _) => Self::Closed,
            (broken, None) => broken,
            (broken, Some(version)) => Self::At(version, Box::new(broken)),
        }
    }

    /// Where to go on, of a watch that began at a version.
    pub(super) fn goes_on_from(self, began: Option<String>) -> Option<String> {
        match self {
            Self::Expired(_) => None,
            Self::At(version, broken) => broken.goes_on_from(Some(version)),
            Self::Closed
            | Self::Absent
            | Self::Invalid(_)
            | Self::Forbidden(_)
            | Self::Unreachable(_)
            | Self::Other(_) => began,
        }
    }

    /// What it is to whoever reads warnings.
    pub(super) fn trouble(&self) -> Trouble {
        match self {
            Self::At(_, broken) => broken.trouble(),
            Self::Forbidden(why) => Trouble::Forbidden(why.clone()),
            Self::Unreachable(why) => Trouble::Unreachable(why.clone()),
            Self::Expired(why) | Self::Invalid(why) | Self::Other(why) => {
                Trouble::Refused(why.clone())
            }
            Self::Absent => Trouble::Refused("the cluster does not have them".to_owned()),
            Self::Closed => Trouble::Refused("nobody reads them".to_owned()),
        }
    }
}

impl From<kube::Error> for Broken {
    fn from(error: kube::Error) -> Self {
        if let kube::Error::Api(status) = error {
            let why = format!("{} {}", status.code, status.message);
            return match (status.code, status.reason.as_str()) {
                (410, _) | (_, "Expired" | "Gone") => Self::Expired(why),
                // A server that lost its data is behind the version it gave.
                (504, _) if status.message.contains("Too large resource version") => {
                    Self::Expired(why)
                }
                (403, _) => Self::Forbidden(status.message),
                (404, _) => Self::Absent,
                (400 | 422, _) => Self::Invalid(why),
                _ => Self::Other(why),
            };
        }
        let why = root(&error);
        if matches!(error, kube::Error::SerdeError(_)) {
            return Self::Other(why);
        }
        Self::Unreachable(why)
    }
}

impl From<Closed> for Broken {
    fn from(_: Closed) -> Self {
        Self::Closed
    }
}

impl From<Elapsed> for Broken {
    fn from(_: Elapsed) -> Self {
        Self::Unreachable("no answer in time".to_owned())
    }
}

/// The cause of an error's causes: what is around it only says that there is one.
fn root(error: &kube::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(code: u16, reason: &str) -> Broken {
        let status = kube::core::Status::failure("so it is", reason).with_code(code);
        kube::Error::Api(status.boxed()).into()
    }

    #[test]
    fn each_answer_is_told_apart() {
        let why = |code| format!("{code} so it is");
        assert_eq!(api(410, "Expired"), Broken::Expired(why(410)));
        assert_eq!(api(500, "Expired"), Broken::Expired(why(500)));
        assert_eq!(api(404, "NotFound"), Broken::Absent);
        assert_eq!(
            api(403, "Forbidden"),
            Broken::Forbidden("so it is".to_owned())
        );
        assert_eq!(api(422, "Invalid"), Broken::Invalid(why(422)));
        assert_eq!(api(429, "TooManyRequests"), Broken::Other(why(429)));
    }

    #[test]
    fn it_goes_on_where_it_stopped_unless_that_is_forgotten() {
        let began = || Some("5".to_owned());
        let other = || api(500, "InternalError");
        assert_eq!(other().goes_on_from(began()), began());
        let later = other().at(Some("9".to_owned()));
        assert_eq!(later.goes_on_from(began()).as_deref(), Some("9"));
        let expired = api(410, "Expired").at(Some("9".to_owned()));
        assert_eq!(expired.goes_on_from(began()), None);
        assert_eq!(other().at(None).goes_on_from(None), None);
        assert_eq!(Broken::Closed.at(began()), Broken::Closed);
    }
}
