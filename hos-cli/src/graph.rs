//! `hos graph`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use hos_core::contract::Contract;
use hos_core::law::Law;
use hos_inspect::drawing::Machine;
use serde_json::json;

use crate::exit::{Exit, Trouble};
use crate::law::{Content, law, read};
use crate::voice::Voice;

/// Draws contracts: states and moves, who may make each, and what guards ask for.
///
/// It takes the law's file: a database keeps the digests of laws, not their text.
#[derive(Debug, Args)]
pub(crate) struct Graph {
    /// A law, or a contract.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The form.
    #[arg(long, value_enum, default_value_t = Form::Mermaid)]
    form: Form,
    /// Only contracts of this kind.
    #[arg(long)]
    kind: Option<String>,
    /// Only this version; else every version.
    #[arg(long)]
    version: Option<String>,
    /// Writes a file for each contract into this directory, instead of printing.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// The form of a drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// A Mermaid state diagram.
    Mermaid,
    /// A Graphviz graph.
    Dot,
    /// An SVG.
    Svg,
    /// A section of Markdown.
    Markdown,
}

impl Form {
    fn extension(self) -> &'static str {
        match self {
            Self::Mermaid => "mmd",
            Self::Dot => "dot",
            Self::Svg => "svg",
            Self::Markdown => "md",
        }
    }

    fn draw(self, machine: &Machine<'_>) -> String {
        match self {
            Self::Mermaid => machine.to_mermaid(),
            Self::Dot => machine.to_dot(),
            Self::Svg => machine.to_svg(),
            Self::Markdown => machine.to_markdown(),
        }
    }
}

/// Draws.
pub(crate) fn obey(voice: &Voice, order: &Graph) -> Result<Exit, Trouble> {
    let (law, alone) = match read(&order.file)? {
        Ok(Content::Contract(contract)) => (nobody(&contract)?, Some(contract)),
        _ => (law(&order.file)?, None),
    };
    let contracts: Vec<&Contract> = match &alone {
        Some(contract) => vec![contract],
        None => law.contracts().map(|contract| &**contract).collect(),
    };
    let is_wanted = |contract: &&Contract| {
        order.kind.as_deref().is_none_or(|kind| kind == contract.kind().as_str())
            && order.version.as_deref().is_none_or(|v| v == contract.version().as_str())
    };
    let mut drawings = Vec::new();
    for contract in contracts.into_iter().filter(is_wanted) {
        let text = order.form.draw(&Machine::new(&law, contract));
        match &order.out {
            None => voice.text(&text),
            Some(directory) => {
                let extension = order.form.extension();
                let name = format!("{}-{}.{extension}", contract.kind(), contract.version());
                let path = directory.join(name);
                write(&path, &text)?;
                voice.line(path.display());
            }
        }
        drawings.push(json!({
            "kind": contract.kind(), "version": contract.version(),
            "form": order.form.extension(), "text": text,
        }));
    }
    if drawings.is_empty() {
        let message = format!("{} has no such contract", order.file.display());
        return Err(Trouble::new(Exit::Wrong, message, "see which there are: leave `--kind` out"));
    }
    voice.document("graph", json!({"drawings": drawings}));
    Ok(Exit::Done)
}

/// A law around a contract that stands alone, in which nobody may do anything.
fn nobody(contract: &Contract) -> Result<Law, Trouble> {
    let law = Law::builder("world", "1").contract(contract.clone()).build();
    law.map_err(|error| Trouble::new(Exit::Wrong, error.to_string(), "give the law that has it"))
}

fn write(path: &std::path::Path, text: &str) -> Result<(), Trouble> {
    let directory = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    directory.and_then(|()| std::fs::write(path, text)).map_err(|error| {
        let message = format!("{} cannot be written: {error}", path.display());
        Trouble::new(Exit::Address, message, "give a directory that you may write to")
    })
}
