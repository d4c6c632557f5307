package engines

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
)

// The limits of what is looked at. Clues are shorter than maxText, and so is what a
// version is read from; a version is shorter than maxVersion.
const (
	enough      = 2   // clues that make an engine
	maxText     = 256 // bytes of a string
	maxVersion  = 48
	maxVersions = 2  // of one engine, which is as good as none
	maxTail     = 96 // bytes kept of a long string, for crates named at the border of chunks
)

// Matcher looks for the engines of one slice of a binary. Its zero value is ready.
type Matcher struct {
	met  [len(table)]met
	head []byte // the string that the last chunk ended in, as far as maxText
	tail []byte // the end of it, as far as maxTail
	open bool   // the last chunk ended in a string
	cut  bool   // and it is longer than head
}

// met is what was met of an engine.
type met struct {
	clues    []string
	versions []string
}

// Strings looks at the next bytes of a section of constants, which may end anywhere: a
// string goes on in the bytes of the next call, until [Matcher.End].
func (m *Matcher) Strings(b []byte) {
	if !m.open {
		b = b[m.whole(b):]
	}
	for len(b) > 0 {
		end := bytes.IndexByte(b, 0)
		if end < 0 {
			m.keep(b)
			return
		}
		s := b[:end]
		b = b[end+1:]
		if !m.open {
			m.text(s)
			continue
		}
		m.keep(s)
		m.End()
		b = b[m.whole(b):]
	}
}

// whole looks at the strings that end in b, and returns where the last of them ends, or some
// before it. Strings are short, and few of those that are long enough begin as a clue does: there is
// no branch for each byte, and none for a string that would often be guessed wrong.
func (m *Matcher) whole(b []byte) (start int) {
	before := uint64(0) // which of the last bytes are not zero
	for at := 0; at+64 <= len(b); at += 64 {
		text := nonzero((*[64]byte)(b[at:]))
		zeros := ^text
		// A zero behind minText bytes that are none.
		ends := zeros & (text<<1 | before>>3) & (text<<2 | before>>2) & (text<<3 | before>>1) & (text<<4 | before)
		for ; ends != 0; ends &= ends - 1 {
			end := bits.TrailingZeros64(ends)
			from := at + 64 - bits.LeadingZeros64(zeros&(1<<end-1))
			if zeros&(1<<end-1) == 0 {
				from = start
			}
			if mayTell(b[from : at+end]) {
				m.text(b[from : at+end])
			}
		}
		if zeros != 0 {
			start = at + 64 - bits.LeadingZeros64(zeros)
		}
		before = text >> (64 - minText)
	}
	return start
}

// nonzero has a bit for each byte that is not zero.
func nonzero(b *[64]byte) (list uint64) {
	const low, gather = 0x7f7f7f7f7f7f7f7f, 0x0102040810204080
	for i := 0; i < 64; i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		tops := (w&low + low | w) &^ low // the top bit of each byte that is not zero
		list |= tops >> 7 * gather >> 56 << i
	}
	return list
}

// mayTell reports whether a string, of minText bytes at least, may tell something.
func mayTell(s []byte) bool {
	const rs = '.' | 'r'<<8 | 's'<<16
	tells := filter.four.bit(uint64(binary.LittleEndian.Uint32(s))) | uint64(maxText-1-len(s))>>63
	if digit(s[0]) {
		tells |= 1
	}
	if binary.LittleEndian.Uint32(s[len(s)-4:])>>8 == rs {
		tells |= 1
	}
	return tells != 0
}

// End ends a section: what it ended in is a whole string.
func (m *Matcher) End() {
	if !m.open {
		return
	}
	if m.cut {
		m.prefixes(m.head)
	} else {
		m.text(m.head)
	}
	m.head, m.tail, m.open, m.cut = m.head[:0], m.tail[:0], false, false
}

// keep appends to the string that is not complete.
func (m *Matcher) keep(b []byte) {
	m.open = true
	if !m.cut {
		n := min(len(b), maxText-len(m.head))
		m.head = append(m.head, b[:n]...)
		if n == len(b) {
			return
		}
		b, m.cut = b[n:], true
		m.crates(m.head)
		m.tail = append(m.tail, m.head[maxText-maxTail:]...)
	}
	m.crates(append(m.tail, b[:min(len(b), maxTail)]...))
	m.crates(b)
	m.tail = append(m.tail, b[max(0, len(b)-maxTail):]...)
	m.tail = slices.Delete(m.tail, 0, max(0, len(m.tail)-maxTail))
}

// text looks at a whole string.
func (m *Matcher) text(s []byte) {
	if len(s) < minText {
		return
	}
	if len(s) >= maxText {
		m.prefixes(s[:maxText])
		m.crates(s)
		return
	}
	if digit(s[0]) {
		m.numbers(s)
	}
	if filter.has(s) {
		if i, ok := whole[string(s)]; ok {
			m.clue(i, string(s))
		}
		m.prefixes(s)
	}
	if s[len(s)-1] == 's' && bytes.HasSuffix(s, []byte(".rs")) {
		m.crates(s)
	}
}

