// Package entitlement is the vocabulary of the project: the entitlements that a
// macOS code signature claims, their values, strict readers for the two
// encodings that a signature carries them in (an XML property list and Apple's
// DER), and what is known of each documented key.
//
// The readers are strict because Apple's own parsers have disagreed with one
// another about lenient input, and each disagreement hid entitlements from the
// one that judged ("Psychic Paper", 2020; CVE-2022-42855). What only some parser
// would accept is reported as ambiguous, and every claim that can be found in it
// is kept.
//
// The package knows nothing of files, Mach-O or policy. Inputs are limited to
// [MaxSize] bytes, [MaxDepth] levels, [MaxValues] values and keys of [MaxKey] bytes.
package entitlement

import "errors"

const (
	// MaxSize bounds one entitlements blob, in bytes. The largest in a corpus of
	// 1,121 real slices has under 8 KiB.
	MaxSize = 1 << 20

	// MaxDepth bounds the nesting of values. Real entitlements nest two deep: an
	// array of strings in the dictionary.
	MaxDepth = 16

	// MaxValues bounds the values of one blob, those inside of others counted too. A
	// value takes far more memory than its few bytes in a blob. Real signatures
	// have under 100.
	MaxValues = 1000

	// MaxKey bounds one key, in bytes. Every message about a claim names its key in
	// full. The longest that Apple documents has under 100.
	MaxKey = 1 << 10
)

// errTooLarge is the finding for a blob over MaxSize.
var errTooLarge = errors.New("entitlements are larger than 1 MiB")
