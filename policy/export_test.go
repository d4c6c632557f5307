package policy

// LoadAnyway is Load for policies of which some loosen what they may not: what is
// merged must not be laxer for that. It reports whether all could be parsed.
func LoadAnyway(at Location, read func(Location) ([]byte, error)) (*Policy, bool) {
	src, err := read(at)
	if err != nil {
		return nil, false
	}
	own, err := Parse(at.String(), src)
	if err != nil {
		return nil, false
	}
	var parents []*Policy
	for _, ref := range own.Extends {
		above, err := at.of(ref)
		if err != nil {
			return nil, false
		}
		parent, ok := LoadAnyway(above, read)
		if !ok {
			return nil, false
		}
		parents = append(parents, parent)
	}
	if parents == nil {
		return own, true
	}
	p, _ := merge(own, parents, new(comparisons))
	return p, true
}
