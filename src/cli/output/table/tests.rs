//! Tests of tables.

use unicode_width::UnicodeWidthStr;

use crate::cli::output::table::{Column, NAME_LEAST, Room, lay_out, shortened};

type Col = Column<(&'static str, u64)>;

const COLUMNS: [Col; 3] = [
    Col::name("NAME", |row| row.0.to_owned()),
    Col::number("BYTES", |row| row.1.to_string()).optional(1),
    Col::word("NOTHING", |_| String::new()),
];

const ROWS: [(&str, u64); 3] = [
    ("shop/frontend-6d4cf56db6-x8k2p", 12),
    ("größe", 3),
    ("\u{1b}[2J", 0),
];

fn table(room: Room) -> (String, Vec<&'static str>) {
    let laid = lay_out(&COLUMNS, &ROWS, room);
    (
        anstream::adapter::strip_str(&laid.lines).to_string(),
        laid.left_out,
    )
}

#[test]
fn without_a_terminal_nothing_is_cut() {
    insta::assert_snapshot!(table(Room::Unlimited).0, @r"
    NAME                            BYTES
    shop/frontend-6d4cf56db6-x8k2p     12
    größe                               3
    \u{1b}[2J                           0
    ");
}

#[test]
fn names_are_cut_in_the_middle() {
    insta::assert_snapshot!(table(Room::Cells(24)).0, @r"
    NAME               BYTES
    shop/fronte…x8k2p     12
    größe                  3
    \u{1b}[2J              0
    ");
}

#[test]
fn columns_are_left_out_before_names_become_too_short() {
    let (lines, left_out) = table(Room::Cells(20));
    insta::assert_snapshot!(lines, @r"
    NAME
    shop/frontend…-x8k2p
    größe
    \u{1b}[2J
    ");
    assert_eq!(left_out, ["BYTES"]);
    let (lines, left_out) = table(Room::CellsForAll(20));
    assert!(lines.contains("BYTES"), "every column was asked for");
    assert!(left_out.is_empty());
}

#[test]
fn no_line_is_wider_than_the_terminal_as_long_as_names_can_give() {
    for cells in NAME_LEAST..60 {
        let (lines, _) = table(Room::Cells(cells));
        assert!(
            lines.lines().all(|line| line.width() <= cells),
            "{cells}:\n{lines}"
        );
    }
}

#[test]
fn wide_characters_are_cut_whole() {
    assert_eq!(shortened("漢字漢字漢字", 8), "漢字…字");
    assert_eq!(shortened("abc", 0), "…");
}

#[test]
fn an_address_stays_whole_as_long_as_it_can() {
    assert_eq!(shortened("10.244.1.16 (external)", 16), "10.244.1.16 (ex…");
}