// prefixes looks at the beginning of a string.
func (m *Matcher) prefixes(s []byte) {
	if !filter.has(s) {
		return
	}
	for _, p := range prefixes {
		if p.text[0] != s[0] || !bytes.HasPrefix(s, []byte(p.text)) || m.done(p) {
			continue
		}
		version := token(s[len(p.text):])
		if p.versioned && version == "" {
			continue
		}
		m.clue(p.engine, p.text)
		if p.versioned {
			m.version(p.engine, version)
		}
	}
}

// numbers looks at a string that may be a version, and nothing else.
func (m *Matcher) numbers(s []byte) {
	for _, n := range numbered {
		if len(m.met[n].versions) == maxVersions {
			continue
		}
		if v := table[n].number(s); v != "" && len(v) <= maxVersion {
			if table[n].numberIsClue && len(m.met[n].versions) == 0 {
				m.clue(n, v)
			}
			m.version(n, v)
		}
	}
}

// crates looks for the names of crates that the paths of Rust sources have, as in
// cranelift-codegen-0.117.2/src/lib.rs. Strings of Rust need not end in a zero.
func (m *Matcher) crates(s []byte) {
	for at := 0; ; {
		dash := bytes.IndexByte(s[at:], '-')
		if dash < 0 {
			return
		}
		at += dash + 1
		if at == len(s) || !digit(s[at]) {
			continue
		}
		for _, c := range crates {
			if !bytes.HasSuffix(s[:at], []byte(c.text)) || m.has(c.engine, c.text) {
				continue
			}
			if v := token(s[at:]); bytes.HasPrefix(s[at+len(v):], []byte("/src/")) {
				m.clue(c.engine, c.text)
				if c.versioned {
					m.version(c.engine, v)
				}
			}
		}
	}
}

// MayBegin reports whether the name of a symbol that is a clue may begin so: with eight bytes, or fewer where there are
// no more, which may reach past its end.
func MayBegin(name []byte) bool { return len(name) >= minText && symbolFilter.has(name) }

// Symbol looks at the name of a symbol that the file defines, as the symbol table has
// it. What a file imports is in another, and clues of that one.
func (m *Matcher) Symbol(name []byte) {
	if !MayBegin(name) {
		return
	}
	if i, ok := symbols[string(name)]; ok {
		m.clue(i, string(name))
		return
	}
	for _, p := range symbolPrefixes {
		if bytes.HasPrefix(name, []byte(p.text)) {
			m.clue(p.engine, p.text)
		}
	}
}

// done reports whether a clue has no more to tell.
func (m *Matcher) done(c clue) bool {
	return (!c.versioned || len(m.met[c.engine].versions) == maxVersions) && m.has(c.engine, c.text)
}

func (m *Matcher) has(engine int, clue string) bool {
	return slices.Contains(m.met[engine].clues, clue)
}

func (m *Matcher) clue(engine int, clue string) {
	if !m.has(engine, clue) {
		m.met[engine].clues = append(m.met[engine].clues, clue)
	}
}

func (m *Matcher) version(engine int, v string) {
	if list := &m.met[engine].versions; len(*list) < maxVersions && !slices.Contains(*list, v) {
		*list = append(*list, v)
	}
}

// token returns the version that s begins with: a digit and what may follow it.
func token(s []byte) string {
	end := 0
	for end < len(s) && end <= maxVersion && (digit(s[end]) || end > 0 && versionByte(s[end])) {
		end++
	}
	if end > maxVersion {
		return ""
	}
	return string(bytes.TrimRight(s[:end], ".+-"))
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

func versionByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '.' || c == '-' || c == '+' || c == '_'
}

// dotted returns where n numbers with dots between them end, that s begins with, and
// the numbers; 0 for none.
func dotted(s []byte, n int) (end int, list [4]int) {
	for i := range n {
		if i > 0 {
			if end == len(s) || s[end] != '.' {
				return 0, list
			}
			end++
		}
		start := end
		for end < len(s) && end-start < 6 && digit(s[end]) {
			list[i] = list[i]*10 + int(s[end]-'0')
			end++
		}
		if end == start {
			return 0, list
		}
	}
	return end, list
}

// set is a set of the beginnings of texts. What it has may be in the set, and what it
// has not is not.
type set struct {
	four  bitmap // of the first four bytes of all
	short bitmap // of those that have less than eight
	eight bitmap // of the first eight of the others
}

type bitmap [1 << 12 / 64]uint64

func (f *set) has(s []byte) bool {
	four := binary.LittleEndian.Uint32(s)
	if !f.four.has(uint64(four)) {
		return false
	}
	return f.short.has(uint64(four)) || len(s) >= 8 && f.eight.has(binary.LittleEndian.Uint64(s))
}

func (f *set) add(text string) {
	s := []byte(text)
	four := uint64(binary.LittleEndian.Uint32(s))
	f.four.add(four)
	if len(s) < 8 {
		f.short.add(four)
	} else {
		f.eight.add(binary.LittleEndian.Uint64(s))
	}
}

// hash spreads the bits of n over twelve (Fibonacci hashing).
func hash(n uint64) uint64 { return n * 0x9e3779b97f4a7c15 >> 52 }

func (b *bitmap) bit(n uint64) uint64 { h := hash(n); return b[h/64] >> (h % 64) & 1 }
func (b *bitmap) has(n uint64) bool   { return b.bit(n) != 0 }
func (b *bitmap) add(n uint64)        { h := hash(n); b[h/64] |= 1 << (h % 64) }
