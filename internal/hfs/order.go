package hfs

import (
	"cmp"
	"slices"
	"unicode/utf16"
)

// Orders of the keys of the three trees. Each key has the bytes that its tree asks for.

// byExtent compares keys of extents: the file, the fork, and the first block
// (CompareExtentKeysPlus in hfs_extents.c).
func byExtent(a, b []byte) int {
	return cmp.Or(cmp.Compare(be.Uint32(a[2:]), be.Uint32(b[2:])), cmp.Compare(a[0], b[0]), cmp.Compare(be.Uint32(a[6:]), be.Uint32(b[6:])))
}

// byAttribute compares keys of attributes: the file, the name by its units, and the block
// (hfs_attrkeycompare in hfs_btreeio.c).
func byAttribute(a, b []byte) int {
	return cmp.Or(
		cmp.Compare(be.Uint32(a[2:]), be.Uint32(b[2:])),
		slices.Compare(units(a[attributeKey:], be.Uint16(a[10:])), units(b[attributeKey:], be.Uint16(b[10:]))),
		cmp.Compare(be.Uint32(a[6:]), be.Uint32(b[6:])))
}

// byName compares keys of the catalog, of which case counts: the folder, and the name by its units
// (cat_binarykeycompare in hfs_catalog.c).
func byName(a, b []byte) int {
	if c := cmp.Compare(be.Uint32(a), be.Uint32(b)); c != 0 {
		return c
	}
	return slices.Compare(units(a[catalogKey:], be.Uint16(a[4:])), units(b[catalogKey:], be.Uint16(b[4:])))
}

// byFoldedName compares keys of the catalog, of which case does not count (TN1150,
// "Case-Insensitive String Comparison Algorithm"; FastUnicodeCompare in UnicodeWrappers.c).
func byFoldedName(a, b []byte) int {
	if c := cmp.Compare(be.Uint32(a), be.Uint32(b)); c != 0 {
		return c
	}
	x, y := a[catalogKey:], b[catalogKey:]
	x, y = x[:min(2*int(be.Uint16(a[4:])), len(x)&^1)], y[:min(2*int(be.Uint16(b[4:])), len(y)&^1)]
	for {
		var l, r uint16 // 0 at the end, which no unit is that counts
		for ; l == 0 && len(x) > 0; x = x[2:] {
			l = foldUnit(be.Uint16(x))
		}
		for ; r == 0 && len(y) > 0; y = y[2:] {
			r = foldUnit(be.Uint16(y))
		}
		if l != r || l == 0 {
			return cmp.Compare(l, r)
		}
	}
}

// units returns a name of n units, or of those that are there.
func units(b []byte, n uint16) []uint16 {
	list := make([]uint16, min(int(n), len(b)/2))
	for i := range list {
		list[i] = be.Uint16(b[2*i:])
	}
	return list
}

// nameKey returns the key of a name in a folder.
func nameKey(folder uint32, name string) []byte {
	list := utf16.Encode([]rune(name))
	b := be.AppendUint16(be.AppendUint32(nil, folder), uint16(len(list)))
	for _, u := range list {
		b = be.AppendUint16(b, u)
	}
	return b
}

// foldUnit returns what a unit of a name is compared by, and 0 for one that is passed over. The
// table is that of TN1150, which is as old as the format: case of Latin, Greek, Cyrillic,
// Armenian, Georgian, Roman numbers and wide letters, but for letters that are decomposed.
func foldUnit(u uint16) uint16 {
	switch {
	case 'A' <= u && u <= 'Z':
		return u + 'a' - 'A'
	case u == 0:
		return 0xffff
	case u < 0x80:
		return u
	case u == 'Æ' || u == 'Ð' || u == 'Ø' || u == 'Þ':
		return u + 0x20
	case 0x100 <= u && u <= 0x1ff:
		return latin[u-0x100]
	case 0x391 <= u && u <= 0x3a9 && u != 0x3a2, 0x410 <= u && u <= 0x42f && u != 0x419:
		return u + 0x20
	case 0x3e2 <= u && u <= 0x3ee, 0x460 <= u && u <= 0x481 && u != 0x476, 0x490 <= u && u <= 0x4bf:
		return u | 1 // capitals are even
	case u == 0x402 || 0x404 <= u && u <= 0x406 || 0x408 <= u && u <= 0x40b || u == 0x40f:
		return u + 0x50
	case u == 0x4c3 || u == 0x4c7 || u == 0x4cb:
		return u + 1
	case 0x531 <= u && u <= 0x556, 0x10a0 <= u && u <= 0x10c5:
		return u + 0x30
	case 0x2160 <= u && u <= 0x216f:
		return u + 0x10
	case 0xff21 <= u && u <= 0xff3a:
		return u + 0x20
	case isIgnored(u):
		return 0
	}
	return u
}

// isIgnored reports whether a unit does not count: joiners, directions, and the mark of
// the order of bytes.
func isIgnored(u uint16) bool {
	return 0x200c <= u && u <= 0x200f || 0x202a <= u && u <= 0x202e || 0x206a <= u && u <= 0x206f || u == 0xfeff
}

// latin is what U+0100 to U+01FF are compared by.
var latin = func() (table [256]uint16) {
	const pairs = "ĐđĦħĲĳĿŀŁłŊŋŒœŦŧƁɓƂƃƄƅƆɔƇƈƉɖƊɗƋƌƎǝƏəƐɛƑƒƓɠƔɣƖɩƗɨƘƙƜɯƝɲƟɵƢƣƤƥƧƨƩʃƬƭƮʈƱʊƲʋƳƴƵƶƷʒƸƹƼƽǄǆǅǆǇǉǈǉǊǌǋǌǤǥǱǳǲǳ"
	for i := range table {
		table[i] = 0x100 + uint16(i)
	}
	list := []rune(pairs)
	for i := 0; i < len(list); i += 2 {
		table[list[i]-0x100] = uint16(list[i+1])
	}
	return table
}()
