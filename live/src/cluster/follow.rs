//! One resource, followed for as long as anyone wants to know.
//!
//! In: what the API server answers. Out: what happened, and how the watch is.
//! **Shape** listed as a stream where the server can (from 1.27 on), else in pages; then watched
//! from the version that the list had. A version the server has forgotten (410) begins again with
//! a list; anything else goes on where it stopped, after a pause that grows with each failure.
//! **Source** the Kubernetes API concepts, "Efficient detection of changes" and "Streaming lists".

use std::pin::pin;
use std::time::Duration;

use futures::{Stream, StreamExt};
use kube::api::{Api, ListParams, WatchEvent, WatchParams};
use kube::runtime::utils::Backoff;
use kube::runtime::watcher::DefaultBackoff;
use kube::{Client, ResourceExt};
use objects::watched::WatchedObject;
use tokio::time::{Instant, sleep, timeout};

use crate::clock;
use crate::cluster::connection::Listing;
use crate::cluster::health::Health;
use crate::cluster::known::{Happening, Known};
use crate::cluster::output::{Closed, Output};
use crate::cluster::resource::{Detail, Presence, Resource};
use crate::cluster::shown::Shown;
use crate::cluster::trouble::Broken;

/// The server ends a watch after 290 seconds; one that is silent for longer is dead.
const SILENCE: Duration = Duration::from_secs(295);

/// How long an answer may take to begin, and a page of a list to come.
const ANSWER: Duration = Duration::from_secs(30);

/// A watch that ends sooner counts as a failure: it is not to be asked for in a circle.
const SHORT: Duration = Duration::from_secs(5);

/// After how long a resource that the cluster does not have is asked for again.
const ABSENT: Duration = Duration::from_secs(300);

/// Objects of one page of a list.
const PAGE: u32 = 500;

/// Says that all that is there was shown.
const LIST_ENDS: &str = "k8s.io/initial-events-end";

/// One resource, being followed.
pub(super) struct Follow<'a> {
    resource: &'static Resource,
    client: Client,
    listing: Listing,
    output: &'a Output,
    health: Health,
    known: Known,
}

impl<'a> Follow<'a> {
    pub(super) fn new(
        resource: &'static Resource,
        client: Client,
        listing: Listing,
        output: &'a Output,
        health: Health,
    ) -> Self {
        Self {
            resource,
            client,
            listing,
            output,
            health,
            known: Known::default(),
        }
    }

    /// Follows it until nobody reads the events any more.
    pub(super) async fn run(self) {
        let Closed = match self.resource.detail {
            Detail::Whole => self.follow::<false>().await,
            Detail::Metadata => self.follow::<true>().await,
        };
    }

    async fn follow<const METADATA: bool>(mut self) -> Closed {
        let api: Api<Shown<METADATA>> = Api::all_with(self.client.clone(), self.resource);
        let mut backoff = DefaultBackoff::default();
        let mut version: Option<String> = None;
        loop {
            let began = Instant::now();
            let end = match &version {
                None => self.list(&api).await,
                Some(version) => self.watch(&api, version).await,
            };
            version = match end {
                Ok(version) if began.elapsed() >= SHORT => {
                    backoff.reset();
                    Some(version)
                }
                Ok(version) => {
                    pause(&mut backoff).await;
                    Some(version)
                }
                Err(Broken::Closed) => return Closed,
                Err(Broken::Absent) if self.resource.presence == Presence::Sometimes => {
                    if self.is_absent().await.is_err() {
                        return Closed;
                    }
                    sleep(ABSENT).await;
                    None
                }
                Err(broken) => {
                    let trouble = broken.trouble();
                    self.health.retrying(self.resource, clock::now(), trouble);
                    pause(&mut backoff).await;
                    broken.goes_on_from(version)
                }
            };
        }
    }

    /// Shows all there is; of a stream that goes on, also what comes then. The answer is the
    /// version to go on from.
    async fn list<const METADATA: bool>(
        &mut self,
        api: &Api<Shown<METADATA>>,
    ) -> Result<String, Broken> {
        if self.listing == Listing::AsTheServerCan {
            self.listing = streams(&self.client).await?;
        }
        self.known.list_begins();
        if self.listing == Listing::Pages {
            return self.pages(api).await;
        }
        match opened(api, "", StartsWith::List).await {
            Ok(stream) => self.read(stream, None).await,
            Err(Broken::Invalid(_)) => {
                self.listing = Listing::Pages;
                self.pages(api).await
            }
            Err(broken) => Err(broken),
        }
    }

    async fn pages<const METADATA: bool>(
        &mut self,
        api: &Api<Shown<METADATA>>,
    ) -> Result<String, Broken> {
        let mut page = ListParams::default().limit(PAGE);
        loop {
            let list = timeout(ANSWER, api.list(&page)).await??;
            for shown in list.items {
                let happened = self.known.list_shows(self.named(shown));
                self.give(happened).await?;
            }
            page.continue_token = list.metadata.continue_.filter(|token| !token.is_empty());
            if page.continue_token.is_none() {
                self.list_ends().await?;
                let version = list.metadata.resource_version;
                return version.ok_or_else(|| Broken::Other("a list without a version".to_owned()));
            }
        }
    }

