// Package codesign reads embedded code signatures: the SuperBlob, its
// CodeDirectories, and the blobs that they bind by hash. It judges nothing that
// a policy decides; what the kernel or Security.framework would refuse, or read
// differently from one another, is data of its own, a [Problem].
//
// The format is that of osfmk/kern/cs_blobs.h in xnu; the rules are those of
// cs_validate_csblob and cs_validate_codedirectory in bsd/kern/ubc_subr.c and of
// SecStaticCode in libsecurity_codesigning/lib/StaticCode.cpp. All integers are
// big-endian.
package codesign

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"

	cs "github.com/blacktop/go-macho/pkg/codesign/types"

	"github.com/codewarrant/codewarrant/codesign/requirement"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/macho"
)

const (
	// maxSignature bounds the signature of one slice, in bytes. A hash of 32 bytes
	// for each page of 4 KiB makes 16 MiB enough for a slice of 2 GiB; the largest
	// signature in the corpus has 0.9 MiB.
	maxSignature = 16 << 20

	// maxBlobs bounds the index of a SuperBlob. Real ones have at most 8 entries.
	maxBlobs = 64
)

// Signature is what one slice is signed with. It holds plain values and none of
// the bytes it was read from.
type Signature struct {
	Blobs        []Blob      // in the order of the index
	Directories  []Directory // every CodeDirectory, in ascending order of slots
	Claims       entitlement.Claims
	Requirements requirement.Set            // of slot 2
	Constraints  map[uint32]entitlement.Set // launch and library constraints, by slot

	// Facts are what requirements of others are evaluated for. The certificates are
	// nil until [Verifier.Read] has proven them.
	Facts requirement.Facts

	// Authentication is what the CMS proves; nil when there is none, or when it was
	// not looked at.
	Authentication *Authentication

	CMSSize  int // bytes of CMS; 0: none, as in ad hoc signatures
	Problems []Problem
	Digest   [sha256.Size]byte // equal for copies of one signature
}

// Blob is one entry of the SuperBlob's index.
type Blob struct {
	Slot   uint32
	Magic  uint32
	Offset uint32 // from the start of the SuperBlob
	Size   uint32 // with the blob's own header of 8 bytes
}

// Problem is something that makes a signature malformed, ambiguous, or less than
// it seems.
type Problem struct {
	Kind   ProblemKind
	Slot   uint32 // the slot it is about; of the CodeDirectory where it is about one
	Detail string
}

// ProblemKind tells problems apart.
type ProblemKind string

const (
	// Malformed: a structure that is not what cs_blobs.h describes, or that does not
	// agree with itself. The kernel or Security.framework refuses nearly all of it.
	Malformed ProblemKind = "malformed"

	// Ambiguous: CodeDirectories of which one reader would obey one and another
	// reader another, or that say different things.
	Ambiguous ProblemKind = "ambiguous"

	// Unbound: a blob that no hash in the CodeDirectory covers. Of entitlements and
	// constraints the kernel refuses it; Security.framework ignores it.
	Unbound ProblemKind = "unbound"

	// Missing: a hash for a blob that is not there.
	Missing ProblemKind = "missing"

	// Mismatch: a blob or file that is not the one that was hashed.
	Mismatch ProblemKind = "mismatch"

	// Modified: pages of the code that are not the ones that were hashed.
	Modified ProblemKind = "modified"

	// Uncovered: bytes of the slice that no hash covers.
	Uncovered ProblemKind = "uncovered"

	// Unsatisfied: the designated requirement is one that the code does not meet.
	Unsatisfied ProblemKind = "unsatisfied"

	// Unverified: a comparison that did not come to its end.
	Unverified ProblemKind = "unverified"

	// Unusual: nothing that a reader refuses, but worth a remark.
	Unusual ProblemKind = "unusual"
)

// errUnsigned is returned for a slice without LC_CODE_SIGNATURE.
var errUnsigned = errors.New("the slice has no code signature")

// Read reads the signature of a slice of the file r. The error says why nothing
// could be read; what is wrong inside is in [Signature.Problems]. It reads the
// signature alone: special slots are compared, pages and signers are not. See
// [Verifier.Read] for those.
func Read(r io.ReaderAt, s macho.Slice) (*Signature, error) {
	sig, _, err := read(r, s, nil)
	return sig, err
}

