package codesign

import (
	"context"
	"crypto/x509"
	"encoding/hex"
	"io"
	"runtime"
	"time"

	cs "github.com/blacktop/go-macho/pkg/codesign/types"

	"github.com/codewarrant/codewarrant/codesign/requirement"
	"github.com/codewarrant/codewarrant/macho"
)

// Verifier verifies signatures: the pages of the code, and who signed it. Its
// memory is one block for each core, whatever it is given and however many
// signatures are verified at a time. The zero Verifier is not usable; see
// [NewVerifier].
type Verifier struct {
	anchors Anchors
	now     time.Time
	buffers chan []byte // also limits how many blocks are hashed at a time
}

// NewVerifier returns a verifier that uses all cores. It trusts the anchors, and
// holds certificates against the time now where there is no secure timestamp.
func NewVerifier(anchors Anchors, now time.Time) *Verifier {
	v := &Verifier{anchors: anchors, now: now, buffers: make(chan []byte, runtime.GOMAXPROCS(0))}
	for range cap(v.buffers) {
		v.buffers <- make([]byte, block)
	}
	return v
}

// Read reads the signature of a slice as [Read] does, compares every page of the
// code with the hashes of every CodeDirectory, and verifies the CMS. What could
// not be compared, by an error or at the end of ctx, is a problem.
func (v *Verifier) Read(ctx context.Context, r io.ReaderAt, s macho.Slice) (*Signature, error) {
	sig, sb, err := read(r, s)
	if err != nil {
		return nil, err
	}
	problems, err := v.verifyPages(ctx, r, s.Range.Offset, sig.pageHashes(sb, s.Signature.Offset))
	if err != nil {
		sig.problem(Unverified, sig.Directory().Slot, "the pages were not compared to the end: %v", err)
	}
	sig.Problems = append(sig.Problems, problems...)
	chain := []*x509.Certificate{} // of ad hoc code: known to be none
	if cms := sb.payload(uint32(cs.CSSLOT_CMS_SIGNATURE)); len(cms) > 0 {
		var a Authentication
		a, chain = sig.verifyCMS(sb, cms, v.anchors, v.now)
		sig.Authentication = &a
	}
	if chain != nil {
		sig.checkRequirement(chain)
	}
	return sig, nil
}

// Authenticated reports whether the signature proves who made it and that nothing
// of what it covers was changed since. Only then are identifier and team id more
// than words.
func (s *Signature) Authenticated() bool {
	if s.Authentication == nil || !s.Authentication.OK() {
		return false
	}
	for _, p := range s.Problems {
		if p.Kind != Unusual {
			return false
		}
	}
	return true
}

// checkRequirement holds the signature against its own designated requirement, by
// which others recognise the code. Of a signer who is not proven nothing would
// follow.
func (s *Signature) checkRequirement(chain []*x509.Certificate) {
	designated, ok := s.Requirements.Designated()
	if !ok {
		return
	}
	facts := requirement.Facts{
		Identifier: s.Directory().Identifier, Certificates: chain, AnchorApple: len(chain) > 0,
	}
	for _, d := range s.Directories {
		if hash, err := hex.DecodeString(d.CDHash); err == nil {
			facts.CDHashes = append(facts.CDHashes, hash)
		}
	}
	if designated.Evaluate(facts) == requirement.NotSatisfied {
		s.problem(Unsatisfied, uint32(cs.CSSLOT_REQUIREMENTS), "the signature does not meet its own designated requirement: %s", designated.Text)
	}
}
