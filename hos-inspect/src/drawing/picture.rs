//! A contract as a picture: one SVG without style, script or ids, so that a page may hold several
//! under a strict content policy. Colours come from the page's stylesheet by class.

mod layout;
mod routes;

use std::fmt::Write as _;

use hos_core::contract::{Action, Contract};
use hos_core::id::State;

pub use layout::{CHARACTER_WIDTH, LABEL_ASCENT, LABEL_DESCENT, LINE_HEIGHT};

/// What a picture calls something.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_enums, reason = "a machine has states and moves")]
pub enum Named<'a> {
    /// A state.
    State(&'a str),
    /// An action from a state; what it is called may have several lines.
    Move(&'a State, &'a Action),
}

/// Where everything of a machine stands. Lengths are in CSS pixels.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Drawing {
    /// The width of the picture.
    pub width: i32,
    /// The height of the picture.
    pub height: i32,
    /// The states.
    pub boxes: Vec<StateBox>,
    /// The moves: one arrow for each pair of states.
    pub arrows: Vec<Arrow>,
}

/// A state.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StateBox {
    /// Its name in the contract.
    pub state: String,
    /// Its name for the reader.
    pub name: String,
    /// Its left and upper edge.
    pub corner: Point,
    /// Its width.
    pub width: i32,
    /// Its height.
    pub height: i32,
    /// Whether nothing leaves it.
    pub terminal: bool,
    /// Whether a fresh subject is in it.
    pub initial: bool,
    /// Where the first line meets it, below its upper edge.
    pub spine: i32,
}

/// What leads from one state to another, or back to itself.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Arrow {
    /// The state it leaves.
    pub from: String,
    /// The state it reaches.
    pub to: String,
    /// The actions, as the contract names them.
    pub actions: Vec<String>,
    /// What is written beside it, line by line.
    pub label: Vec<String>,
    /// Where the first line of the label begins, on its base line.
    pub label_at: Point,
    /// The corners of the line, from its tail to its head.
    pub corners: Vec<Point>,
}

/// A place, from the upper left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_structs, reason = "two coordinates")]
pub struct Point {
    /// To the right.
    pub x: i32,
    /// Down.
    pub y: i32,
}

const fn at(x: i32, y: i32) -> Point {
    Point { x, y }
}

impl Drawing {
    /// Lays a machine out, from left to right by distance from its initial state.
    #[must_use]
    pub fn new(contract: &Contract, name: &dyn Fn(Named<'_>) -> String) -> Self {
        layout::lay_out(contract, name)
    }

    /// The picture as SVG. `title` and `description` are what a screen reader says; the state of
    /// the name given is marked, and said to be so by `now`.
    #[must_use]
    pub fn svg(&self, title: &str, description: &str, marked: Option<(&str, &str)>) -> String {
        let (width, height) = (self.width, self.height);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"machine\" role=\"img\" \
             width=\"{width}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\" \
             viewBox=\"0 0 {width} {height}\"><title>{}</title><desc>{}</desc>\n",
            Escaped(title),
            Escaped(description)
        );
        for arrow in &self.arrows {
            arrow.write(&mut svg);
        }
        for state in &self.boxes {
            let now = marked.filter(|(marked, _)| *marked == state.state).map(|(_, now)| now);
            state.write(&mut svg, now);
        }
        svg.push_str("</svg>");
        svg
    }
}

impl StateBox {
    fn write(&self, svg: &mut String, now: Option<&str>) {
        let Point { x, y } = self.corner;
        let (width, height) = (self.width, self.height);
        let class = if now.is_some() { "state current" } else { "state" };
        let _ = write!(svg, "<g class=\"{class}\"><title>{}", Escaped(&self.name));
        if let Some(now) = now {
            let _ = write!(svg, " ({})", Escaped(now));
        }
        let _ = write!(
            svg,
            "</title><rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"8\" \
             fill=\"none\" stroke=\"gray\"/>"
        );
        if self.terminal {
            let (x, y, width, height) = (x + 4, y + 4, width - 8, height - 8);
            let _ = write!(
                svg,
                "<rect class=\"inner\" x=\"{x}\" y=\"{y}\" width=\"{width}\" \
                 height=\"{height}\" rx=\"5\" fill=\"none\" stroke=\"gray\"/>"
            );
        }
        let (middle, base) = (x + width / 2, y + height / 2 + 5);
        let name = Escaped(&self.name);
        let _ =
            write!(svg, "<text x=\"{middle}\" y=\"{base}\" text-anchor=\"middle\">{name}</text>");
        if self.initial {
            let (x, y) = (x - 16, y + self.spine);
            let _ = write!(svg, "<circle class=\"start\" cx=\"{x}\" cy=\"{y}\" r=\"5\"/>");
        }
        svg.push_str("</g>\n");
    }
}

impl Arrow {
    fn write(&self, svg: &mut String) {
        let Point { x, y } = self.label_at;
        let _ = write!(
            svg,
            "<g class=\"move\"><path class=\"line\" fill=\"none\" stroke=\"gray\" d=\"{}\"/>\
             <path class=\"head\" fill=\"gray\" d=\"{}\"/>",
            line(&self.corners),
            head(&self.corners)
        );
        for (line, y) in self.label.iter().zip((0..).map(|nth| y + nth * LINE_HEIGHT)) {
            let _ = write!(svg, "<text x=\"{x}\" y=\"{y}\">{}</text>", Escaped(line));
        }
        svg.push_str("</g>\n");
    }
}

/// A line through corners, which are rounded.
fn line(corners: &[Point]) -> String {
    const RADIUS: i32 = 6;
    let mut path = String::new();
    let Some(first) = corners.first() else { return path };
    let _ = write!(path, "M{} {}", first.x, first.y);
    for triple in corners.windows(3) {
        let [before, corner, after] = triple else { continue };
        let (near, far) = (towards(*corner, *before, RADIUS), towards(*corner, *after, RADIUS));
        let _ =
            write!(path, "L{} {}Q{} {} {} {}", near.x, near.y, corner.x, corner.y, far.x, far.y);
    }
    if let Some(last) = corners.last() {
        let _ = write!(path, "L{} {}", last.x, last.y);
    }
    path
}

/// A step from one place towards another on the same vertical or horizontal, halfway at most.
fn towards(from: Point, to: Point, step: i32) -> Point {
    let part = |distance: i32| distance.signum() * step.min(distance.abs() / 2);
    at(from.x + part(to.x - from.x), from.y + part(to.y - from.y))
}

/// The head at the end of a line.
fn head(corners: &[Point]) -> String {
    let [.., before, tip] = corners else { return String::new() };
    let (dx, dy) = ((tip.x - before.x).signum(), (tip.y - before.y).signum());
    let base = at(tip.x - 8 * dx, tip.y - 8 * dy);
    let (left, right) =
        (at(base.x + 4 * dy, base.y + 4 * dx), at(base.x - 4 * dy, base.y - 4 * dx));
    format!("M{} {}L{} {}L{} {}Z", tip.x, tip.y, left.x, left.y, right.x, right.y)
}

/// Text between tags.
struct Escaped<'a>(&'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}
