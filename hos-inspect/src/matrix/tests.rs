use hos_core::contract::{ActionDefinition, Contract};
use hos_core::law::Law;
use hos_core::value::Type;
use proptest::prelude::*;

use super::*;
use crate::table::Table;

const CSV: &str = "\
ability,owner,staff,customer,auditor
order.create,x,x,x,
order.pay,x, ,subject.customer == actor.id,deny

order.read,x,\"subject.state in ['pending', \"\"paid\"\"]\",subject.customer==actor.id,x
report.read,,,,x
report.*,deny,,,
";

const TOML: &str = r#"
roles = ["owner", "staff", "customer", "auditor"]

[matrix]
"order.create" = { owner = "x", customer = "x", staff = "x" }
"order.pay" = { owner = "x", customer = "subject.customer == actor.id", auditor = "deny" }
"report.read" = { auditor = "x" }
"report.*".owner = "deny"

[matrix."order.read"]
auditor = "x"
customer = " subject.customer == actor.id "
owner = "x"
staff = '''subject.state in ["pending", "paid"]'''
"#;

fn law(matrix: Matrix) -> Law {
    let order = Contract::builder("order", "1")
        .states(["pending", "paid"])
        .initial("pending")
        .terminal(["paid"])
        .attribute("customer", Type::String)
        .open("order.create", ["customer"])
        .action(ActionDefinition::new("pay", ["pending"], "paid", "order.pay"));
    let law = Law::builder("shop", "1").contract(order.build().unwrap()).build().unwrap();
    Law::new(&matrix.added_to(law.definition().clone())).unwrap()
}

fn faults(error: &MatrixError) -> Vec<(&str, usize, usize)> {
    error.faults().iter().map(|fault| (fault.code, fault.line, fault.column)).collect()
}

