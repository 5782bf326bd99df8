//! The pictures of the machines: everything is drawn, nothing covers anything.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeSet;

use hos_conformance::golden::assert_golden;
use hos_core::contract::{ActionDefinition, Contract, ContractBuilder};
use hos_inspect::drawing::{
    Arrow, CHARACTER_WIDTH, Drawing, LABEL_ASCENT, LABEL_DESCENT, LINE_HEIGHT, Named, Point,
    StateBox,
};

/// Left, upper, right, lower edge.
type Area = (i32, i32, i32, i32);

fn plain(named: Named<'_>) -> String {
    match named {
        Named::State(name) => name.replace('_', " "),
        Named::Move(_, action) => action.name().as_str().replace('_', " "),
    }
}

/// Names as long as a language may make them.
fn long(named: Named<'_>) -> String {
    format!("{} ve yine de biraz daha", plain(named))
}

/// Moves with who may and what guards them on lines of their own.
fn tall(named: Named<'_>) -> String {
    match named {
        Named::State(_) => plain(named),
        Named::Move(from, action) => {
            let more = if from == action.to() { "" } else { "\nunless sold_out, too_late" };
            format!("{}\nowner, staff*{more}", plain(named))
        }
    }
}

fn machines() -> Vec<Contract> {
    let law = pazar::law::law().unwrap();
    let mut machines: Vec<Contract> =
        law.contracts().map(|contract| Contract::clone(contract)).collect();
    machines.push(refunding());
    machines.push(tangled());
    machines.push(busy());
    machines
}

fn refunding() -> Contract {
    Contract::builder("order", "2")
        .states(["pending", "paid", "refund_due", "refunded", "fulfilled", "cancelled"])
        .initial("pending")
        .terminal(["refunded", "fulfilled", "cancelled"])
        .open("order.create", [] as [&str; 0])
        .action(ActionDefinition::new("pay", ["pending"], "paid", "order.pay"))
        .action(ActionDefinition::new("cancel", ["pending"], "cancelled", "order.cancel"))
        .action(ActionDefinition::new("expire", ["pending"], "cancelled", "order.expire"))
        .action(ActionDefinition::new("fulfil", ["paid"], "fulfilled", "order.ops"))
        .action(ActionDefinition::new("ask_back", ["paid"], "refund_due", "order.cancel"))
        .action(ActionDefinition::new("refuse", ["refund_due"], "paid", "order.ops"))
        .action(ActionDefinition::new("refund", ["refund_due"], "refunded", "order.refund"))
        .build()
        .unwrap()
}

/// Many moves that lead nowhere else.
fn busy() -> Contract {
    let machine = Contract::builder("desk", "1")
        .states(["new", "open", "done"])
        .initial("new")
        .terminal(["done"])
        .open("desk.work", [] as [&str; 0])
        .action(ActionDefinition::new("start", ["new"], "open", "desk.work"))
        .action(ActionDefinition::new("end", ["new", "open"], "done", "desk.work"));
    let names = ["edit", "add_picture", "set_stock", "rename"];
    let states = ["new", "open"].into_iter().flat_map(|state| names.map(|name| (state, name)));
    let with = |machine: ContractBuilder, (state, name): (&str, &str)| {
        machine.action(ActionDefinition::new(name, [state], state, "desk.work"))
    };
    states.fold(machine, with).build().unwrap()
}

/// Every way a move can go, several times over.
fn tangled() -> Contract {
    let all = ["a", "b", "c", "d", "e"];
    Contract::builder("knot", "1")
        .states(["a", "b", "c", "d", "e", "gone", "lost"])
        .initial("a")
        .terminal(["gone", "lost"])
        .open("knot.tie", [] as [&str; 0])
        .action(ActionDefinition::new("to_b", ["a", "c", "d", "e"], "b", "knot.tie"))
        .action(ActionDefinition::new("to_c", ["a", "b", "e"], "c", "knot.tie"))
        .action(ActionDefinition::new("to_d", ["b", "c", "e"], "d", "knot.tie"))
        .action(ActionDefinition::new("to_e", ["d"], "e", "knot.tie"))
        .action(ActionDefinition::new("stay", all, "a", "knot.tie"))
        .action(ActionDefinition::new("turn", ["b"], "b", "knot.tie"))
        .action(ActionDefinition::new("twist", ["c"], "c", "knot.tie"))
        .action(ActionDefinition::new("spin", ["c"], "c", "knot.tie"))
        .action(ActionDefinition::new("cut", all, "gone", "knot.tie"))
        .action(ActionDefinition::new("drop", ["b", "d"], "lost", "knot.tie"))
        .build()
        .unwrap()
}

fn every_drawing(check: impl Fn(&Contract, &Drawing)) {
    for machine in machines() {
        for names in [plain, long, tall] {
            check(&machine, &Drawing::new(&machine, &names));
        }
    }
}

fn area(state: &StateBox) -> Area {
    let Point { x, y } = state.corner;
    (x, y, x + state.width, y + state.height)
}

fn label(arrow: &Arrow) -> Area {
    let place = arrow.label_at;
    let longest = arrow.label.iter().map(|line| line.chars().count()).max().unwrap();
    let width = i32::try_from(longest).unwrap() * CHARACTER_WIDTH;
    let more = i32::try_from(arrow.label.len() - 1).unwrap() * LINE_HEIGHT;
    (place.x, place.y - LABEL_ASCENT, place.x + width, place.y + more + LABEL_DESCENT)
}

