//! Both verifiers give the same verdict, word for word, on every bundle.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use hos_verify::note::{Algorithm, Signature, SignedNote, VerifierKey};
use hos_verify::time::Time;

use crate::archive::{pack, unpack};
use crate::cases::{Case, honest, witnessed};
use crate::epoch::epochs;
use crate::golden::golden;
use crate::hostile::hostile;
use crate::keys::{bounded, keys, unfollowed};
use crate::late::late;
use crate::log::{NOON, input, log_key, policy, shop};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python/hos_verify.py");

/// Judges the cases of a directory in order of number, a verdict on each line.
const JUDGE: &str = r#"
import pathlib, sys
import hos_verify as v
sys.stdout.reconfigure(encoding="utf-8")
room = pathlib.Path(sys.argv[2])
for number in range(int(sys.argv[3])):
    part = lambda kind: room / f"{number}.{kind}"
    policy = v.Policy(part("policy").read_bytes()) if part("policy").exists() else None
    known = v.Checkpoint(part("known").read_bytes()) if part("known").exists() else None
    log = part("log").read_text() if part("log").exists() else None
    now = int(part("now").read_text()) * 1_000_000
    if part("follow").exists():
        v.follow(policy, part("follow").read_bytes(), now)
    print(v.verdict_json(v.verify(part("zip").read_bytes(), policy, known, now, log)))
"#;

/// Holds signatures to keys: public key, message and signature in hexadecimal.
const SIGNATURES: &str = r#"
import pathlib, sys
import hos_verify as v
for line in pathlib.Path(sys.argv[2]).read_text().split():
    public, message, signature = (bytes.fromhex(part) for part in line.split(","))
    print(v.ed25519_verify(public, message, signature))
"#;

/// Python 3, or nothing where there is none, which is a failure in CI.
fn python() -> Option<Command> {
    let mut probe = Command::new("python3");
    probe.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    if probe.status().is_ok_and(|status| status.success()) {
        return Some(Command::new("python3"));
    }
    assert!(std::env::var_os("CI").is_none(), "CI has no python3, so the verifiers differ unseen");
    eprintln!("SKIPPED: python3 is not here, so the Python verifier was not held to this one");
    None
}

