package calls

import features "golang.org/x/sys/cpu"

// hasWide reports whether the processor has AVX2, as those of the last ten years have.
var hasWide = features.X86.HasAVX2

// wide marks the words of as many whole 32 bytes as there are, and returns how many bytes
// these are.
func (s wordSieve) wide(m *wordMarks, code []byte) (done int) {
	n := len(code) / 32
	if n == 0 || !hasWide {
		return 0
	}
	markWords(m, &code[0], n, &s)
	return n * 32
}

// wide marks up to n places, 32 at a time, and returns how many it looked at.
func (s byteSieve) wide(m *byteMarks, code []byte, n int) (done int) {
	n = min(n, len(code)-byteReach) / 32
	if n <= 0 || !hasWide {
		return 0
	}
	markBytes(m, &code[0], n, &s)
	return n * 32
}

// markWords marks 8 words for each of n.
//
//go:noescape
func markWords(m *wordMarks, code *byte, n int, s *wordSieve)

// markBytes marks 32 places for each of n. It reads byteReach bytes more.
//
//go:noescape
func markBytes(m *byteMarks, code *byte, n int, s *byteSieve)