    async fn watch<const METADATA: bool>(
        &mut self,
        api: &Api<Shown<METADATA>>,
        version: &str,
    ) -> Result<String, Broken> {
        let stream = opened(api, version, StartsWith::Changes).await?;
        self.health.following(self.resource);
        self.read(stream, Some(version.to_owned())).await
    }

    /// Reads a watch to its end; while it has no `version` it lists.
    async fn read<const METADATA: bool>(
        &mut self,
        stream: impl Stream<Item = kube::Result<WatchEvent<Shown<METADATA>>>>,
        mut version: Option<String>,
    ) -> Result<String, Broken> {
        let mut stream = pin!(stream);
        // What is silent for too long ends as what is closed does: the next try tells why.
        while let Ok(Some(event)) = timeout(SILENCE, stream.next()).await {
            match event {
                Ok(event) => {
                    if let Err(broken) = self.take_in(event, &mut version).await {
                        return Err(broken.at(version));
                    }
                }
                Err(kube::Error::SerdeError(error)) => {
                    self.health.wrong_object(self.resource, error.to_string());
                }
                Err(error) => return Err(Broken::from(error).at(version)),
            }
        }
        version.ok_or_else(|| Broken::Other("the list broke off".to_owned()))
    }

    /// Takes in an event of a watch, and its version where a list is done.
    async fn take_in<const METADATA: bool>(
        &mut self,
        event: WatchEvent<Shown<METADATA>>,
        version: &mut Option<String>,
    ) -> Result<(), Broken> {
        let happened = match event {
            WatchEvent::Added(shown) | WatchEvent::Modified(shown) => match version {
                None => self.known.list_shows(self.named(shown)),
                Some(_) => {
                    next(version, &shown);
                    self.known.applied(self.named(shown))
                }
            },
            WatchEvent::Deleted(shown) => {
                next(version, &shown);
                self.known.deleted(self.named(shown))
            }
            WatchEvent::Bookmark(mark) => {
                let mark = mark.metadata;
                if version.is_none() && mark.annotations.contains_key(LIST_ENDS) {
                    self.list_ends().await?;
                    *version = Some(mark.resource_version);
                } else if version.is_some() {
                    *version = Some(mark.resource_version);
                }
                Vec::new()
            }
            WatchEvent::Error(status) => return Err(kube::Error::Api(status).into()),
        };
        self.give(happened).await
    }

    async fn list_ends(&mut self) -> Result<(), Broken> {
        let gone = self.known.list_ends();
        self.give(gone).await?;
        self.health.following(self.resource);
        self.health.listed(self.resource);
        Ok(())
    }

    /// Nothing is left of what the cluster does not have any more.
    async fn is_absent(&mut self) -> Result<(), Broken> {
        self.known.list_begins();
        let gone = self.known.list_ends();
        self.give(gone).await?;
        self.health.absent(self.resource);
        Ok(())
    }

    fn named<const METADATA: bool>(&self, shown: Shown<METADATA>) -> WatchedObject {
        let resource = self.resource;
        shown.object.of_kind(&resource.api_version(), resource.kind)
    }

    async fn give(&self, happened: Vec<Happening>) -> Result<(), Broken> {
        for happening in happened {
            let name = happening.1.name();
            if let Err(wrong) = self.output.give(happening).await? {
                let what = format!("{name}: {}: {}", wrong.path, wrong.problem);
                self.health.wrong_object(self.resource, what);
            }
        }
        Ok(())
    }
}

/// What a watch begins with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum StartsWith {
    List,
    Changes,
}

/// A watch from a version on.
async fn opened<const METADATA: bool>(
    api: &Api<Shown<METADATA>>,
    version: &str,
    starts: StartsWith,
) -> Result<impl Stream<Item = kube::Result<WatchEvent<Shown<METADATA>>>> + use<METADATA>, Broken> {
    let mut parameters = WatchParams::default();
    if starts == StartsWith::List {
        parameters = parameters.initial_events();
    }
    Ok(timeout(ANSWER, api.watch(&parameters, version)).await??)
}

/// Whether the server's lists may be streams. One that does not say so lists in pages.
async fn streams(client: &Client) -> Result<Listing, Broken> {
    let info = match timeout(ANSWER, client.apiserver_version()).await? {
        Ok(info) => info,
        Err(error) => {
            let broken = Broken::from(error);
            if matches!(broken, Broken::Forbidden(_)) {
                return Ok(Listing::Pages);
            }
            return Err(broken);
        }
    };
    let number = |text: &str| -> u32 {
        let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap_or_default()
    };
    Ok(match (number(&info.major), number(&info.minor)) {
        (1, minor) if minor < 27 => Listing::Pages,
        _ => Listing::Streams,
    })
}

/// Goes on after this object; while all is listed there is no place to go on from.
fn next<const METADATA: bool>(version: &mut Option<String>, shown: &Shown<METADATA>) {
    if let (Some(version), Some(shown)) = (version, shown.resource_version()) {
        *version = shown;
    }
}

async fn pause(backoff: &mut DefaultBackoff) {
    // It never ends; if it did, the longest pause would do.
    sleep(backoff.next().unwrap_or(ANSWER)).await;
}
