package sanitise

import "io"

// Log returns a writer for a stream that GitHub's runner reads, on which no text
// is a workflow command. The runner obeys two forms (ActionCommand.cs in
// actions/runner): `::name …::` where nothing but white space stands before it in
// its line, and `##[name …]` anywhere. Log puts a backslash before the last
// character of the mark, `:\:` and `##\[`, and passes everything else on as it is,
// each write at once.
//
// The backslash is chosen because it is seen, and because .NET compares text by
// the rules of a language, which pass over zero-width characters. For that same
// reason whatever is not printable ASCII counts as white space here.
func Log(w io.Writer) io.Writer { return &logWriter{w: w, blank: true} }

type logWriter struct {
	w      io.Writer
	blank  bool // only white space so far in this line
	colon  bool // and then one colon
	hashes int  // how many # stand directly before, up to 2
}

func (l *logWriter) Write(p []byte) (int, error) {
	out := make([]byte, 0, len(p))
	for _, c := range p {
		if c == ':' && l.colon || c == '[' && l.hashes == 2 {
			out = append(out, '\\')
		}
		out = append(out, c)
		l.next(c)
	}
	if _, err := l.w.Write(out); err != nil {
		return 0, err
	}
	return len(p), nil
}

// next takes the state past c.
func (l *logWriter) next(c byte) {
	l.colon = l.blank && c == ':'
	switch {
	case c == '\n' || c == '\r':
		l.blank = true
	case c > ' ' && c < 0x7f:
		l.blank = false
	}
	if c == '#' {
		l.hashes = min(l.hashes+1, 2)
	} else {
		l.hashes = 0
	}
}
