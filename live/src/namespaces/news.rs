//! What the opener tells: messages of sixteen octets, some with sockets.
//!
//! In: [`News`] of the opener. Out: the same in the process that it opens them for.
//! **Shape** a message is a kind, the system's number of an error and the number of a namespace, in
//! the machine's byte order; sockets come beside it (`SCM_RIGHTS`).
//! **Errors** what is no such message is none; what ends the socket is [`News::Ended`].
//! **Source** `unix(7)`, `cmsg(3)`.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::cmsg_space;
use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

/// Octets of a message.
const LENGTH: usize = 16;
/// Sockets of a namespace.
const SOCKETS: usize = 3;

const ENTERED: u32 = 1;
const LEFT: u32 = 2;
const REFUSED: u32 = 3;
const LOOKED: u32 = 4;

/// The number by which the kernel knows a namespace: of its file. Another gets it only when nothing
/// holds on to the first, a socket in it among that.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct NamespaceId(pub u64);

/// Something that the opener tells.
#[derive(Debug)]
pub enum News {
    /// A namespace with somebody in it, and sockets there.
    Entered(NamespaceId, Sockets),
    /// Nobody is in it any more.
    Left(NamespaceId),
    /// A namespace that can not be entered, and the system's number of why.
    Refused(NamespaceId, i32),
    /// All processes were looked at for the first time.
    Looked,
    /// The opener ended: nothing more will be told.
    Ended,
}

/// Sockets in a network namespace, with nothing set and bound to nothing.
#[derive(Debug)]
pub struct Sockets {
    /// Shows packets, raw.
    pub packets: OwnedFd,
    /// Answers questions about interfaces: netlink's routing family.
    pub answers: OwnedFd,
    /// The same, for news.
    pub news: OwnedFd,
}

/// Tells something, and waits while the other end does not read.
pub(super) fn send(socket: BorrowedFd<'_>, news: &News) -> Result<(), Errno> {
    let (kind, error, id, sockets) = match news {
        News::Entered(id, sockets) => (ENTERED, 0, id.0, Some(sockets)),
        News::Left(id) => (LEFT, 0, id.0, None),
        News::Refused(id, error) => (REFUSED, error.unsigned_abs(), id.0, None),
        News::Looked => (LOOKED, 0, 0, None),
        News::Ended => return Ok(()),
    };
    let mut message = [0; LENGTH];
    let words = [kind.to_ne_bytes(), error.to_ne_bytes()].concat();
    for (octet, value) in message
        .iter_mut()
        .zip(words.into_iter().chain(id.to_ne_bytes()))
    {
        *octet = value;
    }
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(SOCKETS))];
    let mut beside = SendAncillaryBuffer::new(&mut space);
    let sockets = sockets.map(|all| [&all.packets, &all.answers, &all.news].map(AsFd::as_fd));
    if let Some(sockets) = &sockets {
        beside.push(SendAncillaryMessage::ScmRights(sockets));
    }
    let whole = [IoSlice::new(&message)];
    sendmsg(socket, &whole, &mut beside, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// What was told, if there is anything.
pub(super) fn receive(socket: BorrowedFd<'_>) -> Option<News> {
    let mut message = [0; LENGTH];
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(SOCKETS))];
    let mut beside = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
    let mut whole = [IoSliceMut::new(&mut message)];
    match recvmsg(socket, &mut whole, &mut beside, flags) {
        Ok(received) if received.bytes == LENGTH => {}
        Err(Errno::AGAIN | Errno::INTR) => return None,
        // Its end, or nothing that the opener would say.
        Ok(_) | Err(_) => return Some(News::Ended),
    }
    let mut sockets: Vec<OwnedFd> = Vec::new();
    for beside in beside.drain() {
        if let RecvAncillaryMessage::ScmRights(came) = beside {
            sockets.extend(came);
        }
    }
    Some(read(&message, sockets).unwrap_or(News::Ended))
}

