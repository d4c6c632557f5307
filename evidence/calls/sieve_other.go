//go:build !amd64

package calls

// hasWide is false: there is no assembly.
const hasWide = false

func (wordSieve) wide(*wordMarks, []byte) int { return 0 }

func (byteSieve) wide(*byteMarks, []byte, int) int { return 0 }