fn run(python: &mut Command, code: &str, arguments: &[&str]) -> String {
    let room = Path::new(SCRIPT).parent().unwrap();
    let code = format!(
        "import sys\nsys.dont_write_bytecode = True\nsys.path.insert(0, sys.argv[1])\n{code}"
    );
    let output = python.args(["-c", &code]).arg(room).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A directory of this test's own.
fn room(name: &str) -> PathBuf {
    let room = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // OK because it may not be there yet.
    let _absent = fs::remove_dir_all(&room);
    fs::create_dir_all(&room).unwrap();
    room
}

fn write(room: &Path, number: usize, case: &Case) {
    let path = |kind: &str| room.join(format!("{number}.{kind}"));
    fs::write(path("zip"), &case.bundle).unwrap();
    fs::write(path("now"), case.now.to_string()).unwrap();
    if let Some(bundle) = &case.follow {
        fs::write(path("follow"), bundle).unwrap();
    }
    let texts = [("policy", &case.policy), ("known", &case.known), ("log", &case.log)];
    for (kind, text) in texts {
        if let Some(text) = text {
            fs::write(path(kind), text).unwrap();
        }
    }
}

fn same_verdicts(name: &str, cases: &[Case]) {
    let Some(mut python) = python() else { return };
    let room = room(name);
    for (number, case) in cases.iter().enumerate() {
        write(&room, number, case);
    }
    let count = cases.len().to_string();
    let told = run(&mut python, JUDGE, &[room.to_str().unwrap(), &count]);
    let told: Vec<&str> = told.lines().collect();
    assert_eq!(told.len(), cases.len());
    for (case, told) in cases.iter().zip(told) {
        assert_eq!(told, case.verdict().to_json(), "{}", case.name);
    }
    fs::remove_dir_all(&room).unwrap();
}

#[test]
fn honest_and_hostile_bundles_get_one_verdict() {
    let cases = honest()
        .into_iter()
        .chain(hostile())
        .chain(epochs())
        .chain(keys())
        .chain(bounded())
        .chain(late())
        .chain([golden()]);
    let cases: Vec<Case> = cases.collect();
    same_verdicts("cases", &cases);
}

/// Says of each bundle whether it is followed.
const FOLLOW: &str = r#"
import pathlib, sys
import hos_verify as v
room = pathlib.Path(sys.argv[2])
for number in range(int(sys.argv[3])):
    policy = v.Policy((room / f"{number}.policy").read_bytes())
    data, now = (room / f"{number}.zip").read_bytes(), int(sys.argv[4]) * 1_000_000
    print(v.holds(v.follow, policy, data, now))
"#;

#[test]
fn nobody_follows_what_announces_nothing() {
    let Some(mut python) = python() else { return };
    let (room, cases) = (room("follow"), unfollowed());
    for (number, (_, policy, bundle)) in cases.iter().enumerate() {
        fs::write(room.join(format!("{number}.policy")), policy).unwrap();
        fs::write(room.join(format!("{number}.zip")), bundle).unwrap();
    }
    let (count, now) = (cases.len().to_string(), (NOON + 60).to_string());
    let told = run(&mut python, FOLLOW, &[room.to_str().unwrap(), &count, &now]);
    assert_eq!(told, "False\n".repeat(cases.len()));
    fs::remove_dir_all(&room).unwrap();
}

#[test]
fn damaged_bundles_get_one_verdict() {
    let log = shop();
    let mut draft = witnessed(NOON);
    draft.entries[0].opened = vec![input(5)];
    draft.others = vec![log.note(13)];
    draft.claims.push(hos_verify::bundle::Claim::Range { from: 5, to: 6 });
    let sound = log.make(&draft);
    let mut cases = Vec::new();
    let mut add = |bundle: Vec<u8>, what: String| {
        cases.push(Case::new(&what, bundle, 0).policy(Some(policy("one"))));
    };
    for at in (0..sound.len()).step_by(23) {
        let mut bundle = sound.clone();
        bundle[at] ^= 1 << (at % 8);
        add(bundle, format!("byte {at}"));
    }
    let files = unpack(&sound);
    for (name, data) in &files {
        for at in (0..data.len()).step_by(8) {
            let mut changed = files.clone();
            let flip = if at % 16 == 0 { 0x01 } else { 0x20 };
            changed.get_mut(name).unwrap()[at] ^= flip;
            add(pack(&changed), format!("{name} byte {at}"));
            let mut shorter = files.clone();
            shorter.get_mut(name).unwrap().remove(at);
            add(pack(&shorter), format!("{name} without byte {at}"));
        }
    }
    assert!(cases.len() > 500, "{} cases", cases.len());
    same_verdicts("damaged", &cases);
}

/// Signatures that implementations of Ed25519 are known to differ about.
#[test]
fn signatures_on_the_edge_get_one_answer() {
    let key = log_key();
    let public = *key.verifier_key().public();
    let text = "text\n";
    let sound: [u8; 64] = key.sign(text).bytes.try_into().unwrap();
    let changed = |change: &dyn Fn(&mut [u8; 64])| {
        let mut signature = sound;
        change(&mut signature);
        signature
    };
    let points: [[u8; 32]; 6] = [
        [&[1][..], &[0; 31]].concat().try_into().unwrap(),
        [0; 32],
        [&[0; 31][..], &[0x80]].concat().try_into().unwrap(),
        [&[0xec][..], &[0xff; 30], &[0x7f]].concat().try_into().unwrap(),
        [&[0xee][..], &[0xff; 30], &[0x7f]].concat().try_into().unwrap(),
        [&[0xed][..], &[0xff; 30], &[0xff]].concat().try_into().unwrap(),
    ];
    let mut vectors = vec![
        (public, sound),
        (public, changed(&|signature| add_order(&mut signature[32..]))),
        (public, changed(&|signature| signature[63] |= 0x80)),
        (public, changed(&|signature| signature[31] ^= 0x80)),
        (public, changed(&|signature| signature[32..].fill(0))),
        (public, changed(&|signature| signature.fill(0))),
    ];
    for point in points {
        // With a number of zero and a neutral key or point, a lenient check is always satisfied.
        vectors.push((public, changed(&|signature| signature[..32].copy_from_slice(&point))));
        for other in points {
            vectors.push((point, [other, [0; 32]].concat().try_into().unwrap()));
        }
        vectors.push((point, sound));
    }
    let ours: Vec<bool> =
        vectors.iter().map(|(key, signature)| accepts(key, text, signature)).collect();
    assert!(ours[0] && ours[1..].iter().all(|accepted| !accepted), "{ours:?}");
    let Some(mut python) = python() else { return };
    let room = room("signatures");
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let line = |(key, signature): &([u8; 32], [u8; 64])| {
        format!("{},{},{}\n", hex(key), hex(text.as_bytes()), hex(signature))
    };
    let path = room.join("vectors");
    fs::write(&path, vectors.iter().map(line).collect::<String>()).unwrap();
    let told = run(&mut python, SIGNATURES, &[path.to_str().unwrap()]);
    let told: Vec<bool> = told.lines().map(|line| line == "True").collect();
    assert_eq!(told, ours);
}

fn accepts(public: &[u8; 32], text: &str, signature: &[u8; 64]) -> bool {
    let Ok(key) = VerifierKey::new("name", Algorithm::Ed25519, public) else { return false };
    let signature = Signature { name: "name".to_owned(), id: key.id(), bytes: signature.to_vec() };
    SignedNote::new(text, vec![signature]).unwrap().verify(&[key]).is_ok()
}

/// Adds the order of the group to a little-endian number: the same point, otherwise spelled.
fn add_order(number: &mut [u8]) {
    let low: u128 = 27_742_317_777_372_353_535_851_937_790_883_648_493;
    let order = [low.to_le_bytes(), (1_u128 << 124).to_le_bytes()].concat();
    let mut carry = 0;
    for (byte, more) in number.iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(more) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
}

/// The command as an auditor calls it.
#[test]
fn the_command_tells_the_verdict_and_its_code() {
    if python().is_none() {
        return;
    }
    let room = room("command");
    for (number, case) in honest().into_iter().chain(hostile()).step_by(9).enumerate() {
        write(&room, number, &case);
        let path = |kind: &str| room.join(format!("{number}.{kind}")).display().to_string();
        let now = Time::from_seconds(case.now).unwrap().to_string();
        let mut arguments = vec![path("zip"), "--now".to_owned(), now];
        for (kind, given) in [("policy", &case.policy), ("known", &case.known)] {
            if given.is_some() {
                arguments.extend([format!("--{kind}"), path(kind)]);
            }
        }
        arguments.extend(case.log.iter().flat_map(|log| ["--log".to_owned(), log.clone()]));
        let plain = command(&arguments);
        let verdict = case.verdict();
        assert_eq!(plain.status.code(), Some(i32::from(verdict.exit().code())), "{}", case.name);
        assert_eq!(String::from_utf8(plain.stdout).unwrap(), verdict.to_string());
        arguments.push("--json".to_owned());
        let json = String::from_utf8(command(&arguments).stdout).unwrap();
        assert_eq!(json, format!("{}\n", verdict.to_json()));
    }
    // Times as the other command takes them; of before 1970 no verifier knows.
    let zip = room.join("0.zip").display().to_string();
    let at = |now: &str| {
        let output = command(&[zip.clone(), "--now".to_owned(), now.to_owned()]);
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let noon = at("2026-11-22T12:01:00.000000Z");
    assert_eq!(noon.0, Some(10));
    for same in ["2026-11-22T12:01:00Z", "2026-11-22T15:01:00.0000001+03:00"] {
        assert_eq!(at(same), noon, "{same}");
    }
    for wrong in ["noon", "2026-11-22", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59-01:00"] {
        assert_eq!(at(wrong).0, Some(2), "{wrong}");
    }
    let missing = command(&[room.join("missing").display().to_string()]);
    assert_eq!(missing.status.code(), Some(50));
    let policy = room.join("0.now").display().to_string();
    let wrong = command(&[zip, "--policy".to_owned(), policy]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8(wrong.stderr).unwrap().starts_with("hos_verify: line 1 of"));
    assert_eq!(command(&[]).status.code(), Some(2));
}

fn command(arguments: &[String]) -> Output {
    Command::new("python3").arg("-B").arg(SCRIPT).args(arguments).output().unwrap()
}