#[test]
fn the_table_of_the_law_shows_the_matrix() {
    let matrix = Matrix::from_csv(CSV).unwrap();
    let table = Table::new(&law(matrix));
    assert_eq!(table.holders, ["outsider", "owner", "staff", "customer", "auditor"]);
    let rows = table.abilities.iter().filter(|row| !row.name.starts_with("hos."));
    let cells = |row: &crate::table::Row| {
        row.cells.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    let shown: Vec<String> = rows.map(|row| format!("{}: {}", row.name, cells(row))).collect();
    assert_eq!(
        shown,
        [
            "order.create: . A A A .",
            "order.pay: . A . A:own.customer .",
            "order.read: . A A A:own.customer A",
            "report.read: . . . . A",
        ]
    );
}

#[test]
fn both_forms_make_the_same_law() {
    let (csv, toml) = (Matrix::from_csv(CSV).unwrap(), Matrix::from_toml(TOML).unwrap());
    assert_eq!(csv.roles, toml.roles);
    let sorted = |matrix: &Matrix| {
        let mut abilities = matrix.abilities.clone();
        abilities.sort();
        let mut rules: Vec<String> = matrix.rules.iter().map(|rule| format!("{rule:?}")).collect();
        rules.sort();
        (abilities, rules)
    };
    assert_eq!(sorted(&csv), sorted(&toml));
    assert_eq!(csv, Matrix::from_csv(&format!("\u{feff}{}", CSV.replace('\n', "\r\n"))).unwrap());
}

#[test]
fn cells_that_say_the_same_are_one_rule() {
    let matrix = Matrix::from_csv(CSV).unwrap();
    let create = &matrix.rules[0];
    assert_eq!(create.roles, ["owner", "staff", "customer"]);
    let read: Vec<_> =
        matrix.rules.iter().filter(|rule| rule.names("order.read")).map(|r| &r.roles).collect();
    assert_eq!(read, [&vec!["owner", "auditor"], &vec!["staff"], &vec!["customer"]]);
}

#[test]
fn a_role_of_the_law_stays_as_it_is() {
    let law = Law::builder("shop", "1").roles([RoleDefinition::world("owner")]).build().unwrap();
    let matrix = Matrix::from_csv("ability,owner,guest\na.b,x,x\n").unwrap();
    let definition = matrix.added_to(law.definition().clone());
    let expected = [RoleDefinition::world("owner"), RoleDefinition::new("guest")];
    assert_eq!(definition.roles, expected);
}

#[test]
fn an_unclosed_quotation_mark_is_told_where_it_opens() {
    let text = "\
ability,owner,staff

order.pay,x,\"actor.verified
order.read,\"x\",y
\"order
.write\",x,\"deny
order.close,\"actor.verified\" && true,x
order.open,x,\"actor.verified &&
  actor.trusted\"
Order,x,x
";
    let error = Matrix::from_csv(text).unwrap_err();
    assert_eq!(
        faults(&error),
        [
            ("unclosed_quote", 3, 3),
            ("unknown_cell", 4, 3),
            ("unclosed_quote", 6, 3),
            ("unclosed_quote", 7, 2),
            ("ill_formed", 10, 1),
        ],
        "{error}"
    );
    for end in ["\r", "\r\n"] {
        let same = Matrix::from_csv(&text.replace('\n', end)).unwrap_err();
        assert_eq!(faults(&same), faults(&error), "{end:?}");
    }
    assert!(error.to_string().contains(
        "line 3, column 3: nothing closes this quotation mark before a comma or the end of a line"
    ));
}

#[test]
fn without_its_first_line_nothing_else_is_told_of_a_matrix() {
    for (head, column) in
        [("\nability,\"owner", 2), ("\u{feff}\n\"ability,owner", 1), ("\n\"ability\"s,owner", 1)]
    {
        let error = Matrix::from_csv(&format!("{head}\nOrder,y,z\n")).unwrap_err();
        assert_eq!(faults(&error), [("unclosed_quote", 2, column)], "{head}");
    }
}

#[test]
fn quoted_cells_mean_what_they_hold() {
    let read = |text: &str| Matrix::from_csv(text).unwrap();
    let plain = read("ability,owner\norder.pay,\"actor.name == 'a,\"\"'\"\n");
    assert_eq!((plain.roles.len(), plain.rules.len()), (1, 1));
    for quoted in [
        "\"ability\" ,\"owner\"\t\r\n\"order.pay\",\"actor.name == 'a,\"\"'\"  \r\n\r\n",
        "\u{feff}\"ability\",owner\n\norder.pay,\"actor.name ==\n 'a,\"\"'\"",
    ] {
        assert_eq!(read(quoted), plain, "{quoted}");
    }
}

#[test]
fn every_fault_of_a_spreadsheet_is_told_with_its_place() {
    let text = "\
abilities,owner,Staff,owner
order.pay,x,y,X
order.pay,,subject.,deny
*.pay,x,,,x
order,,
";
    let error = Matrix::from_csv(text).unwrap_err();
    assert_eq!(
        faults(&error),
        [
            ("missing", 1, 1),
            ("ill_formed", 1, 3),
            ("duplicate_role", 1, 4),
            ("unknown_cell", 2, 3),
            ("unknown_cell", 2, 4),
            ("duplicate_ability", 3, 1),
            ("unknown_cell", 3, 3),
            ("ill_formed", 4, 1),
            ("unreadable", 4, 4),
            ("ill_formed", 5, 1),
            ("unreadable", 5, 3),
        ]
    );
    assert!(error.to_string().contains(
        "line 2, column 3: expected `x`, `deny`, a condition or nothing: unknown name `y`"
    ));
    assert_eq!(faults(&Matrix::from_csv("").unwrap_err()), [("missing", 1, 1)]);
    assert_eq!(faults(&Matrix::from_csv("ability\n").unwrap_err()), [("missing", 1, 2)]);
}

#[test]
fn every_fault_of_a_toml_file_is_told_with_its_place() {
    let text = r#"
roles = ["owner", 7, "owner"]
about = "x"

[matrix]
"order.pay" = { owner = "y", staff = "x", "é" = true, owner2 = 3 }
order = "x"
"#;
    let error = Matrix::from_toml(text).unwrap_err();
    assert_eq!(
        faults(&error),
        [
            ("unreadable", 2, 19),
            ("duplicate_role", 2, 22),
            ("unknown_key", 3, 1),
            ("unknown_cell", 6, 25),
            ("unknown_role", 6, 30),
            ("unknown_role", 6, 43),
            ("unreadable", 6, 49),
            ("unknown_role", 6, 55),
            ("unreadable", 6, 64),
            ("unreadable", 7, 9),
        ]
    );
    let error = Matrix::from_toml("[matrix]\na.b = {}\na.b = {}\nc = \n").unwrap_err();
    assert_eq!(faults(&error), [("unreadable", 3, 3), ("unreadable", 4, 5)]);
    let error = Matrix::from_toml("roles = 'x'").unwrap_err();
    assert_eq!(faults(&error), [("missing", 1, 1), ("unreadable", 1, 9)]);
}

#[test]
fn sizes_are_bounded() {
    let many: Vec<String> = (0..65).map(|at| format!("r{at}")).collect();
    let error = Matrix::from_csv(&format!("ability,{}\n", many.join(","))).unwrap_err();
    assert_eq!(faults(&error), [("too_many", 1, 66)]);
    let rows: String = (0..513).map(|at| format!("a.b{at},x\n")).collect();
    let error = Matrix::from_csv(&format!("ability,owner\n{rows}")).unwrap_err();
    assert_eq!(faults(&error), [("too_many", 514, 1)]);
    let error = Matrix::from_csv(&"x".repeat(FILE_BYTES_MAX + 1)).unwrap_err();
    assert_eq!(faults(&error), [("too_many", 1, 1)]);
    let error = Matrix::from_csv(&format!("ability,owner\n{}", "?,?\n".repeat(3_000))).unwrap_err();
    assert_eq!(error.faults().len(), FAULTS_MAX);
}

#[test]
fn places_are_told_in_one_walk_through_the_text() {
    let text = format!("{}\né{}", "a".repeat(100_000), "é".repeat(100_000));
    let mut walked = 0;
    let mut walk = Walk::through(text.char_indices().inspect(|_| walked += 1));
    let told: Vec<_> = (0..text.len()).step_by(100).map(|at| walk.to(Place::Byte(at))).collect();
    assert_eq!((told[0], told[999]), ((1, 1), (1, 99_901)));
    // A place within a character is behind it.
    assert_eq!((told[1_000], told[1_001]), ((1, 100_001), (2, 51)));
    assert!(walked <= text.chars().count(), "{walked} characters");
}

proptest! {
    #[test]
    fn no_text_breaks_the_readers(text in "([a-z.,\"='\\[\\]{}\n x*é]|roles|matrix|deny){0,60}") {
        for read in [Matrix::from_csv, Matrix::from_toml] {
            let twice = [read(&text), read(&text)];
            prop_assert_eq!(&twice[0], &twice[1]);
        }
    }
}
