package check

import (
	"slices"

	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/macho"
)

// Preflight is a service that code is to be handed to, and whose demands it is held
// against beside the policy.
type Preflight string

// The services; the empty one stands for none.
const (
	Notarization Preflight = "notarization" // Apple's notary service
)

// rejection is one reason for which Apple's notary service rejects a Mach-O image.
type rejection struct {
	log  string // the message in the service's log
	hint string
	is   func(s Slice) bool // of an image that is signed
}

// rejections are the messages that Apple explains in "Resolving common notarization
// issues"
// (https://developer.apple.com/documentation/security/resolving-common-notarization-issues),
// and the one on weak algorithms, which submitters have met. How each is decided is
// not published but for the SDK, of which Apple DTS says that all images need it
// (https://developer.apple.com/forums/thread/659964).
var rejections = []rejection{
	{
		"The signature of the binary is invalid.", "sign it anew, after the last change to the code and to its bundle",
		func(s Slice) bool { return !isIntact(s.Signature) },
	},
	{
		"The binary is not signed with a valid Developer ID certificate.", "sign it with a Developer ID Application certificate",
		func(s Slice) bool {
			return !s.Signature.Authenticated() || s.Signature.Authentication.Kind != codesign.DeveloperID
		},
	},
	{
		"The signature does not include a secure timestamp.", "sign it with codesign --timestamp",
		func(s Slice) bool {
			return s.Signature.Authentication == nil || s.Signature.Authentication.Timestamp.IsZero()
		},
	},
	{
		"The signature algorithm used is too weak.", "sign it with a current tool, which hashes with SHA-256",
		func(s Slice) bool { return s.Signature.Directory().HashType == codesign.SHA1 },
	},
	{
		"The executable does not have the hardened runtime enabled.", "sign it with codesign --options runtime",
		func(s Slice) bool {
			return s.IsProgram() && s.IsForMac() && s.Signature.Directory().Flags&codesign.FlagRuntime == 0
		},
	},
	{
		"The executable requests the com.apple.security.get-task-allow entitlement.", "sign it for distribution: without the entitlement, or with CODE_SIGN_INJECT_BASE_ENTITLEMENTS=NO",
		func(s Slice) bool {
			v, ok := s.Signature.Claims.Set["com.apple.security.get-task-allow"]
			return ok && v.Grants()
		},
	},
	{
		"The binary uses an SDK older than the 10.9 SDK.", "build it anew with a current SDK",
		usesOldSDK,
	},
}

// isIntact reports whether nothing that the signature covers was changed.
func isIntact(s *codesign.Signature) bool {
	return !slices.ContainsFunc(s.Problems, func(p codesign.Problem) bool { return p.Kind != codesign.Unusual })
}

// usesOldSDK reports whether code for macOS was not linked with the SDK of OS X 10.9
// or later. Code that does not say is taken for old. Other platforms count their SDKs
// in their own way.
func usesOldSDK(s Slice) bool {
	isOld := func(b macho.Build) bool {
		return b.Platform == "macos" && slices.Compare(numbers(b.SDK), []int{10, 9}) < 0
	}
	return len(s.Builds) == 0 || slices.ContainsFunc(s.Builds, isOld)
}

// preflight holds a slice against what Apple's notary service asks for.
func (e *evaluation) preflight(sub subject, s Slice) {
	if e.in.Preflight != Notarization || !s.IsSignable() {
		return
	}
	reject := func(r rejection) {
		f := sub.finding(RuleNotNotarizable, "Apple's notary service would say: "+r.log)
		f.Hint = r.hint
		e.add(f)
	}
	switch {
	case s.SignatureErr != nil:
		reject(rejections[0])
	case s.Signature == nil:
		reject(rejection{log: "The binary is not signed.", hint: "sign all code in what is submitted, nested code first"})
	default:
		for _, r := range rejections {
			if r.is(s) {
				reject(r)
			}
		}
	}
}
