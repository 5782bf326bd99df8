//! The README's example runs.

#[path = "../examples/paved_path.rs"]
mod paved_path;

#[test]
fn the_paved_path_is_walked_to_its_end() -> Result<(), Box<dyn std::error::Error>> {
    paved_path::main()
}
