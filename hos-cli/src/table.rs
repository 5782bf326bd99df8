//! `hos table`.

use std::path::PathBuf;

use clap::Args;
use hos_inspect::change::{Change, Side};
use hos_inspect::table::{Row, Table as Cells};
use serde_json::{Value, json};

use crate::exit::{Exit, Trouble};
use crate::law::law;
use crate::voice::Voice;

/// Shows who may do what, in which state; or what changed since another law, gains first.
#[derive(Debug, Args)]
pub(crate) struct Table {
    /// The law.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The law before: shows what changed since.
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// As a page of HTML.
    #[arg(long)]
    html: bool,
}

/// Shows a table, or a difference.
pub(crate) fn obey(voice: &Voice, order: &Table) -> Result<Exit, Trouble> {
    let new = law(&order.file)?;
    match &order.against {
        None => {
            let table = Cells::new(&new);
            let text = if order.html { table.html().to_string() } else { table.to_string() };
            voice.text(&text);
            voice.document("table", whole(&table));
        }
        Some(old) => {
            let change = Change::between(&law(old)?, &new);
            let text = if order.html { change.html().to_string() } else { change.to_string() };
            voice.text(&text);
            voice.document("table", difference(&change));
        }
    }
    Ok(Exit::Done)
}

fn whole(table: &Cells) -> Value {
    let row = |row: &Row| {
        let cells: Vec<String> = row.cells.iter().map(ToString::to_string).collect();
        json!({"name": row.name, "critical": row.critical, "cells": cells})
    };
    let contracts = table.contracts.iter().map(|contract| {
        let states = contract.states.iter().map(|state| {
            let rows: Vec<Value> = state.rows.iter().map(row).collect();
            json!({
                "state": state.state, "initial": state.initial, "terminal": state.terminal,
                "rows": rows,
            })
        });
        let states: Vec<Value> = states.collect();
        json!({
            "kind": contract.kind, "version": contract.version, "digest": contract.digest,
            "states": states,
        })
    });
    let contracts: Vec<Value> = contracts.collect();
    let abilities: Vec<Value> = table.abilities.iter().map(row).collect();
    json!({
        "world": table.world, "version": table.version, "digest": table.digest,
        "holders": table.holders, "abilities": abilities, "contracts": contracts,
    })
}

fn difference(change: &Change) -> Value {
    let turns = change.turns.iter().map(|turn| {
        let place = turn.place.as_ref();
        let place = place.map(|place| json!({"contract": place.contract, "state": place.state}));
        json!({
            "turn": turn.turn.as_str(), "role": turn.role, "what": turn.what, "place": place,
            "old": turn.old.to_string(), "new": turn.new.to_string(),
        })
    });
    let turns: Vec<Value> = turns.collect();
    let parts = change.parts.iter().map(|part| {
        json!({"kind": part.kind.as_str(), "name": part.name, "old": part.old, "new": part.new})
    });
    let parts: Vec<Value> = parts.collect();
    json!({
        "old": side(&change.old), "new": side(&change.new), "empty": change.is_empty(),
        "turns": turns, "parts": parts,
    })
}

fn side(side: &Side) -> Value {
    json!({"world": side.world, "version": side.version, "digest": side.digest})
}
