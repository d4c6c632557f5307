package codesign

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/internal/inorder"
)

// The signed attributes that bind every CodeDirectory, since the signature itself
// covers one: a property list of cdhashes, and a set of whole hashes by algorithm.
var (
	oidHashAgility   = asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 9, 1}
	oidHashAgilityV2 = asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 9, 2}
)

// agility compares both attributes with the CodeDirectories that are there.
// Security.framework ignores an attribute that is absent (StaticCode.cpp,
// verifySignature), and so has an alternate that anyone may have added.
func (a *Authentication) agility(m *cmsMessage, dirs []signedDirectory) {
	v1, v2 := find(m.signed, oidHashAgility), find(m.signed, oidHashAgilityV2)
	if v1 == nil && v2 == nil {
		for _, d := range dirs[1:] {
			a.Problems = append(a.Problems, Problem{UnsignedDirectory, d.Slot, SlotName(d.Slot) + " is not bound by the signature"})
		}
		return
	}
	if v1 != nil {
		if err := m.agilityV1(dirs); err != nil {
			a.problem(AgilityMismatch, "list of cdhashes: %v", err)
		}
	}
	if v2 != nil {
		if err := agilityV2(v2, dirs); err != nil {
			a.problem(AgilityMismatch, "list of hashes: %v", err)
		}
	}
}

// agilityV1 compares the property list. Its cdhashes are in the order of hash
// types (StaticCode.cpp, cdHashes), and must be those and no others.
func (m *cmsMessage) agilityV1(dirs []signedDirectory) error {
	var plist []byte
	if err := m.only(oidHashAgility, &plist); err != nil {
		return err
	}
	list := entitlement.ReadXML(plist)
	hashes := list.Set["cdhashes"]
	if list.Class != entitlement.Canonical || hashes.Kind != entitlement.Array {
		return fmt.Errorf("no property list with cdhashes")
	}
	var want, got []string
	byType := func(a, b signedDirectory) int { return cmp.Compare(a.HashType, b.HashType) }
	for _, d := range inorder.Copied(dirs, byType) {
		want = append(want, d.CDHash)
	}
	for _, v := range hashes.Array {
		got = append(got, hex.EncodeToString(v.Data))
	}
	if !slices.Equal(want, got) {
		return fmt.Errorf("%v are listed, %v are there", got, want)
	}
	return nil
}

// agilityV2 compares the set of hashes. They are whole, and of the algorithm that
// makes the cdhash: SHA-256 for the type that truncates page hashes.
func agilityV2(values []asn1.RawValue, dirs []signedDirectory) error {
	if len(values) != len(dirs) {
		return fmt.Errorf("%d are listed, %d CodeDirectories are there", len(values), len(dirs))
	}
	type entry struct {
		Algorithm asn1.ObjectIdentifier
		Hash      []byte
	}
	var list []entry
	for _, v := range values {
		var e entry
		if err := unmarshal(v.FullBytes, &e); err != nil {
			return err
		}
		list = append(list, e)
	}
	for _, d := range dirs {
		oid, hash := d.wholeHash()
		if !slices.ContainsFunc(list, func(e entry) bool { return e.Algorithm.Equal(oid) && bytes.Equal(e.Hash, hash) }) {
			return fmt.Errorf("the hash of %s, %x, is not listed", SlotName(d.Slot), hash)
		}
	}
	return nil
}

// wholeHash returns the hash of which the cdhash is the beginning, and its
// algorithm.
func (d signedDirectory) wholeHash() (asn1.ObjectIdentifier, []byte) {
	switch d.HashType {
	case SHA1:
		return oidSHA1, d.HashType.sum(d.blob)
	case SHA384:
		return oidSHA384, d.HashType.sum(d.blob)
	default:
		hash := sha256.Sum256(d.blob)
		return oidSHA256, hash[:]
	}
}
