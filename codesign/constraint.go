package codesign

import (
	"fmt"

	"github.com/codewarrant/codewarrant/entitlement"
)

// ParseConstraint reads the payload of a launch or library constraint (slots 8
// to 11). It returns the whole dictionary: what the signer wrote is under reqs,
// facts and operators such as $and-array and $in as values of their own; ccat
// (constraint category), comp and vers (versions) are the signing tool's.
//
// The encoding is that of DER entitlements in their current form, with the same
// demands, and so are the limits. Apple has published neither; the form is that
// which other tools write (environment_constraints.rs of apple-codesign) and read
// (ParseLaunchContraints of go-macho), and no signature in the corpus has one.
// The facts and operators are documented at
// https://developer.apple.com/documentation/security/defining-launch-environment-and-library-constraints.
func ParseConstraint(payload []byte) (entitlement.Set, error) {
	set, form, err := entitlement.ReadDER(payload)
	if err != nil {
		return nil, fmt.Errorf("constraint: %w", err)
	}
	if form != entitlement.VNext {
		return nil, fmt.Errorf("constraint: the form %s instead of %s", form, entitlement.VNext)
	}
	if kind := set["reqs"].Kind; kind != entitlement.Dictionary {
		return nil, fmt.Errorf("constraint: reqs is %s instead of a dictionary", kind)
	}
	return set, nil
}
