package codesign

import (
	"bytes"
	"context"
	"io"

	cs "github.com/blacktop/go-macho/pkg/codesign/types"

	"github.com/codewarrant/codewarrant/macho"
)

// Image is where a disk image has its signature, and its trailer as that signs it: with
// the length of the signature set to zero (DiskImageRep::setup in
// libsecurity_codesigning/lib/diskimagerep.cpp).
type Image struct {
	Offset, Size uint64 // of the SuperBlob, in bytes of the file
	Trailer      []byte // which follows it, and ends the file
}

// ReadImage reads the signature of a disk image as [Verifier.Read] does that of a slice. It
// covers all that is before it, and the trailer by the special slot for what is specific to a
// kind of file (DiskImageRep::strictValidate and ::component). Pages may be of any size:
// codesign makes one of the whole image (DiskRep::pageSize in diskrep.cpp).
func (v *Verifier) ReadImage(ctx context.Context, r io.ReaderAt, i Image) (*Signature, error) {
	sig, err := v.read(ctx, r, i.slice(), i.Trailer)
	if err == nil {
		sig.checkTrailer(i.Trailer)
	}
	return sig, err
}

// ReadImage reads the signature of a disk image as [Read] does that of a slice: neither the
// bytes before it nor who signed it are looked at.
func ReadImage(r io.ReaderAt, i Image) (*Signature, error) {
	sig, _, err := read(r, i.slice(), i.Trailer)
	if err == nil {
		sig.checkTrailer(i.Trailer)
	}
	return sig, err
}

// slice is what a signature covers pages of.
func (i Image) slice() macho.Slice {
	return macho.Slice{
		Range:     macho.Range{Size: i.Offset + i.Size},
		Signature: &macho.Range{Offset: i.Offset, Size: i.Size},
	}
}

// checkTrailer compares the trailer with the slot of every CodeDirectory.
func (s *Signature) checkTrailer(trailer []byte) {
	const slot = uint32(cs.CSSLOT_REP_SPECIFIC)
	for i := range s.Directories {
		d := &s.Directories[i]
		switch hash := d.Special(slot); {
		case hash == nil:
			s.problem(Unbound, slot, "%s has no hash for the trailer of the disk image", SlotName(d.Slot))
		case !bytes.Equal(hash, d.HashType.sum(trailer)):
			s.problem(Mismatch, slot, "the trailer of the disk image is not the one that %s hashes", SlotName(d.Slot))
		}
	}
}
