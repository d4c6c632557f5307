package sshsig

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/ssh"
	"golang.org/x/text/unicode/norm"

	"github.com/codewarrant/codewarrant/internal/sanitise"
)

// MaxAllowedSigners bounds an allowed_signers file, in bytes: thousands of keys.
const MaxAllowedSigners = 1 << 20

// maxLine is in bytes. A line with an RSA key of 16,384 bits has under 3 KiB.
const maxLine = 16 << 10

// AllowedSigners are the lines of an allowed_signers file, in their order. None
// at all allow nobody.
type AllowedSigners []Entry

// Entry is a line that allows a key to sign.
type Entry struct {
	Position
	Principals PatternList // who signs with the key
	Namespaces PatternList // what it may sign; empty for everything
	// ValidAfter and ValidBefore are the first and the last second, in UTC, at
	// which signatures with the key count. Zero is no such limit.
	ValidAfter, ValidBefore time.Time
	KeyType                 string // such as ssh-ed25519
	Fingerprint             string // as in [Signer]
}

func (s AllowedSigners) with(fingerprint string) []Entry {
	var found []Entry
	for _, e := range s {
		if e.Fingerprint == fingerprint {
			found = append(found, e)
		}
	}
	return found
}

// ParseAllowedSigners reads an allowed_signers file, which its errors and entries
// call file. The error is of type [Errors] and has everything that is wrong, in
// the order of the lines; there are no signers then.
//
// It differs from OpenSSH in what must not be taken one way here and another
// there. OpenSSH reads only as far as the line that it looks for, and skips a
// line that it cannot read or stops at it; here one wrong line makes the file
// wrong. OpenSSH takes a time without a Z for local time, which differs from
// machine to machine: here a time of day needs the Z, and a day alone is one of
// UTC. A line with cert-authority is an error, because it allows keys that are
// not in the file, through certificates, which are not supported. So is a list of
// patterns that has one that nothing can match, text that does not show, such as
// control characters, and what is not UTF-8 or, of principals, not in the form NFC.
// A key has up to 32 principals, in 1 KiB.
func ParseAllowedSigners(file string, src []byte) (AllowedSigners, error) {
	p := &parser{file: file, principals: map[string]PatternList{}}
	if len(src) > MaxAllowedSigners {
		p.fail(Position{File: file}, "", "the file is larger than %d KiB", MaxAllowedSigners>>10)
		return nil, p.errs
	}
	var signers AllowedSigners
	for text := range bytes.Lines(src) {
		if p.line++; p.full() {
			break
		}
		text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
		if e := p.entry(string(text)); e != nil {
			signers = append(signers, *e)
		}
	}
	if len(p.errs) > 0 {
		return nil, p.errs
	}
	return signers, nil
}

// parser goes along one line after the other.
type parser struct {
	file       string
	line       int
	text       string                 // the line
	off        int                    // how far it is read, in bytes
	principals map[string]PatternList // of all lines so far, by the fingerprints of their keys
	errs       Errors
}

// entry reads one line, and returns nil for one that has no entry.
func (p *parser) entry(text string) *Entry {
	p.text, p.off = text, 0
	if !p.shows() {
		return nil
	}
	p.space()
	if p.text[p.off:] == "" || p.text[p.off] == '#' {
		return nil
	}
	before := len(p.errs)
	e := &Entry{Position: p.position(p.off)}
	if p.who(e) && p.options(e) {
		p.key(e)
	}
	if len(p.errs) > before {
		return nil
	}
	return e
}

// shows refuses what a person who reads the line does not see.
func (p *parser) shows() bool {
	if len(p.text) > maxLine {
		p.fail(p.position(0), "", "the line is longer than %d KiB", maxLine>>10)
		return false
	}
	for i, r := range p.text {
		what := ""
		switch {
		case r == utf8.RuneError && !utf8.ValidString(p.text):
			what = "what is not UTF-8"
		case r == '\uFEFF':
			what = "a byte order mark"
		case r != '\t' && unicode.IsControl(r):
			what = fmt.Sprintf("the control character %U", r)
		case unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp):
			what = fmt.Sprintf("the character %U, which makes text look different from what it is", r)
		default:
			continue
		}
		p.fail(p.position(i), "", "the line has %s", what)
		return false
	}
	return true
}

// who reads the first field, the principals. OpenSSH takes quotes anywhere in it, and
// joins what is before one with what is in it; here they are around all of it.
func (p *parser) who(e *Entry) bool {
	start := p.off
	field := ""
	if p.text[p.off] == '"' {
		end := strings.IndexByte(p.text[p.off+1:], '"')
		if end < 0 {
			p.fail(p.position(start), "", "a quote is not closed")
			return false
		}
		field = p.text[p.off+1 : p.off+1+end]
		p.off += end + 2
	} else {
		field = p.word()
	}
	if next := p.text[p.off:]; strings.Contains(field, `"`) || next != "" && next[0] != ' ' && next[0] != '\t' {
		p.fail(p.position(start), "put quotes around all principals of the line, or none", "a quote inside of the principals")
		return false
	}
	e.Principals = PatternList(field)
	if err := e.Principals.check(); err != nil {
		p.fail(p.position(start), "", "principals: %s", err)
	} else if err := checkLetters(field); err != nil {
		p.fail(p.position(start), "", "principals: %s", err)
	}
	p.space()
	return true
}

// checkLetters refuses names that look like others: two that a person cannot tell apart
// would be two people.
func checkLetters(field string) error {
	for name := range strings.SplitSeq(field, ",") {
		if name = strings.TrimPrefix(name, "!"); strings.TrimSpace(name) != name {
			return fmt.Errorf("%q begins or ends with a blank, which is part of the name", name)
		}
	}
	for _, r := range field {
		if sanitise.Text(string(r)) != string(r) {
			return fmt.Errorf("the character %U does not show", r)
		}
	}
	if !norm.NFC.IsNormalString(field) {
		return errors.New("a letter and its accent are two characters, which have to be one (Unicode's form NFC)")
	}
	return nil
}

// key reads the type of the key and the key. What follows is a comment.
func (p *parser) key(e *Entry) {
	e.KeyType = p.word()
	p.space()
	start := p.off
	text := p.word()
	if text == "" {
		p.ends()
		return
	}
	key, err := readKeyText(e.KeyType, text)
	if err != nil {
		p.fail(p.position(start), "", "%s", err)
		return
	}
	e.Fingerprint = ssh.FingerprintSHA256(key)
	p.count(e)
}

// count bounds the principals of a key, and tells of one that has too many once.
func (p *parser) count(e *Entry) {
	before, ok := p.principals[e.Fingerprint]
	if !ok {
		p.principals[e.Fingerprint] = e.Principals
		return
	}
	if !before.bounded() {
		return
	}
	all := before + "," + e.Principals
	if p.principals[e.Fingerprint] = all; !all.bounded() {
		p.fail(e.Position, "give each person a key of their own", "principals: the lines of this key have more than %d patterns, or than %d bytes of them", maxPatterns, maxList)
	}
}

// word takes what is before the next space or tab.
func (p *parser) word() string {
	rest := p.text[p.off:]
	if i := strings.IndexAny(rest, " \t"); i >= 0 {
		rest = rest[:i]
	}
	p.off += len(rest)
	return rest
}

func (p *parser) space() {
	p.off += len(p.text[p.off:]) - len(strings.TrimLeft(p.text[p.off:], " \t"))
}

// atKey reports whether the next word is the type of a key.
func (p *parser) atKey() bool {
	ahead := *p
	return slices.Contains(keyTypes, ahead.word())
}
