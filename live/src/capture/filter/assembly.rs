//! Steps of a classic BPF program, and what the kernel takes for them.
//!
//! In: steps, which jump to marks further down. Out: instructions, which jump over so many others.
//! **Source** Linux `Documentation/networking/filter.rst`.

use libc::{
    BPF_ABS, BPF_ADD, BPF_ALU, BPF_AND, BPF_B, BPF_H, BPF_IMM, BPF_IND, BPF_JA, BPF_JEQ, BPF_JGE,
    BPF_JMP, BPF_JSET, BPF_K, BPF_LD, BPF_LDX, BPF_LEN, BPF_LSH, BPF_MEM, BPF_MISC, BPF_RET,
    BPF_STX, BPF_TAX, BPF_TXA, BPF_W, BPF_X,
};

/// Where a program goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mark {
    NotLoopback,
    Ethernet,
    Tagged,
    Ip,
    Ipv4,
    Ipv4Length,
    Ipv6,
    Ipv6Length,
    Ports,
    Headers,
    Whole,
    Nothing,
}

/// One step. A and X are the two registers; loads go to A and count octets from the frame's first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// No instruction: the place of the next one.
    Mark(Mark),
    LoadHardware,
    LoadPacketType,
    LoadProtocol,
    /// Octets of the frame.
    LoadLength,
    LoadShort(u32),
    LoadShortFromX(u32),
    LoadOctetFromX(u32),
    And(u32),
    ShiftLeft(u32),
    Add(u32),
    AddX,
    CopyAToX,
    CopyXToA,
    SetX(u32),
    StoreX,
    RestoreX,
    GoTo(Mark),
    /// Goes to a mark if A passes a test against a number, or if it does not.
    Branch(Test, u32, When, Mark),
    /// The end: so many octets are kept.
    Keep(u32),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Test {
    Equal,
    AtLeast,
    AtLeastX,
    AnyBit,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum When {
    Passed,
    Failed,
}

impl Step {
    pub(super) const fn if_equal(number: u32, to: Mark) -> Self {
        Self::Branch(Test::Equal, number, When::Passed, to)
    }

    pub(super) const fn unless_equal(number: u32, to: Mark) -> Self {
        Self::Branch(Test::Equal, number, When::Failed, to)
    }

    pub(super) const fn unless_at_least(number: u32, to: Mark) -> Self {
        Self::Branch(Test::AtLeast, number, When::Failed, to)
    }

    pub(super) const fn unless_at_least_x(to: Mark) -> Self {
        Self::Branch(Test::AtLeastX, 0, When::Failed, to)
    }

    pub(super) const fn if_any_bit(bits: u32, to: Mark) -> Self {
        Self::Branch(Test::AnyBit, bits, When::Passed, to)
    }

    /// What it does, and with what number; jumps are filled in later.
    fn operation(self) -> (u32, u32) {
        match self {
            Self::Mark(_) => (0, 0),
            Self::LoadHardware => about(libc::SKF_AD_HATYPE),
            Self::LoadPacketType => about(libc::SKF_AD_PKTTYPE),
            Self::LoadProtocol => about(libc::SKF_AD_PROTOCOL),
            Self::LoadLength => (BPF_LD | BPF_W | BPF_LEN, 0),
            Self::LoadShort(at) => (BPF_LD | BPF_H | BPF_ABS, at),
            Self::LoadShortFromX(at) => (BPF_LD | BPF_H | BPF_IND, at),
            Self::LoadOctetFromX(at) => (BPF_LD | BPF_B | BPF_IND, at),
            Self::And(bits) => (BPF_ALU | BPF_AND | BPF_K, bits),
            Self::ShiftLeft(bits) => (BPF_ALU | BPF_LSH | BPF_K, bits),
            Self::Add(number) => (BPF_ALU | BPF_ADD | BPF_K, number),
            Self::AddX => (BPF_ALU | BPF_ADD | BPF_X, 0),
            Self::CopyAToX => (BPF_MISC | BPF_TAX, 0),
            Self::CopyXToA => (BPF_MISC | BPF_TXA, 0),
            Self::SetX(number) => (BPF_LDX | BPF_W | BPF_IMM, number),
            Self::StoreX => (BPF_STX, 0),
            Self::RestoreX => (BPF_LDX | BPF_W | BPF_MEM, 0),
            Self::GoTo(_) => (BPF_JMP | BPF_JA, 0),
            Self::Branch(test, number, ..) => (BPF_JMP | test.operation(), number),
            Self::Keep(octets) => (BPF_RET | BPF_K, octets),
        }
    }
}

impl Test {
    const fn operation(self) -> u32 {
        match self {
            Self::Equal => BPF_JEQ | BPF_K,
            Self::AtLeast => BPF_JGE | BPF_K,
            Self::AtLeastX => BPF_JGE | BPF_X,
            Self::AnyBit => BPF_JSET | BPF_K,
        }
    }
}

/// Loads what the kernel knows about a frame, and its octets do not say.
fn about(what: libc::c_int) -> (u32, u32) {
    let at = (libc::SKF_AD_OFF + what).cast_unsigned();
    (BPF_LD | BPF_W | BPF_ABS, at)
}

/// The instructions of a program.
pub(super) fn assemble(steps: &[Step]) -> Vec<libc::sock_filter> {
    let instructions = steps.iter().filter(|step| !matches!(step, Step::Mark(_)));
    let numbered = (0_u32..).zip(instructions);
    let one = |(at, step): (u32, &Step)| {
        let (code, number) = step.operation();
        let over = |mark| place(steps, mark).saturating_sub(at + 1);
        // A jump too far would be one to elsewhere; the kernel refuses one out of the program.
        let near = |mark| u8::try_from(over(mark)).unwrap_or(u8::MAX);
        let (jt, jf, k) = if let Step::GoTo(mark) = *step {
            (0, 0, over(mark))
        } else if let Step::Branch(_, _, when, mark) = *step {
            match when {
                When::Passed => (near(mark), 0, number),
                When::Failed => (0, near(mark), number),
            }
        } else {
            (0, 0, number)
        };
        let code = u16::try_from(code).unwrap_or_default();
        libc::sock_filter { code, jt, jf, k }
    };
    numbered.map(one).collect()
}

/// The number of the instruction at a mark.
fn place(steps: &[Step], mark: Mark) -> u32 {
    let before = steps.iter().take_while(|step| **step != Step::Mark(mark));
    let before = before.filter(|step| !matches!(step, Step::Mark(_)));
    u32::try_from(before.count()).unwrap_or(u32::MAX)
}
