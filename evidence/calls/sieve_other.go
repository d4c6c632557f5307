//go:build !amd64

package calls

func (wordSieve) wide(*wordMarks, []byte) int { return 0 }

func (byteSieve) wide(*byteMarks, []byte, int) int { return 0 }
