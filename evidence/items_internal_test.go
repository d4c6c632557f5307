package evidence

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// However much there is, little is held, and what is kept of it is what would be kept if all
// were held.
func TestItemsAreBoundedAsTheyAreFound(t *testing.T) {
	var few, all Code
	for n := range 60_000 {
		name := fmt.Sprintf("DYLD_%05d", (n*7919)%60_000)
		it := Item{Need: DyldEnvironment, Strength: Consistent, Symbol: name, Text: "names " + name}
		if n == 50_000 {
			it.Strength = Suggests
		}
		few.add(it)
		all.Items = append(all.Items, it)
		if len(few.Items) > maxHeld {
			t.Fatalf("%d items are held", len(few.Items))
		}
	}
	few.sort()
	all.sort()
	if diff := cmp.Diff(all, few); diff != "" || len(few.Items) != maxItems {
		t.Errorf("%d items:\n%s", len(few.Items), diff)
	}
}

// Calls that change protections are worth less where memory is mapped with MAP_JIT, which is
// known last. Many of them do not push out what is worth as much as before.
func TestManyChangesOfProtectionHideNoMapping(t *testing.T) {
	var c Code
	for n := range uint64(1000) {
		c.add(Item{Need: UnsignedMemory, Strength: Proves, Symbol: "_mprotect", Address: n, Text: fmt.Sprint(n)})
	}
	c.add(Item{Need: UnsignedMemory, Strength: Proves, Symbol: "_mmap", Address: 1 << 32, Text: "maps"})
	for n := range uint64(1000) {
		c.add(Item{Need: UnsignedMemory, Strength: Proves, Symbol: "_mprotect", Address: 1000 + n, Text: fmt.Sprint(1000 + n)})
	}
	c.add(Item{Need: MapJIT, Strength: Proves, Symbol: "_mmap", Text: "maps"})
	c.temper()
	c.sort()
	i := slices.IndexFunc(c.Items, func(it Item) bool { return it.Need == UnsignedMemory && it.Strength == Proves })
	if i < 0 || c.Items[i].Symbol != "_mmap" {
		t.Errorf("%+v", c.Items)
	}
}
