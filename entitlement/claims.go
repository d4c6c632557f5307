package entitlement

import "slices"

// Claims is what one code signature claims, by both of its encodings.
type Claims struct {
	// Set is what is judged: the claims of every encoding that is there. macOS 12
	// and later obey the DER and take the XML for decoration, macOS 11 and earlier
	// obey the XML; the code may run on either.
	Set Set

	XML *XML // nil when the signature has no XML blob
	DER *DER // nil when the signature has no DER blob
}

// DER is what was read from a DER entitlements blob.
type DER struct {
	Set  Set
	Form Form
	Err  error // why the strict reader refused it; Set then holds what it may claim
}

// ReadClaims reads the payloads of the two entitlements blobs; nil means that
// the signature has no such blob.
func ReadClaims(xml, der []byte) Claims {
	c := Claims{Set: Set{}}
	if xml != nil {
		x := ReadXML(xml)
		x.Offsets = nil // which are for sources
		c.XML, c.Set = &x, x.Set
	}
	if der != nil {
		d := DER{}
		if d.Set, d.Form, d.Err = ReadDER(der); d.Err != nil {
			d.Set = Salvage(der)
		}
		switch {
		case c.XML == nil:
			c.Set = d.Set
		case c.XML.Set.Equal(d.Set): // as in nearly all code: one set serves for all
			d.Set = c.XML.Set
		default:
			c.Set = Union(c.XML.Set, d.Set)
		}
		c.DER = &d
	}
	return c
}

// Differ returns the keys on which the XML and the DER disagree, in ascending
// order. It is empty when one of them is absent or could not be read strictly,
// which is told in its own right.
func (c Claims) Differ() []string {
	if c.XML == nil || c.DER == nil || c.XML.Class == Ambiguous || c.DER.Err != nil {
		return nil
	}
	var keys []string
	for k := range c.Set {
		x, inXML := c.XML.Set[k]
		d, inDER := c.DER.Set[k]
		if !inXML || !inDER || !x.Equal(d) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}
