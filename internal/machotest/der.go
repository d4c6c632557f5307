package machotest

import (
	"bytes"
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"time"
)

// Tags of entitlements in DER. TagEntitlements is CCDER_ENTITLEMENTS of CoreEntitlementsPriv.h (xnu, EXTERNAL_HEADERS),
// TagDictionary is read off real signatures, the others are universal.
const (
	TagEntitlements = 0x70 // [APPLICATION 16]
	TagDictionary   = 0xb0 // [CONTEXT 16]
	TagBoolean      = 0x01
	TagInteger      = 0x02
	TagOctetString  = 0x04
	TagUTF8String   = 0x0c
	TagTime         = 0x18 // GeneralizedTime
	TagSequence     = 0x30
	TagSet          = 0x31 // a dictionary of the older form
)

// derForm is what the two forms of entitlements differ in.
type derForm struct {
	dictionary, truth byte
	compare           func(x, y derEntry) int
}

// derEntry is an encoded entry of a dictionary.
type derEntry struct {
	key string
	der []byte
}

func currentForm() derForm {
	return derForm{TagDictionary, 0xff, func(x, y derEntry) int { return cmp.Compare(x.key, y.key) }}
}

// olderForm is that of Security's der_plist.h. DER orders the elements of a SET by their bytes, hence by their length.
func olderForm() derForm {
	return derForm{TagSet, 0x01, func(x, y derEntry) int { return bytes.Compare(x.der, y.der) }}
}

// DER returns the dictionary of pairs as current tools encode entitlements (macOS 12 and later):
//
//	[APPLICATION 16] { INTEGER 1, [CONTEXT 16] { SEQUENCE { UTF8String, value }* } }
//
// Values are those of XML except float64, for which there is no encoding; Raw is DER here. Of []byte and time.Time it
// is unknown whether Apple's tools write them in this form: they are encoded as in the older one.
func DER(pairs ...any) []byte {
	return TLV(TagEntitlements, TLV(TagInteger, []byte{1}), currentForm().value(Dict(pairs)))
}

// OldDER returns the dictionary of pairs as tools of 2020 and 2021 did: a bare SET of SEQUENCE { UTF8String, value },
// with a TRUE of 0x01.
func OldDER(pairs ...any) []byte { return olderForm().value(Dict(pairs)) }

// DEREntries returns the current form around entries as they are, in the order given. Entries come from DEREntry or
// are made to be wrong.
func DEREntries(entries ...[]byte) []byte {
	return TLV(TagEntitlements, TLV(TagInteger, []byte{1}), TLV(TagDictionary, entries...))
}

// DEREntry returns one entry of a dictionary, SEQUENCE { UTF8String, value }, in the current form.
func DEREntry(key string, value any) []byte { return currentForm().entry(key, value) }

// TLV returns tag, shortest length, content.
func TLV(tag byte, content ...[]byte) []byte {
	n := 0
	for _, c := range content {
		n += len(c)
	}
	if n < 0x80 {
		return slices.Concat([]byte{tag, byte(n)}, slices.Concat(content...))
	}
	return LongTLV(len(big.NewInt(int64(n)).Bytes()), tag, content...)
}

// LongTLV returns tag, a length in the long form of n bytes, content. DER forbids it where fewer bytes would do.
func LongTLV(n int, tag byte, content ...[]byte) []byte {
	body := slices.Concat(content...)
	length := big.NewInt(int64(len(body))).FillBytes(make([]byte, n))
	return slices.Concat([]byte{tag, 0x80 | byte(n)}, length, body)
}

// IndefiniteTLV returns tag, the indefinite length, content, and the two zero bytes that end it. BER allows that, DER
// does not.
func IndefiniteTLV(tag byte, content ...[]byte) []byte {
	return slices.Concat([]byte{tag, 0x80}, slices.Concat(content...), []byte{0, 0})
}

// Nested returns v inside of depth arrays.
func Nested(depth int, v any) any {
	for range depth {
		v = []any{v}
	}
	return v
}

func (f derForm) value(v any) []byte {
	switch v := v.(type) {
	case Raw:
		return []byte(v)
	case bool:
		if v {
			return TLV(TagBoolean, []byte{f.truth})
		}
		return TLV(TagBoolean, []byte{0})
	case int:
		return TLV(TagInteger, twosComplement(int64(v)))
	case int64:
		return TLV(TagInteger, twosComplement(v))
	case string:
		return TLV(TagUTF8String, []byte(v))
	case []byte:
		return TLV(TagOctetString, v)
	case time.Time:
		return TLV(TagTime, []byte(v.UTC().Format("20060102150405Z")))
	case []any:
		var elements [][]byte
		for _, e := range v {
			elements = append(elements, f.value(e))
		}
		return TLV(TagSequence, elements...)
	case map[string]any, Dict:
		return f.dict(pairsOf(v))
	}
	panic(fmt.Sprintf("machotest: no DER for %T", v))
}

func (f derForm) dict(pairs []pair) []byte {
	var entries []derEntry
	for _, p := range pairs {
		entries = append(entries, derEntry{p.key, f.entry(p.key, p.value)})
	}
	slices.SortStableFunc(entries, f.compare)
	var content []byte
	for _, e := range entries {
		content = append(content, e.der...)
	}
	return TLV(f.dictionary, content)
}

func (f derForm) entry(key string, value any) []byte {
	return TLV(TagSequence, TLV(TagUTF8String, []byte(key)), f.value(value))
}

// twosComplement returns the shortest encoding of n, which has at least one byte.
func twosComplement(n int64) []byte {
	out := []byte{byte(n)}
	for n > 0x7f || n < -0x80 {
		n >>= 8
		out = append(out, byte(n))
	}
	slices.Reverse(out)
	return out
}
