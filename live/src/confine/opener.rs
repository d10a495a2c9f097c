//! Calls of the system that the opener makes which enters network namespaces, and no others.
//!
//! **Shape** as for the process that it opens them for, and far fewer: it looks at `/proc`, goes from one
//! network namespace to another, opens sockets that show packets or ask for interfaces, and passes
//! them on. It connects to nothing, starts nothing and writes no file.

use std::collections::BTreeMap;
use std::env::consts::ARCH;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpOp, SeccompFilter, SeccompRule, TargetArch,
};

use crate::confine::calls::equal;

/// What it does again and again, and what a program does that ends.
const CALLS: [i64; 31] = [
    libc::SYS_brk,
    libc::SYS_clock_gettime,
    libc::SYS_close,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_fcntl,
    libc::SYS_fstat,
    libc::SYS_futex,
    libc::SYS_getdents64,
    libc::SYS_getrandom,
    libc::SYS_lseek,
    libc::SYS_madvise,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_newfstatat,
    libc::SYS_openat,
    libc::SYS_ppoll,
    libc::SYS_read,
    libc::SYS_readlinkat,
    libc::SYS_restart_syscall,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sendmsg,
    libc::SYS_sigaltstack,
    libc::SYS_statx,
    libc::SYS_tgkill,
    libc::SYS_write,
    libc::SYS_writev,
];

/// What newer machines do by other names.
#[cfg(target_arch = "x86_64")]
const OLD: [i64; 4] = [
    libc::SYS_open,
    libc::SYS_poll,
    libc::SYS_readlink,
    libc::SYS_stat,
];
#[cfg(not(target_arch = "x86_64"))]
const OLD: [i64; 0] = [];

/// Limits this thread.
pub(super) fn limit_calls() -> Result<(), seccompiler::Error> {
    seccompiler::apply_filter(&program()?)
}

fn program() -> Result<BpfProgram, seccompiler::Error> {
    let always = [&CALLS[..], &OLD].concat();
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        always.into_iter().map(|call| (call, Vec::new())).collect();
    let network = equal(1, SeccompCmpOp::Eq, libc::CLONE_NEWNET)?;
    rules.insert(libc::SYS_setns, vec![SeccompRule::new(vec![network])?]);
    let sockets = rules.entry(libc::SYS_socket).or_default();
    for family in [libc::AF_PACKET, libc::AF_NETLINK] {
        let of_family = equal(0, SeccompCmpOp::Eq, family)?;
        sockets.push(SeccompRule::new(vec![of_family])?);
    }
    let denied = u32::try_from(libc::EPERM).unwrap_or_default();
    let machine = TargetArch::try_from(ARCH)?;
    let (otherwise, listed) = (SeccompAction::Errno(denied), SeccompAction::Allow);
    Ok(SeccompFilter::new(rules, otherwise, listed, machine)?.try_into()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_a_program_that_reads_nothing_and_starts_nothing() {
        assert!(program().is_ok_and(|program| program.len() > 50));
        for forbidden in [
            libc::SYS_bind,
            libc::SYS_clone,
            libc::SYS_connect,
            libc::SYS_execve,
            libc::SYS_mount,
            libc::SYS_ptrace,
            libc::SYS_recvmsg,
            libc::SYS_setns,
            libc::SYS_socket,
        ] {
            assert!(!CALLS.contains(&forbidden) && !OLD.contains(&forbidden));
        }
    }
}
