package machotest

import "crypto/sha256"

// slotTrailer is CSSLOT_REP_SPECIFIC of cs_blobs.h.
const slotTrailer = 6

// ForImage returns a signature as codesign makes it of a disk image: of one page, with the
// hash of the trailer as it is signed.
func (s Signature) ForImage(trailer []byte) *Signature {
	s.Directory = func(_ int, d *Directory) {
		d.PageSize = 0
		d.Special = append(d.Special, make([][]byte, slotTrailer-len(d.Special))...)
		for n := range d.Special {
			if d.Special[n] == nil {
				d.Special[n] = make([]byte, sha256.Size)
			}
		}
		sum := sha256.Sum256(trailer)
		d.Special[slotTrailer-1] = sum[:]
	}
	return &s
}
