use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::DraftEntry;
use crate::leaf::{EntryId, Leaf};
use crate::proof::Proof;
use crate::text::base64;

/// How to check one entry by hand, in Turkish and English; the commands are for the first entry
/// that has a proof of its own.
pub(super) fn readme(
    size: u64,
    leaves: &[(&DraftEntry, Leaf)],
    proofs: &BTreeMap<EntryId, Proof>,
) -> String {
    let mut readme = INTRODUCTION.to_owned();
    let first = leaves.iter().find_map(|(_, leaf)| proofs.get(&leaf.id).map(|p| (leaf.id, p)));
    if let Some((id, proof)) = first {
        // OK because writing to a string cannot fail, here and below.
        let _infallible = write!(readme, "{BY_HAND}\n{}\n", commands(id, proof, size));
    }
    readme
}

const INTRODUCTION: &str = "\
KANIT DOSYASI (hosproof/1)
Doğrulama: python3 hos_verify.py DOSYA.zip --policy guven.policy
Güven dosyası bu paketten değil, dışarıdan gelir. Çıkış kodu 0 doğrulandı, 10 güven dosyası yok,
20 silinen ya da verilmeyen parça var, 30 bilinen bir kayıtla çelişiyor, 40 geçersiz, 50 okunamıyor.

PROOF BUNDLE (hosproof/1)
To verify: python3 hos_verify.py FILE.zip --policy trust.policy
The trust file comes from elsewhere, never from this bundle. Exit code 0 verified, 10 nothing
vouches for it, 20 parts erased or withheld, 30 contradicts a known checkpoint, 40 invalid,
50 unreadable.
";

const BY_HAND: &str = "
ELLE (bir kayıt) / BY HAND (one entry)
Paketi açın, komutları sırayla çalıştırın. Son iki satır aynı olmalı; imza komutu `Success` demeli.
KEY: güven dosyasındaki anahtarın ikinci + işaretinden sonrası.
Unpack, run the commands in order. The last two lines must be equal; the signature command must say
`Success`. KEY: what follows the second + of the log's key in the trust file.
";

/// Shell commands with sha256 from the leaf to the root, then the signature.
fn commands(id: EntryId, proof: &Proof, size: u64) -> String {
    const HASH: &str = "openssl dgst -sha256 -binary | openssl base64 -A";
    let mut script = format!("    h=$( (printf '\\000'; cat entries/{id}.json) | {HASH} )\n");
    let own = "echo \"$h\" | openssl base64 -d -A";
    for (sibling, is_left) in proof.hashes.iter().zip(sides(proof.index, size)) {
        let sibling = format!("echo '{}' | openssl base64 -d -A", base64(sibling));
        let (left, right) = if is_left { (&*sibling, own) } else { (own, &*sibling) };
        let _infallible = writeln!(script, "    h=$( (printf '\\001'; {left}; {right}) | {HASH} )");
    }
    let _infallible = write!(
        script,
        "    echo \"$h\"\n    sed -n 3p log/{size}.checkpoint\n\
         \x20   sed '/^$/,$d' log/{size}.checkpoint > text\n\
         \x20   grep -m1 '^\u{2014} ' log/{size}.checkpoint | sed 's/.* //' | \
         openssl base64 -d -A | tail -c +5 > signature\n\
         \x20   (printf '\\060\\052\\060\\005\\006\\003\\053\\145\\160\\003\\041\\000'; \
         echo \"$KEY\" | openssl base64 -d -A | tail -c +2) > key.der\n\
         \x20   openssl pkeyutl -verify -pubin -keyform DER -inkey key.der -rawin -in text \
         -sigfile signature\n"
    );
    script
}

/// For each hash of an inclusion proof whether it stands to the left (RFC 9162 section 2.1.3.2).
fn sides(index: u64, size: u64) -> Vec<bool> {
    let (mut node, mut last) = (index, size.saturating_sub(1));
    let mut sides = Vec::new();
    while last > 0 {
        let is_left = node % 2 == 1 || node == last;
        if is_left {
            let levels = node.trailing_zeros().min(63);
            node >>= levels;
            last >>= levels;
        }
        sides.push(is_left);
        node >>= 1;
        last >>= 1;
    }
    sides
}
