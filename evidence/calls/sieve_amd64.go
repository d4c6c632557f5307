package calls

import features "golang.org/x/sys/cpu"

// hasWide reports whether the processor has what the loops need, as all that servers have had for ten years.
var hasWide = features.X86.HasAVX2 && features.X86.HasBMI1 && features.X86.HasPOPCNT

// compress has, for each set of eight numbers, where those of the set are, in order.
var compress = func() (table [256][8]uint32) {
	for set := range table {
		n := 0
		for k := range uint32(8) {
			if set>>k&1 != 0 {
				table[set][n] = k
				n++
			}
		}
	}
	return table
}()

// wide looks at as many whole 32 bytes as there are, and returns how many bytes these are.
func (s *sieveARM64) wide(to *sifted, code []byte) (done int) {
	n := len(code) / 32
	if n == 0 || !hasWide {
		return 0
	}
	_, _ = to.jumps[to.n+8*n+7], to.others[n/8] // the last that can be written
	to.n += siftARM64(s, to, &to.jumps[to.n], &code[0], n, &compress)
	return n * 32
}

// wide looks at the places from i on, of which 32 divides i, up to n, 32 at a time, and returns
// how far it came.
func (s *sieveX86) wide(to *sifted, code []byte, i, n int) (done int) {
	count := (min(n, len(code)-longX86) - i) / 32
	if count <= 0 || i == 0 || !hasWide {
		return i
	}
	_, _ = to.jumps[to.n+32*count+3], to.others[(i/32+count-1)/2] // the last that can be written
	to.n += siftX86(s, to, &to.jumps[to.n], &code[i], uint32(i), count)
	return i + count*32
}

// siftARM64 looks at 8 words for each of n, and returns how many jumps there are.
//
//go:noescape
func siftARM64(s *sieveARM64, to *sifted, jumps *uint32, code *byte, n int, compress *[256][8]uint32) (count int)

// siftX86 looks at 32 places for each of n, of which i is the number of the first, and returns how
// many jumps there are. It reads the byte before and longX86-1 bytes more.
//
//go:noescape
func siftX86(s *sieveX86, to *sifted, jumps *uint32, code *byte, i uint32, n int) (count int)
