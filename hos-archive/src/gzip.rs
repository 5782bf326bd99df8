//! Members of gzip, each of a tile's lines: packed whole, unpacked as bytes come in.

use std::io::{self, Write};

use flate2::write::{GzDecoder, GzEncoder};
use flate2::{Compression, GzBuilder};

use crate::finding::Fault;

/// Packs lines as one member. The same lines make the same bytes: no name, no time.
pub(crate) fn pack<'l>(lines: impl IntoIterator<Item = &'l [u8]>) -> io::Result<Vec<u8>> {
    // 255 is "unknown" for the operating system (RFC 1952, section 2.3).
    let builder = GzBuilder::new().mtime(0).operating_system(255);
    let mut encoder: GzEncoder<Vec<u8>> = builder.write(Vec::new(), Compression::new(6));
    for line in lines {
        encoder.write_all(line)?;
        encoder.write_all(b"\n")?;
    }
    encoder.finish()
}

/// Takes the lines of a member, without their ends, as they are complete.
pub(crate) trait Sink {
    /// The longest line that is allowed, in bytes.
    const LINE_MAX: usize;

    fn line(&mut self, line: &[u8]) -> Result<(), Fault>;
}

/// Unpacks one member. Memory is bounded by the longest line, whatever the member claims to hold.
pub(crate) struct Member<S: Sink> {
    decoder: GzDecoder<Lines<S>>,
}

impl<S: Sink> Member<S> {
    pub(crate) fn new(sink: S) -> Self {
        Self { decoder: GzDecoder::new(Lines { line: Vec::new(), sink, fault: None }) }
    }

    /// Unpacks a whole member.
    pub(crate) fn unpack(bytes: &[u8], sink: S) -> Result<S, Fault> {
        let mut member = Self::new(sink);
        member.feed(bytes)?;
        member.finish()
    }

    /// What was made of the lines so far.
    pub(crate) fn sink(&self) -> &S {
        &self.decoder.get_ref().sink
    }

    /// Takes the next bytes of the member.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.decoder.write_all(bytes).map_err(|error| self.fault(&error))
    }

    /// Says that the member is complete.
    pub(crate) fn finish(mut self) -> Result<S, Fault> {
        if let Err(error) = self.decoder.try_finish() {
            return Err(self.fault(&error));
        }
        let lines = self.decoder.finish().map_err(|_| Fault::Gzip)?;
        // What has no end is no line.
        if lines.line.is_empty() { Ok(lines.sink) } else { Err(Fault::LineCount) }
    }

    fn fault(&self, error: &io::Error) -> Fault {
        match (self.decoder.get_ref().fault, error.kind()) {
            (Some(fault), _) => fault,
            (None, io::ErrorKind::WriteZero) => Fault::Trailing,
            (None, io::ErrorKind::UnexpectedEof) => Fault::Truncated,
            (None, _) => Fault::Gzip,
        }
    }
}

struct Lines<S> {
    line: Vec<u8>,
    sink: S,
    fault: Option<Fault>,
}

impl<S: Sink> Lines<S> {
    fn take(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let mut left = bytes;
        while let Some(end) = left.iter().position(|byte| *byte == b'\n') {
            let (line, rest) = left.split_at(end);
            self.grow(line)?;
            self.sink.line(&self.line)?;
            self.line.clear();
            left = rest.get(1..).unwrap_or_default();
        }
        self.grow(left)
    }

    fn grow(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        if self.line.len() + bytes.len() > S::LINE_MAX {
            return Err(Fault::LongLine);
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }
}

impl<S: Sink> Write for Lines<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A decoder that is let go of writes what it still holds.
        if self.fault.is_none() {
            self.fault = self.take(bytes).err();
        }
        match self.fault {
            None => Ok(bytes.len()),
            Some(_) => Err(io::Error::other("a line that is none")),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct All(Vec<Vec<u8>>);

    impl Sink for All {
        const LINE_MAX: usize = 1_000;

        fn line(&mut self, line: &[u8]) -> Result<(), Fault> {
            self.0.push(line.to_vec());
            Ok(())
        }
    }

    fn lines(packed: &[u8]) -> Result<Vec<Vec<u8>>, Fault> {
        Ok(Member::unpack(packed, All(Vec::new()))?.0)
    }

    #[test]
    fn lines_come_back_and_the_same_lines_make_the_same_bytes() {
        let text: [&[u8]; 3] = [b"one", b"", b"three"];
        let packed = pack(text).unwrap();
        assert_eq!(lines(&packed).unwrap(), text);
        assert_eq!(packed, pack(text).unwrap());
        assert_eq!(lines(&pack([]).unwrap()).unwrap(), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn what_is_cut_goes_on_or_is_too_long_has_a_name() {
        let packed = pack([b"one".as_slice(), &[b'x'; 900]]).unwrap();
        for cut in 0..packed.len() {
            assert!(lines(&packed[..cut]).is_err(), "{cut}");
        }
        assert_eq!(lines(&[&packed[..], b"x"].concat()), Err(Fault::Trailing));
        assert_eq!(lines(&[&packed[..], &packed[..]].concat()), Err(Fault::Trailing));
        assert_eq!(lines(&pack([[b'x'; 1_001].as_slice()]).unwrap()), Err(Fault::LongLine));
        assert_eq!(lines(b"no gzip at all, by far"), Err(Fault::Gzip));
    }

    #[test]
    fn a_bomb_is_let_go_of_at_its_first_long_line() {
        let bomb = pack([vec![b'0'; 50_000_000].as_slice()]).unwrap();
        assert!(bomb.len() < 60_000);
        assert_eq!(lines(&bomb), Err(Fault::LongLine));
    }
}
