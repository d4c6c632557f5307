package sshsig

import (
	"errors"
	"strings"
	"time"
)

// options reads the options of a line, if it has any, up to the type of the key.
// It reports whether the line can be read on.
func (p *parser) options(e *Entry) bool {
	if p.atKey() {
		return true
	}
	seen := map[string]bool{}
	for more := true; more; {
		start := p.off
		name := strings.ToLower(p.name())
		if seen[name] {
			p.fail(p.position(start), "", "option %s is there twice", name)
		}
		seen[name] = true
		if !p.option(e, name, start) {
			return false
		}
		if more = strings.HasPrefix(p.text[p.off:], ","); more {
			p.off++
		}
	}
	end := p.off
	p.space()
	if !p.atKey() {
		return p.notKey()
	}
	if p.off == end {
		p.fail(p.position(end), "", "a space is missing after the options")
	}
	if !e.ValidAfter.IsZero() && !e.ValidBefore.IsZero() && !e.ValidAfter.Before(e.ValidBefore) {
		p.fail(e.Position, "", "valid-before is not after valid-after")
	}
	return true
}

func (p *parser) option(e *Entry, name string, start int) bool {
	switch name {
	case "namespaces":
		return p.value(func(value string) error {
			e.Namespaces = PatternList(value)
			return e.Namespaces.check()
		})
	case "valid-after":
		return p.value(func(value string) (err error) {
			e.ValidAfter, err = parseTime(value)
			return err
		})
	case "valid-before":
		return p.value(func(value string) (err error) {
			e.ValidBefore, err = parseTime(value)
			return err
		})
	case "cert-authority":
		p.fail(p.position(start), "name each key that may sign on a line of its own", "certificates are not supported, so that a cert-authority allows nobody")
		return true
	}
	p.off = start
	return p.notKey()
}

// notKey tells that neither an option nor a key is where one of them has to be.
func (p *parser) notKey() bool {
	if p.off == len(p.text) {
		return p.ends()
	}
	p.fail(p.position(p.off),
		"options are namespaces, valid-after and valid-before, separated by commas alone; types of keys are "+strings.Join(keyTypes, ", "),
		"what stands here is neither an option nor the type of a key") // and is not told: it may be no such file
	return false
}

// ends tells that the line is too short.
func (p *parser) ends() bool {
	p.fail(p.position(len(p.text)), "a line is: principals, options if any, type of the key, key", "the line ends before the key")
	return false
}

// name takes the name of an option.
func (p *parser) name() string {
	rest := p.text[p.off:]
	if i := strings.IndexAny(rest, "=,\" \t"); i >= 0 {
		rest = rest[:i]
	}
	p.off += len(rest)
	return rest
}

// value takes the value of an option, in quotes, and gives it to set. It reports
// whether the line can be read on, as it can be after an error of set.
func (p *parser) value(set func(string) error) bool {
	start := p.off
	rest, ok := strings.CutPrefix(p.text[p.off:], `="`)
	if !ok {
		p.fail(p.position(start), `write option="value"`, "an option has no value in quotes")
		return false
	}
	var value strings.Builder
	for i := 0; i < len(rest); i++ {
		switch {
		case rest[i] == '"':
			p.off = start + 2 + i + 1
			if err := set(value.String()); err != nil {
				p.fail(p.position(start+2), "", "%s", err)
			}
			return true
		case strings.HasPrefix(rest[i:], `\"`):
			i++
		}
		value.WriteByte(rest[i])
	}
	p.fail(p.position(start+1), "", "a quote is not closed")
	return false
}

// parseTime reads YYYYMMDD[Z] or YYYYMMDDHHMM[SS]Z as the first second that it
// names, in UTC. It knows no leap second and, like OpenSSH, nothing before 1970.
func parseTime(s string) (time.Time, error) {
	digits, utc := strings.CutSuffix(s, "Z")
	layout := ""
	switch len(digits) {
	case len("YYYYMMDD"):
		layout, utc = "20060102", true
	case len("YYYYMMDDHHMM"):
		layout = "200601021504"
	case len("YYYYMMDDHHMMSS"):
		layout = "20060102150405"
	}
	if layout == "" || strings.Trim(digits, "0123456789") != "" {
		return time.Time{}, errors.New("a time is YYYYMMDD, YYYYMMDDHHMMZ or YYYYMMDDHHMMSSZ")
	}
	t, err := time.Parse(layout, digits)
	switch {
	case err != nil:
		return time.Time{}, errors.New("there is no such day or time of day")
	case !utc:
		return time.Time{}, errors.New("a time of day without Z is local to each machine; write it in UTC, with a Z at its end")
	case t.Unix() <= 0:
		return time.Time{}, errors.New("a time is after the beginning of 1970")
	}
	return t, nil
}
