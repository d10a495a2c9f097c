//! Lines: messages on standard streams, one a line.
//!
//! **Shape** a line has at most [`BODY_MAX`] octets; what follows is thrown away up to its end.
//! **Errors** whatever is no message is answered with what is wrong, and the next line is read: a
//! client that wrote something else by accident goes on.

use std::io;
use std::sync::Arc;

use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use rmcp::service::RoleServer;
use rmcp::transport::Transport;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use crate::guard::BODY_MAX;
use crate::mcp::message::{Fault, Role, read, role};

/// Messages from `R`, and answers to `W`.
pub(super) struct Lines<R, W> {
    input: BufReader<R>,
    output: Arc<Mutex<W>>,
    /// What was read of the line so far; the service may stop waiting for the rest and ask again.
    line: Vec<u8>,
    length: Length,
    /// An answer to a line that is no message, while it is written.
    answer: Option<JoinHandle<io::Result<()>>>,
    /// Whether the conversation has begun: before, notifications are about nothing.
    has_begun: bool,
}

/// How long the line is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Length {
    Short,
    TooLong,
}

impl<R, W> Lines<R, W>
where
    R: AsyncRead + Send + Unpin,
    W: AsyncWrite + Send + Unpin + 'static,
{
    pub(super) fn new(input: R, output: W) -> Self {
        Self {
            input: BufReader::new(input),
            output: Arc::new(Mutex::new(output)),
            line: Vec::new(),
            length: Length::Short,
            answer: None,
            has_begun: false,
        }
    }

    /// The next line that is not empty; `None` at the end.
    async fn next(&mut self) -> io::Result<Option<Result<ClientJsonRpcMessage, Fault>>> {
        loop {
            let octets = self.input.fill_buf().await?;
            let is_over = octets.is_empty();
            let end = octets.iter().position(|octet| *octet == b'\n');
            let (taken, count) = match end {
                Some(end) => (octets.get(..end).unwrap_or_default(), end + 1),
                None => (octets, octets.len()),
            };
            if self.line.len() + taken.len() > BODY_MAX {
                self.length = Length::TooLong;
                self.line.clear();
            }
            if self.length == Length::Short {
                self.line.extend_from_slice(taken);
            }
            self.input.consume(count);
            if (end.is_some() || is_over)
                && let Some(message) = self.take_line()
            {
                return Ok(Some(message));
            }
            if is_over {
                return Ok(None);
            }
        }
    }

    /// What the line says; `None` where it is empty.
    fn take_line(&mut self) -> Option<Result<ClientJsonRpcMessage, Fault>> {
        let line = std::mem::take(&mut self.line);
        if std::mem::replace(&mut self.length, Length::Short) == Length::TooLong {
            return Some(Err(Fault::too_long()));
        }
        let line = line.trim_ascii();
        (!line.is_empty()).then(|| read(line))
    }
}

impl<R, W> Transport<RoleServer> for Lines<R, W>
where
    R: AsyncRead + Send + Unpin,
    W: AsyncWrite + Send + Unpin + 'static,
{
    type Error = io::Error;

    fn send(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        let output = Arc::clone(&self.output);
        async move {
            let mut line = serde_json::to_vec(&message)?;
            line.push(b'\n');
            let mut output = output.lock().await;
            output.write_all(&line).await?;
            output.flush().await
        }
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        loop {
            if let Some(answer) = &mut self.answer {
                let written = answer.await;
                self.answer = None;
                // Nobody reads answers any more.
                written.ok()?.ok()?;
            }
            match self.next().await.ok()?? {
                Ok(message) => {
                    let role = role(&message);
                    self.has_begun |= role == Role::Begins;
                    if self.has_begun || role == Role::Asks {
                        return Some(message);
                    }
                }
                Err(fault) => {
                    let answer = self.send(fault.into_message());
                    self.answer = Some(tokio::spawn(answer));
                }
            }
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        self.output.lock().await.shutdown().await
    }
}
