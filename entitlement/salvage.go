package entitlement

import (
	"bytes"
	"html"
	"strings"
)

// Salvage returns what b may claim, each claim with an unknown value, which grants.
// It serves blobs that the strict readers refuse: what such a blob claims is not
// known, so all that can be found in it is judged. That is no proof of what is not
// there: a key can be written in ways that only one parser resolves, such as the
// entities of a document type. A refused blob is a finding in its own right.
//
// It looks for keys of Apple's name space and other documented keys in the bytes
// as they are, without the NULs of UTF-16, without comments and other markup that
// may split a key, and with character references resolved.
func Salvage(b []byte) Set {
	set := Set{}
	b = b[:min(len(b), MaxSize)]
	joined := join(b)
	for _, view := range [][]byte{
		b,
		bytes.ReplaceAll(b, []byte{0}, nil),
		joined,
		[]byte(html.UnescapeString(string(b))),
		[]byte(html.UnescapeString(string(joined))),
	} {
		salvageApple(view, set)
		salvageBare(view, set)
	}
	return set
}

// join drops what may stand inside a key for one parser and not for another:
// comments, processing instructions and the delimiters of CDATA sections.
func join(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for {
		i := bytes.Index(b, []byte("<"))
		if i < 0 {
			return append(out, b...)
		}
		out, b = append(out, b[:i]...), b[i:]
		switch {
		case bytes.HasPrefix(b, []byte("<!--")):
			_, b, _ = bytes.Cut(b, []byte("-->"))
		case bytes.HasPrefix(b, []byte("<?")):
			_, b, _ = bytes.Cut(b, []byte("?>"))
		case bytes.HasPrefix(b, []byte("<![CDATA[")):
			inner, rest, _ := bytes.Cut(b[len("<![CDATA["):], []byte("]]>"))
			out, b = append(out, inner...), rest
		default:
			out, b = append(out, '<'), b[1:]
		}
	}
}

const applePrefix = "com.apple."

// maxSalvaged bounds the claims taken from one blob of keys that are not known,
// against a blob made of nothing else. Real signatures claim under 100.
const maxSalvaged = 1000

// salvageApple finds every run of key characters that begins with com.apple.
func salvageApple(view []byte, set Set) {
	for rest := view; ; {
		i := bytes.Index(rest, []byte(applePrefix))
		if i < 0 {
			return
		}
		rest = rest[i:]
		n := len(applePrefix)
		for n < len(rest) && n < 256 && isKeyByte(rest[n]) {
			n++
		}
		key := strings.TrimRight(string(rest[:n]), ".-")
		if known, ok := knownPrefix(key); ok {
			set[known] = Value{}
		} else if len(key) > len(applePrefix) && len(set) < maxSalvaged {
			set[key] = Value{}
		}
		rest = rest[n:]
	}
}

// knownPrefix returns the longest documented key that a run of key characters
// begins with: in a binary property list the next value may follow at once.
func knownPrefix(run string) (string, bool) {
	for n := len(run); n > len(applePrefix); n-- {
		if _, ok := vocabulary().find(run[:n]); ok {
			return run[:n], true
		}
	}
	return "", false
}

// salvageBare finds the documented keys outside com.apple., such as
// get-task-allow, where they do not stand inside a longer key.
func salvageBare(view []byte, set Set) {
	for _, k := range AllKnown() {
		if strings.HasPrefix(k.Key, applePrefix) || strings.HasSuffix(k.Key, "*") {
			continue
		}
		for rest := view; ; {
			i := bytes.Index(rest, []byte(k.Key))
			if i < 0 {
				break
			}
			if i == 0 || rest[i-1] != '.' {
				set[k.Key] = Value{}
				break
			}
			rest = rest[i+len(k.Key):]
		}
	}
}

func isKeyByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '-' || c == '_'
}
