package evidence

import (
	"testing"

	"github.com/codewarrant/codewarrant/evidence/calls"
	"github.com/codewarrant/codewarrant/macho"
)

// In a library code begins at the address that is also none.
func TestIsOwnCode(t *testing.T) {
	exact := func(list ...uint64) (v calls.Value) {
		for _, n := range list {
			v = append(v, calls.Bits{Zero: ^n, One: n})
		}
		return v
	}
	library := image{Image: &macho.Image{Segments: []macho.Segment{{Addr: 0, Size: 0x8000, Prot: 5}, {Addr: 0x8000, Size: 0x4000, Prot: 3}}}}
	for _, row := range []struct {
		name string
		addr calls.Value
		want bool
	}{
		{"a page of code", exact(0x4000), true},
		{"no address", exact(0), false},
		{"a page of code, or none", exact(0x4000, 0), false},
		{"a page of data", exact(0x8000), false},
		{"an address that is not known", calls.Value{{From: calls.Memory}}, false},
		{"nothing is known", nil, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := library.isOwnCode(row.addr); got != row.want {
				t.Error(got)
			}
		})
	}
}
