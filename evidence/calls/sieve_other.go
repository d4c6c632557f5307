//go:build !amd64

package calls

// hasWide is false: there is no assembly.
const hasWide = false

func (s *sieveARM64) wide(to *sifted, code []byte) (done int) { return 0 }

func (s *sieveX86) wide(to *sifted, code []byte, i, n int) (done int) { return i }
