package codesign

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"io"
	"runtime"
	"sync"
	"time"

	cs "github.com/blacktop/go-macho/pkg/codesign/types"

	"github.com/codewarrant/codewarrant/codesign/requirement"
	"github.com/codewarrant/codewarrant/macho"
)

// Verifier verifies signatures: the pages of the code, and who signed it. Its
// memory is one block for each core, whatever it is given and however many
// signatures are verified at a time, and the certificates of those whom Apple vouches
// for. The zero Verifier is not usable; see
// [NewVerifier].
type Verifier struct {
	anchors      Anchors
	now          time.Time
	buffers      chan []byte // also limits how many blocks are hashed at a time
	certificates certificates
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
	return v.read(ctx, r, s, nil)
}

func (v *Verifier) read(ctx context.Context, r io.ReaderAt, s macho.Slice, trailer []byte) (*Signature, error) {
	sig, sb, err := read(r, s, trailer)
	if err != nil {
		return nil, err
	}
	var signer sync.WaitGroup
	signer.Go(func() { v.authenticate(sig, sb) })
	problems, err := v.verifyPages(ctx, r, s.Range.Offset, sig.pageHashes(sb, s.Signature.Offset))
	signer.Wait()
	if err != nil {
		sig.problem(Unverified, sig.Directory().Slot, "the pages were not compared to the end: %v", err)
	}
	sig.Problems = append(sig.Problems, problems...)
	sig.checkRequirement()
	return sig, nil
}

// ReadProfile is the function [ReadProfile] with the anchors and the time of v.
func (v *Verifier) ReadProfile(cms []byte) (ProfileMessage, error) {
	return ReadProfile(cms, v.anchors, v.now)
}

// AuthenticatePackage is the function [AuthenticatePackage] with the anchors and the
// time of v.
func (v *Verifier) AuthenticatePackage(p Package) Authentication {
	return AuthenticatePackage(p, v.anchors, v.now)
}

// authenticate verifies the CMS, and completes the facts with the certificates that
// it proves. Of ad hoc code they are known to be none.
func (v *Verifier) authenticate(s *Signature, sb *superBlob) {
	s.Facts.Certificates = []*x509.Certificate{}
	if cms := sb.payload(uint32(cs.CSSLOT_CMS_SIGNATURE)); len(cms) > 0 {
		a, chain := s.verifyCMS(sb, cms, v.anchors, v.now)
		s.Authentication = &a
		s.Facts.Certificates = v.certificates.shared(chain)
		s.Facts.AnchorApple = chain != nil
	}
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
func (s *Signature) checkRequirement() {
	designated, ok := s.Requirements.Designated()
	if !ok || s.Facts.Certificates == nil {
		return
	}
	if designated.Evaluate(s.Facts) == requirement.NotSatisfied {
		s.problem(Unsatisfied, uint32(cs.CSSLOT_REQUIREMENTS), "the signature does not meet its own designated requirement: %s", designated.Text)
	}
}

// certificates are those of trusted chains, each held once, for as long as the
// verifier is: signatures of one signer share them. There are no more of them than
// Apple has issued.
type certificates struct {
	mu    sync.Mutex
	known map[[sha256.Size]byte]*x509.Certificate
}

// shared returns a chain of certificates that hold none of the bytes they were read
// from. It is nil when chain is.
func (c *certificates) shared(chain []*x509.Certificate) []*x509.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = map[[sha256.Size]byte]*x509.Certificate{}
	}
	var list []*x509.Certificate
	for _, certificate := range chain {
		key := sha256.Sum256(certificate.Raw)
		if c.known[key] == nil {
			own, err := x509.ParseCertificate(bytes.Clone(certificate.Raw))
			if err != nil {
				return nil // not after it was read once
			}
			c.known[key] = own
		}
		list = append(list, c.known[key])
	}
	return list
}
