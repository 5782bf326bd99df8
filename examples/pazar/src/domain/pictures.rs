//! Pictures of listings: a few uploaded ones, or a drawing of the category.

use hos_core::command::Command;
use hos_core::id::Tenant;
use hos_core::laws::Contracts as _;
use hos_core::receipt::Receipt;
use sha2::{Digest as _, Sha256};

use super::deal::{Deal, deal};
use crate::app::App;
use crate::database::{Rows, from_row, query};
use crate::error::Problem;
use crate::request::{Call, hex};

/// The largest picture, in bytes.
pub(crate) const PICTURE_BYTES_MAX: usize = 1 << 20;
/// The most pictures of one listing.
pub(crate) const PICTURES_MAX: i64 = 6;

/// A picture.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    pub(crate) media_type: String,
    pub(crate) bytes: Vec<u8>,
}

from_row!(Picture { media_type, bytes });

/// One picture by its number, from 0 on; none when there is none.
pub(crate) async fn find(
    rows: impl Into<Rows<'_>>,
    tenant: &Tenant,
    listing: &str,
    position: i64,
) -> Result<Option<Picture>, Problem> {
    let row = query(
        "SELECT media_type, bytes FROM pictures WHERE tenant = ? AND listing = ? AND position = ?",
    );
    let row = row.bind(tenant.as_str()).bind(listing).bind(position);
    Ok(row.fetch_optional(rows).await?)
}

/// Adds a picture behind the others of its listing. What it is, its bytes say and no header.
pub(crate) async fn add(
    app: &App,
    call: &Call,
    tenant: &Tenant,
    listing: &str,
    bytes: &[u8],
) -> Result<Receipt, Problem> {
    if bytes.is_empty() || bytes.len() > PICTURE_BYTES_MAX {
        let detail = format!("a picture has 1 to {PICTURE_BYTES_MAX} bytes");
        return Err(Problem::new("invalid_input", detail));
    }
    let detail = "a picture is a PNG, JPEG, WebP or GIF file";
    let media_type = media_type(bytes).ok_or_else(|| Problem::new("invalid_input", detail))?;
    deal!(app, |deal| add_in(deal, call, tenant, listing, (media_type, bytes)).await)
}

async fn add_in(
    deal: &mut Deal<'_>,
    call: &Call,
    tenant: &Tenant,
    listing: &str,
    (media_type, bytes): (&str, &[u8]),
) -> Result<Receipt, Problem> {
    let subject = deal.app().subject(tenant, "listing", listing)?;
    let digest = Sha256::digest(bytes);
    let command = Command::new(&call.user.actor()?, &subject, "add_picture")
        .input("digest", hex(&digest))
        .request(call.request())
        .key(call.key("picture"));
    let receipt = deal.law().transition(&command).await?;
    if receipt.replayed {
        return Ok(receipt);
    }
    let digests: Vec<Vec<u8>> =
        query("SELECT digest FROM pictures WHERE tenant = ? AND listing = ?")
            .bind(tenant.as_str())
            .bind(listing)
            .fetch_all(deal.rows())
            .await?;
    let position = i64::try_from(digests.len()).unwrap_or(PICTURES_MAX);
    if position >= PICTURES_MAX {
        let detail = format!("a listing has {PICTURES_MAX} pictures at most");
        return Err(Problem::guard("too_many_pictures", detail));
    }
    if digests.iter().any(|known| known.as_slice() == digest.as_slice()) {
        return Err(Problem::conflict("picture_exists", "the listing has this picture already"));
    }
    query(
        "INSERT INTO pictures (tenant, listing, position, media_type, digest, bytes) \
         VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(tenant.as_str())
    .bind(listing)
    .bind(position)
    .bind(media_type)
    .bind(digest.to_vec())
    .bind(bytes)
    .execute(deal.rows())
    .await?;
    Ok(receipt)
}

/// What the first bytes say that a file is.
fn media_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

/// The drawing that stands for a category's listings without pictures, as SVG.
pub(crate) fn drawing(category: &str) -> &'static str {
    match category {
        "vehicle" => include_str!("drawings/vehicle.svg"),
        "real_estate" => include_str!("drawings/real_estate.svg"),
        "lodging" => include_str!("drawings/lodging.svg"),
        "service" => include_str!("drawings/service.svg"),
        "food" => include_str!("drawings/food.svg"),
        _ => include_str!("drawings/product.svg"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::listings::CATEGORIES;

    #[test]
    fn a_file_is_what_its_first_bytes_say() {
        assert_eq!(media_type(b"\x89PNG\r\n\x1a\n...."), Some("image/png"));
        assert_eq!(media_type(b"\xff\xd8\xff\xe0"), Some("image/jpeg"));
        assert_eq!(media_type(b"GIF89a"), Some("image/gif"));
        assert_eq!(media_type(b"RIFF\0\0\0\0WEBPVP8 "), Some("image/webp"));
        for other in [&b"<svg>"[..], b"<html>", b"GIF88a", b"RIFF\0\0\0\0WAVE", b"%PDF-", b""] {
            assert_eq!(media_type(other), None);
        }
    }

    #[test]
    fn every_category_has_a_drawing_of_its_own() {
        let mut drawings: Vec<&str> = CATEGORIES.into_iter().map(drawing).collect();
        assert!(drawings.iter().all(|svg| svg.starts_with("<svg") && !svg.contains("script")));
        drawings.sort_unstable();
        drawings.dedup();
        assert_eq!(drawings.len(), CATEGORIES.len());
    }
}