fn read(message: &[u8; LENGTH], sockets: Vec<OwnedFd>) -> Option<News> {
    let (kind, rest) = message.split_first_chunk::<4>()?;
    let (error, id) = rest.split_first_chunk::<4>()?;
    let id = NamespaceId(u64::from_ne_bytes(*id.first_chunk()?));
    let error = i32::try_from(u32::from_ne_bytes(*error)).ok()?;
    match u32::from_ne_bytes(*kind) {
        // Without descriptors left for all of them, the kernel gives fewer.
        ENTERED => Some(match <[OwnedFd; SOCKETS]>::try_from(sockets) {
            Ok([packets, answers, news]) => {
                let sockets = Sockets {
                    packets,
                    answers,
                    news,
                };
                News::Entered(id, sockets)
            }
            Err(_) => News::Refused(id, Errno::MFILE.raw_os_error()),
        }),
        LEFT => Some(News::Left(id)),
        REFUSED => Some(News::Refused(id, error)),
        LOOKED => Some(News::Looked),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::unix::fs::MetadataExt;

    use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

    use super::*;

    fn pair() -> (OwnedFd, OwnedFd) {
        let flags = SocketFlags::CLOEXEC;
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None).unwrap()
    }

    #[test]
    fn news_come_as_they_were_told_and_descriptors_are_the_same_files() {
        let (opener, reader) = pair();
        let files = tempfile::tempdir().unwrap();
        let file = |name: &str| File::create(files.path().join(name)).unwrap();
        let number = |file: &OwnedFd| {
            File::from(file.try_clone().unwrap())
                .metadata()
                .unwrap()
                .ino()
        };
        let sockets = Sockets {
            packets: file("packets").into(),
            answers: file("answers").into(),
            news: file("news").into(),
        };
        let numbers = [&sockets.packets, &sockets.answers, &sockets.news].map(number);
        let id = NamespaceId(u64::from(u32::MAX) + 7);
        for news in [
            News::Entered(id, sockets),
            News::Refused(id, 13),
            News::Left(id),
            News::Looked,
        ] {
            send(opener.as_fd(), &news).unwrap();
        }
        let entered = match receive(reader.as_fd()) {
            Some(News::Entered(entered, sockets)) => {
                let came = [&sockets.packets, &sockets.answers, &sockets.news].map(number);
                Some((entered, came))
            }
            _ => None,
        };
        assert_eq!(entered, Some((id, numbers)));
        let rest: Vec<String> = (0..3)
            .map(|_| format!("{:?}", receive(reader.as_fd()).unwrap()))
            .collect();
        let id = "NamespaceId(4294967302)";
        assert_eq!(
            rest,
            [
                format!("Refused({id}, 13)"),
                format!("Left({id})"),
                "Looked".to_owned()
            ]
        );
        assert!(receive(reader.as_fd()).is_none(), "nothing more");
    }

    #[test]
    fn what_is_no_message_and_the_end_of_the_socket_are_the_end() {
        let (opener, reader) = pair();
        rustix::io::write(&opener, &[1, 2, 3]).unwrap();
        assert!(matches!(receive(reader.as_fd()), Some(News::Ended)));
        rustix::io::write(&opener, &[9; LENGTH]).unwrap();
        assert!(matches!(receive(reader.as_fd()), Some(News::Ended)));
        drop(opener);
        assert!(matches!(receive(reader.as_fd()), Some(News::Ended)));
    }

    #[test]
    fn a_namespace_without_its_sockets_could_not_be_entered() {
        let (opener, reader) = pair();
        let mut message = [0; LENGTH];
        message[..4].copy_from_slice(&ENTERED.to_ne_bytes());
        message[8..].copy_from_slice(&5_u64.to_ne_bytes());
        rustix::io::write(&opener, &message).unwrap();
        let news = receive(reader.as_fd());
        let is_refused = matches!(news, Some(News::Refused(NamespaceId(5), _)));
        assert!(is_refused, "{news:?}");
    }
}
