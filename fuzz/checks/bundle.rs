//! Any bundle: verifying ends in a verdict, and what is not refused holds only leaves that the log
//! really has, whoever mends checksums and manifest after a change.

use arbitrary::{Arbitrary as _, Result, Unstructured};
use hos_verify::checkpoint::Checkpoint;
use hos_verify::note::SignedNote;
use hos_verify::policy::Policy;
use hos_verify::time::Time;
use hos_verify::verify::{Trust, verify};

#[path = "../../hos-verify/tests/bundle/archive.rs"]
mod archive;

const SOUND: &[u8] = include_bytes!("../../hos-verify/tests/golden/bundle.zip");
const POLICY: &[u8] = include_bytes!("../../hos-verify/tests/golden/policy.txt");
const KNOWN: &[u8] = include_bytes!("../../hos-verify/tests/golden/known.checkpoint");

pub(crate) fn check(data: &[u8]) {
    // OK because bytes that run out end the case, nothing else.
    let _ran_out = case(&mut Unstructured::new(data));
}

fn case(input: &mut Unstructured<'_>) -> Result<()> {
    let sound = archive::unpack(SOUND);
    let bundle = match input.int_in_range(0..=3)? {
        0 => input.bytes(input.len())?.to_vec(),
        1 => spliced(input, SOUND)?,
        _ => {
            let mut files = sound.clone();
            for _ in 0..input.int_in_range(1..=3)? {
                let names: Vec<String> = files.keys().cloned().collect();
                let name = input.choose(&names)?;
                if u8::arbitrary(input)? == 0 && name != "manifest.json" {
                    files.remove(name);
                } else {
                    let changed = spliced(input, &files[name])?;
                    files.insert(name.clone(), changed);
                }
            }
            archive::pack(&files)
        }
    };
    let policy = Policy::parse(POLICY).expect("the golden policy is sound");
    let known = SignedNote::parse(KNOWN).expect("the golden note is sound");
    let known = Checkpoint::parse(known.text()).expect("the golden checkpoint is sound");
    let trust = Trust {
        policy: Some(&policy),
        known: Some(&known),
        now: Time::from_seconds(u64::from(u32::MAX)),
        ..Trust::default()
    };
    let verdict = verify(&bundle, &trust);
    assert!(verdict.to_json().len() < 100_000 && !verdict.to_string().contains('\u{202e}'));
    if verdict.exit().code() < 40 {
        for (name, data) in archive::unpack(&bundle) {
            let is_leaf = name.starts_with("entries/");
            assert!(!is_leaf || sound.get(&name) == Some(&data), "{name} was forged");
        }
    }
    Ok(())
}

/// Some bytes replaced by others.
fn spliced(input: &mut Unstructured<'_>, data: &[u8]) -> Result<Vec<u8>> {
    let mut changed = data.to_vec();
    let at = input.int_in_range(0..=data.len())?;
    let end = (at + input.int_in_range(0..=40)?).min(data.len());
    let length = input.int_in_range(0..=40)?.min(input.len());
    changed.splice(at..end, input.bytes(length)?.iter().copied());
    Ok(changed)
}
