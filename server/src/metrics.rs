//! The metrics: what was counted, for a monitoring system.
//!
//! In: the newest snapshot and the counts of requests. Out: text, a line a figure. **Shape** labels
//! are of the program (outcomes, routes, statuses), never names of the cluster, so there are few.
//! **Source** the Prometheus text format, version 0.0.4.

use std::fmt::{self, Write};

use analyzer::query::window::Window;
use analyzer::snapshot::Snapshot;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::answer::Answers;
use crate::error::Refusal;
use crate::memory::Memory;
use crate::requests::{BOUNDS, Counts, Requests};
use crate::source::Readiness;

/// Where they are asked for.
pub(crate) const PATH: &str = "/metrics";

const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Answers [`PATH`].
pub(crate) async fn answer(
    answers: &Answers,
    requests: &Requests,
    memory: &Memory,
) -> Result<Response, Refusal> {
    let counts = requests.counts();
    let memory = memory.resident();
    let is_ready = answers.source.readiness() == Readiness::Ready;
    let text = answers
        .with_snapshot(move |snapshot| {
            let mut page = Page::default();
            page.process(memory, is_ready)?;
            page.snapshot(snapshot)?;
            page.requests(&counts)?;
            Ok::<_, fmt::Error>(page.0)
        })
        .await?
        .map_err(|_| Refusal::defect())?;
    Ok(([(CONTENT_TYPE, TEXT)], text).into_response())
}

/// What a figure does in time.
enum Kind {
    /// It only grows.
    Counter,
    /// It comes and goes.
    Gauge,
}

/// The text so far.
#[derive(Default)]
struct Page(String);

impl Page {
    fn process(&mut self, memory: Option<u64>, is_ready: bool) -> fmt::Result {
        self.head(
            "pilotfish_build_info",
            &Kind::Gauge,
            "the version, as a label",
        )?;
        let version = env!("CARGO_PKG_VERSION");
        writeln!(self.0, "pilotfish_build_info{{version=\"{version}\"}} 1")?;
        let ready = "whether everything was read that is to be read";
        self.one("pilotfish_ready", &Kind::Gauge, ready, u64::from(is_ready))?;
        if let Some(octets) = memory {
            let name = "process_resident_memory_bytes";
            self.one(name, &Kind::Gauge, "memory of the process", octets)?;
        }
        Ok(())
    }

    fn snapshot(&mut self, snapshot: &Snapshot) -> fmt::Result {
        use Kind::{Counter, Gauge};
        let coverage = snapshot.coverage_view(&Window::default());
        let frames = "frames that came";
        self.one("pilotfish_frames_total", &Counter, frames, coverage.frames)?;
        let outcomes = "what became of frames: counted, copy, or why they were skipped";
        self.head("pilotfish_frames", &Gauge, outcomes)?;
        let counted = [("counted", coverage.counted), ("copy", coverage.copies)];
        let skipped = coverage
            .skipped
            .iter()
            .map(|(reason, n)| (reason.as_str(), *n));
        for (outcome, n) in counted.into_iter().chain(skipped) {
            writeln!(self.0, "pilotfish_frames{{outcome=\"{outcome}\"}} {n}")?;
        }
        let forgotten = coverage.forgotten.unwrap_or(0);
        for (name, kind, help, value) in [
            (
                "pilotfish_dropped_frames_total",
                Counter,
                "frames that the capture lost",
                coverage.dropped,
            ),
            (
                // What a snapshot itself had no room for is part of it.
                "pilotfish_evicted_records",
                Gauge,
                "records that a limit took",
                coverage.evicted,
            ),
            (
                "pilotfish_coarsened_intervals",
                Gauge,
                "intervals that were merged to longer ones near a limit",
                snapshot.coverage.coarsened,
            ),
            (
                "pilotfish_forgotten_records_total",
                Counter,
                "records older than is kept",
                forgotten,
            ),
            (
                "pilotfish_flows",
                Gauge,
                "flows that are kept",
                snapshot.flows.len() as u64,
            ),
            (
                "pilotfish_connections",
                Gauge,
                "single connections that are kept",
                snapshot.connections.len() as u64,
            ),
            (
                "pilotfish_warnings",
                Gauge,
                "what to know before trusting the answers",
                coverage.warnings.len() as u64,
            ),
        ] {
            self.one(name, &kind, help, value)?;
        }
        if let Some(to) = coverage.to {
            let help = "the time up to which answers reach, in seconds since the epoch";
            let seconds = to.as_nanos() / 1_000_000_000;
            self.one("pilotfish_covered_until_seconds", &Gauge, help, seconds)?;
        }
        Ok(())
    }

    fn requests(&mut self, counts: &Counts) -> fmt::Result {
        let requests = "pilotfish_http_requests_total";
        self.head(requests, &Kind::Counter, "requests that were answered")?;
        for ((route, method, status), n) in &counts.answered {
            let labels = format!("route=\"{route}\",method=\"{method}\",status=\"{status}\"");
            writeln!(self.0, "{requests}{{{labels}}} {n}")?;
        }
        let seconds = "pilotfish_http_request_duration_seconds";
        writeln!(
            self.0,
            "# HELP {seconds} from a request to the begin of its answer"
        )?;
        writeln!(self.0, "# TYPE {seconds} histogram")?;
        for (route, times) in &counts.times {
            let mut n = 0;
            for (bound, count) in BOUNDS.iter().zip(times.buckets) {
                n += count;
                let bound = if bound.is_finite() {
                    bound.to_string()
                } else {
                    "+Inf".to_owned()
                };
                writeln!(
                    self.0,
                    "{seconds}_bucket{{route=\"{route}\",le=\"{bound}\"}} {n}"
                )?;
            }
            writeln!(
                self.0,
                "{seconds}_sum{{route=\"{route}\"}} {}",
                times.sum.as_secs_f64()
            )?;
            writeln!(self.0, "{seconds}_count{{route=\"{route}\"}} {n}")?;
        }
        Ok(())
    }

    fn one(&mut self, name: &str, kind: &Kind, help: &str, value: u64) -> fmt::Result {
        self.head(name, kind, help)?;
        writeln!(self.0, "{name} {value}")
    }

    fn head(&mut self, name: &str, kind: &Kind, help: &str) -> fmt::Result {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}")
    }
}