// read reads the signature of a slice, or of a disk image with the trailer that it signs.
func read(r io.ReaderAt, s macho.Slice, trailer []byte) (*Signature, *superBlob, error) {
	if s.Signature == nil {
		return nil, nil, errUnsigned
	}
	if s.Signature.Size > maxSignature {
		return nil, nil, fmt.Errorf("a signature of %d bytes; the limit is %d", s.Signature.Size, maxSignature)
	}
	b := make([]byte, s.Signature.Size)
	if n, err := r.ReadAt(b, int64(s.Range.Offset+s.Signature.Offset)); n < len(b) {
		return nil, nil, fmt.Errorf("read the signature: %w", orShort(err))
	}
	sb, err := parseSuperBlob(b)
	if err != nil {
		return nil, nil, err
	}
	sig := &Signature{Blobs: sb.blobs, Problems: sb.problems}
	sig.readDirectories(sb)
	sig.Digest = sig.digest(sb)
	if len(sig.Directories) == 0 {
		err := errors.New("the signature has no CodeDirectory that can be read")
		if why := sig.Problems[len(sb.problems):]; len(why) > 0 {
			err = fmt.Errorf("%w: %s", err, why[0].Detail)
		}
		return nil, nil, err
	}
	sig.compareDirectories(s, trailer != nil)
	sig.uncovered(s, sb.padding)
	sig.checkSlots(sb, trailer)
	sig.CMSSize = len(sb.payload(uint32(cs.CSSLOT_CMS_SIGNATURE)))
	sig.checkSigner()
	sig.Facts.Identifier, sig.Facts.CDHash = sig.Directory().Identifier, sig.Directory().cdhash
	sig.readRequirements(sb)
	sig.Claims = entitlement.ReadClaims(
		sb.payload(uint32(cs.CSSLOT_ENTITLEMENTS)), sb.payload(uint32(cs.CSSLOT_ENTITLEMENTS_DER)))
	return sig, sb, nil
}

// readRequirements reads what others may demand of the code, and the code of others.
func (s *Signature) readRequirements(sb *superBlob) {
	if blob := sb.find(uint32(cs.CSSLOT_REQUIREMENTS)); blob != nil {
		var err error
		if s.Requirements, err = requirement.Parse(sb.bytes(blob)); err != nil {
			s.problem(Malformed, blob.Slot, "requirements: %v", err)
		}
	}
	for slot := uint32(cs.CSSLOT_LAUNCH_CONSTRAINT_SELF); slot <= uint32(cs.CSSLOT_LIBRARY_CONSTRAINT); slot++ {
		payload := sb.payload(slot)
		if payload == nil {
			continue
		}
		set, err := ParseConstraint(payload)
		if err != nil {
			s.problem(Unusual, slot, "%s: %v", SlotName(slot), err)
			continue
		}
		if s.Constraints == nil {
			s.Constraints = map[uint32]entitlement.Set{}
		}
		s.Constraints[slot] = set
	}
}

func orShort(err error) error {
	if err == nil || err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// digest covers every blob, CodeDirectories by their cdhashes, which are known
// already and stand for nearly all of the bytes.
func (s *Signature) digest(sb *superBlob) (sum [sha256.Size]byte) {
	h := sha256.New()
	for i := range sb.blobs {
		blob := &sb.blobs[i]
		content := sb.bytes(blob)
		if j := slices.IndexFunc(s.Directories, func(d Directory) bool { return d.blob == *blob }); j >= 0 {
			content = []byte(s.Directories[j].CDHash)
		}
		fmt.Fprintf(h, "%d %d ", blob.Slot, len(content))
		h.Write(content)
	}
	h.Sum(sum[:0])
	return sum
}

//go:noinline // it is called in many places, and copied into none: it is never hot
func (s *Signature) problem(kind ProblemKind, slot uint32, format string, args ...any) {
	s.Problems = append(s.Problems, Problem{kind, slot, fmt.Sprintf(format, args...)})
}

// Directory returns the CodeDirectory that the kernel obeys: the one of the
// strongest hash type.
func (s *Signature) Directory() *Directory {
	best := &s.Directories[0]
	for i := range s.Directories {
		if s.Directories[i].HashType.rank() > best.HashType.rank() {
			best = &s.Directories[i]
		}
	}
	return best
}

// Signing says how the code is signed: linker-signed or adhoc, by the flags that
// the kernel goes by, whatever stands in the CMS slot; cms; or none, for a
// signature that has neither the flag nor a CMS.
func (s *Signature) Signing() string {
	flags := s.Directory().Flags
	switch {
	case flags&FlagLinkerSigned != 0:
		return "linker-signed"
	case flags&FlagAdhoc != 0:
		return "adhoc"
	case s.CMSSize > 0:
		return "cms"
	default:
		return "none"
	}
}

// checkSigner tells of a signature that names no signer, or one and none.
func (s *Signature) checkSigner() {
	adhoc := s.Directory().Flags&(FlagAdhoc|FlagLinkerSigned) != 0
	switch {
	case !adhoc && s.CMSSize == 0:
		s.problem(Malformed, uint32(cs.CSSLOT_CMS_SIGNATURE), "no CMS signature, and no flag that says ad hoc: nobody signed it")
	case adhoc && s.CMSSize > 0:
		s.problem(Ambiguous, uint32(cs.CSSLOT_CMS_SIGNATURE), "a CMS signature in code that is flagged ad hoc")
	}
}
