// Package boundedplist reads property lists that nobody vouches for.
//
// It is howett.net/plist behind a linear scan of the bytes, because that
// library trusts its input: a million nested elements overflow the stack,
// which no recover can catch; a binary list of shared references doubles in
// cost with every level; claimed sizes are allocated; and what is neither XML
// nor binary is read as OpenStep text, in which an empty file is a dictionary.
//
// The scan takes only what every parser reads alike. The XML grammar is that
// of Apple's PropertyList-1.0.dtd; the binary layout is the one described at
// the top of CFBinaryPList.c in CoreFoundation.
package boundedplist

import (
	"bytes"
	"errors"
	"fmt"

	"howett.net/plist"
)

// What [Unmarshal] keeps to.
const (
	// MaxSize is in bytes. The largest Info.plist seen in real software is
	// under 1 MiB.
	MaxSize = 4 << 20

	maxObjects = 100_000 // real Info.plist files stay under 10,000
	maxDicts   = 20_000
)

const (
	// maxDepth counts containers, the plist element included. Real lists
	// stay under 12.
	maxDepth = 64

	// maxKey is the longest key of a dictionary, in bytes: that of a path on
	// macOS, for the keys of a CodeResources file are paths.
	maxKey = 1024
)

var (
	byteOrderMark = []byte("\xef\xbb\xbf")
	binaryMagic   = []byte("bplist")
)

// Limits are what a list may have. They are for lists that grow with the
// software they describe; all others are read by the function [Unmarshal].
type Limits struct {
	// Size is that of the list, in bytes.
	Size int
	// Objects counts keys, values and containers, a shared object once for
	// every way that leads to it: it bounds what decoding builds.
	Objects int
	// Dicts bounds dictionaries on their own: howett.net/plist sets 1 KiB aside
	// for each one of an XML list, the empty ones too.
	Dicts int
}

// Unmarshal reads the XML or binary property list b into v as
// [plist.Unmarshal] does. It refuses, with an error and before anything is
// built, a list longer than [MaxSize], one that nests or expands beyond bounds,
// any other format, and what parsers are known to read differently: text
// between elements, duplicate keys, an internal DTD subset, a list with no
// value or with several.
//
// Strings and data in v may share memory with each other, but not with b. An
// integer that is too wide for its field is cut off, as in [plist.Unmarshal].
func Unmarshal(b []byte, v any) error {
	return Limits{MaxSize, maxObjects, maxDicts}.Unmarshal(b, v)
}

// Unmarshal is the function [Unmarshal] with limits of the caller's.
func (l Limits) Unmarshal(b []byte, v any) error {
	if err := l.scan(b); err != nil {
		return err
	}
	_, err := plist.Unmarshal(b, v)
	return err
}

func (l Limits) scan(b []byte) error {
	switch text := bytes.TrimLeft(bytes.TrimPrefix(b, byteOrderMark), space); {
	case len(b) > l.Size:
		return fmt.Errorf("property list of %d bytes is longer than %d", len(b), l.Size)
	case len(text) == 0:
		return errors.New("empty property list")
	case bytes.HasPrefix(b, binaryMagic):
		if err := scanBinary(b, l); err != nil {
			return fmt.Errorf("binary property list: %w", err)
		}
	case text[0] == '<':
		if err := scanXML(b, l); err != nil {
			return fmt.Errorf("XML property list: %w", err)
		}
	default:
		return errors.New("neither an XML nor a binary property list")
	}
	return nil
}

// tally counts what decoding would build.
type tally struct{ objects, dicts int }

func (t *tally) add(dict bool, l Limits) error {
	t.objects++
	if dict {
		t.dicts++
	}
	return t.within(l)
}

func (t *tally) within(l Limits) error {
	if t.objects > l.Objects {
		return fmt.Errorf("more than %d objects", l.Objects)
	}
	if t.dicts > l.Dicts {
		return fmt.Errorf("more than %d dictionaries", l.Dicts)
	}
	return nil
}
