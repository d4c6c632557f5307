package bzip2

// table finds symbols by their codes. Short codes lead to an entry for each way in which
// they may go on.
type table struct {
	short   [1 << shortLength]uint16 // the symbol, and below it the length in 5 bits; 0 is longer
	first   [maxLength + 1]uint32    // code of each length
	count   [maxLength + 1]uint32    // of these codes
	offset  [maxLength + 1]uint32    // of their symbols
	symbols [maxSymbols]uint16       // by their codes
}

// shortLength is in bits: codes that are longer are rare.
const shortLength = 10

// none is no symbol.
const none = 0x1ff

// set makes the table of the lengths of codes. Codes of one length follow each other,
// behind those that are shorter.
func (t *table) set(lengths []uint8) error {
	t.count = [maxLength + 1]uint32{}
	for _, n := range lengths {
		t.count[n]++
	}
	code, sum := uint32(0), uint32(0)
	for n := 1; n <= maxLength; n++ {
		t.first[n], t.offset[n] = code, sum
		code += t.count[n]
		sum += t.count[n]
		if code > 1<<n {
			return errTables
		}
		code <<= 1
	}
	next := t.offset
	for s, n := range lengths {
		t.symbols[next[n]] = uint16(s)
		next[n]++
	}
	clear(t.short[:])
	for n := uint32(1); n <= shortLength; n++ {
		for i := range t.count[n] {
			begin := (t.first[n] + i) << (shortLength - n)
			entry := t.symbols[t.offset[n]+i]<<5 | uint16(n)
			part := t.short[begin : begin+1<<(shortLength-n)]
			for j := range part {
				part[j] = entry
			}
		}
	}
	return nil
}

// find returns the symbol of the code that the bits begin with, and the length of that,
// and [none] where it is the code of nothing.
func (t *table) find(bits uint64) (symbol, length uint) {
	if e := t.short[bits>>(64-shortLength)]; e != 0 {
		return uint(e >> 5), uint(e & 31)
	}
	for n := uint(shortLength + 1); n <= maxLength; n++ {
		if i := uint32(bits>>(64-n)) - t.first[n]; i < t.count[n] {
			return uint(t.symbols[(t.offset[n]+i)%maxSymbols]), n
		}
	}
	return none, 0
}