fn meet(one: Area, other: Area) -> bool {
    one.0 < other.2 && other.0 < one.2 && one.1 < other.3 && other.1 < one.3
}

#[test]
fn every_state_is_drawn_once() {
    every_drawing(|machine, drawing| {
        let drawn: Vec<&str> = drawing.boxes.iter().map(|state| state.state.as_str()).collect();
        let states: Vec<&str> = machine.states().iter().map(|state| state.as_str()).collect();
        assert_eq!(drawn, states);
    });
}

#[test]
fn every_action_is_drawn_once_from_each_state_it_starts_in() {
    every_drawing(|machine, drawing| {
        let mut drawn = Vec::new();
        for arrow in &drawing.arrows {
            for action in &arrow.actions {
                drawn.push((arrow.from.clone(), action.clone(), arrow.to.clone()));
            }
        }
        let mut wanted = Vec::new();
        for action in machine.actions() {
            for from in action.from() {
                let (name, to) = (action.name().to_string(), action.to().to_string());
                wanted.push((from.to_string(), name, to));
            }
        }
        drawn.sort();
        wanted.sort();
        assert_eq!(drawn, wanted);
        let pairs: BTreeSet<_> = drawing.arrows.iter().map(|a| (&a.from, &a.to)).collect();
        assert_eq!(pairs.len(), drawing.arrows.len(), "one arrow for each pair of states");
    });
}

#[test]
fn everything_is_inside_the_picture() {
    every_drawing(|_, drawing| {
        let inside = |point: Point| {
            (0..=drawing.width).contains(&point.x) && (0..=drawing.height).contains(&point.y)
        };
        let states = drawing.boxes.iter().map(area);
        let labels = drawing.arrows.iter().map(label);
        for (left, upper, right, lower) in states.chain(labels) {
            assert!(inside(Point { x: left, y: upper }) && inside(Point { x: right, y: lower }));
        }
        assert!(drawing.arrows.iter().flat_map(|arrow| &arrow.corners).all(|c| inside(*c)));
    });
}

#[test]
fn nothing_covers_a_label_or_a_box() {
    every_drawing(|machine, drawing| {
        let mut areas: Vec<(String, Area)> =
            drawing.boxes.iter().map(|state| (state.name.clone(), area(state))).collect();
        for arrow in &drawing.arrows {
            areas.push((arrow.label.join(", "), label(arrow)));
        }
        for (index, (name, one)) in areas.iter().enumerate() {
            for (other_name, other) in areas.iter().skip(index + 1) {
                let kind = machine.kind();
                assert!(!meet(*one, *other), "{kind}: `{name}` {one:?}, `{other_name}` {other:?}");
            }
        }
    });
}

#[test]
fn no_line_runs_through_a_box_or_a_label() {
    every_drawing(|machine, drawing| {
        let labels = drawing.arrows.iter().map(|a| (a.label.join(", "), label(a)));
        let boxes = drawing.boxes.iter().map(|state| (state.name.clone(), area(state)));
        let areas: Vec<_> = labels.chain(boxes).collect();
        for arrow in &drawing.arrows {
            for pair in arrow.corners.windows(2) {
                let (one, other) = (pair[0], pair[1]);
                assert!(one.x == other.x || one.y == other.y, "lines are level or upright");
                let (left, right) = (one.x.min(other.x), one.x.max(other.x));
                let (upper, lower) = (one.y.min(other.y), one.y.max(other.y));
                for (name, (x, y, to_x, to_y)) in &areas {
                    let through = left < *to_x && *x < right.max(left + 1);
                    let through = through && upper < *to_y && *y < lower.max(upper + 1);
                    let (kind, label) = (machine.kind(), arrow.label.join(", "));
                    assert!(!through, "{kind}: `{label}` {pair:?} runs through `{name}`");
                }
            }
        }
    });
}

#[test]
fn the_picture_carries_no_style_and_no_ids() {
    every_drawing(|_, drawing| {
        let svg = drawing.svg("a <machine> & more", "what it does", Some(("paid", "now")));
        assert!(!svg.contains("style=") && !svg.contains(" id=") && !svg.contains("<script"));
        assert!(svg.contains("<title>a &lt;machine&gt; &amp; more</title>"));
        assert!(svg.contains("role=\"img\""));
    });
}

#[test]
fn the_present_state_is_marked_for_eyes_and_ears() {
    let law = pazar::law::law().unwrap();
    let drawing = Drawing::new(law.contract("reservation").unwrap(), &plain);
    let svg = drawing.svg("reservation", "", Some(("confirmed", "now")));
    assert_eq!(svg.matches("class=\"state current\"").count(), 1);
    assert!(svg.contains("<title>confirmed (now)</title>"));
    assert!(!drawing.svg("reservation", "", None).contains("current"));
}

#[test]
fn the_reservation_looks_as_it_was_reviewed() {
    let law = pazar::law::law().unwrap();
    let drawing = Drawing::new(law.contract_version("reservation", "1").unwrap(), &plain);
    let svg = drawing.svg("reservation", "the life of a booking", Some(("confirmed", "now")));
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/reservation.svg");
    assert_golden(path, &svg);
}
