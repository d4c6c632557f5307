package evidence

import (
	"strings"
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

// What may be executable where the code around a call could not be followed is a gap.
func TestCallsThatWereNotFollowedAreGaps(t *testing.T) {
	exact := func(n uint64) calls.Value { return calls.Value{{Zero: ^n, One: n}} }
	other := calls.Value{{From: calls.Memory}}
	self := calls.Value{{From: calls.Memory, Name: taskSelf}}
	for _, row := range []struct {
		name string
		site calls.Site
		want string
	}{
		{"mmap with MAP_JIT on all ways that were seen", calls.Site{Symbol: "_mmap", Partial: true, Args: map[int]calls.Value{2: exact(7), 3: exact(0x1802)}}, "mmap is called with " + otherFlags},
		{"mmap with MAP_JIT on all ways", calls.Site{Symbol: "_mmap", Args: map[int]calls.Value{2: exact(7), 3: exact(0x1802)}}, ""},
		{"mprotect to write, as far as was seen", calls.Site{Symbol: "_mprotect", Partial: true, Args: map[int]calls.Value{0: other, 2: exact(3)}}, "mprotect is called with " + otherProtection},
		{"mprotect to write", calls.Site{Symbol: "_mprotect", Args: map[int]calls.Value{0: other, 2: exact(3)}}, ""},
		{"vm_protect, of neither the task nor the protection of which anything is known", calls.Site{Symbol: "_vm_protect", Args: map[int]calls.Value{0: other, 1: other, 3: exact(0), 4: other}}, "vm_protect is called with a protection that is not known"},
		{"vm_protect to write in a task that is not known, as far as was seen", calls.Site{Symbol: "_vm_protect", Partial: true, Args: map[int]calls.Value{0: other, 1: other, 3: exact(0), 4: exact(3)}}, "vm_protect is called with " + otherProtection},
		{"vm_map to write, as far as was seen", calls.Site{Symbol: "_vm_map", Partial: true, Args: map[int]calls.Value{0: self, 8: exact(3)}}, "vm_map is called with " + otherProtection},
	} {
		t.Run(row.name, func(t *testing.T) {
			i := image{Code: &Code{}, Image: &macho.Image{}, unknown: map[string][]uint64{}}
			i.sites(calls.Program{}, []calls.Site{row.site})
			got := ""
			for _, g := range i.Code.Gaps {
				got += strings.TrimSuffix(g.Text, " at 0x0")
			}
			if got != row.want {
				t.Errorf("%q, want %q", got, row.want)
			}
		})
	}
}
