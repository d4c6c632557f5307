package codesign

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"time"
)

var (
	oidTimestampToken = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 14}
	oidTSTInfo        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
)

// tstInfo is the beginning of TSTInfo (RFC 3161, section 2.4.2). What follows is
// optional and proves nothing that is needed here.
type tstInfo struct {
	Version int
	Policy  asn1.ObjectIdentifier
	Imprint struct {
		Algorithm pkix.AlgorithmIdentifier
		Hash      []byte
	}
	Serial *big.Int
	Time   time.Time `asn1:"generalized"`
}

// timestamp verifies the secure timestamp, an unsigned attribute of the signer.
// One that is wrong proves no time.
func (a *Authentication) timestamp(m *cmsMessage, anchors Anchors) {
	values := find(m.unsigned, oidTimestampToken)
	if values == nil {
		return
	}
	if len(values) > 1 {
		a.problem(BadTimestamp, "%d timestamps where one is expected", len(values))
		return
	}
	t, err := verifyTimestamp(values[0].FullBytes, m.signature, anchors)
	if err != nil {
		a.problem(BadTimestamp, "%v", err)
		return
	}
	a.Timestamp = t
}

// verifyTimestamp returns the time that a token proves for a signature value. Its
// chain must end at the anchors of the code's own signature, as Apple has it
// (StaticCode.cpp, verifySignature), and be valid at that time.
func verifyTimestamp(token, signature []byte, anchors Anchors) (time.Time, error) {
	m, err := parseCMS(token)
	if err != nil {
		return time.Time{}, err
	}
	if err := m.verify(oidTSTInfo, m.content); err != nil {
		return time.Time{}, err
	}
	var info tstInfo
	if err := unmarshal(m.content, &info); err != nil {
		return time.Time{}, fmt.Errorf("TSTInfo: %w", err)
	}
	hash := digestOf(info.Imprint.Algorithm.Algorithm)
	switch {
	case info.Version != 1:
		return time.Time{}, fmt.Errorf("TSTInfo of version %d", info.Version)
	case hash == 0:
		return time.Time{}, fmt.Errorf("an imprint by algorithm %v", info.Imprint.Algorithm.Algorithm)
	case !bytes.Equal(info.Imprint.Hash, sum(hash, signature)):
		return time.Time{}, errors.New("it is the timestamp of another signature")
	case len(m.leaf.ExtKeyUsage) != 1 || len(m.leaf.UnknownExtKeyUsage) > 0:
		// RFC 3161, section 2.3: the one usage, so that no other key tells the time.
		return time.Time{}, errors.New("the certificate of its signer is not for timestamps alone")
	}
	chain, err := m.chain(anchors, x509.ExtKeyUsageTimeStamping)
	if err != nil {
		return time.Time{}, err
	}
	return info.Time.UTC(), validAt(chain, info.Time)
}
