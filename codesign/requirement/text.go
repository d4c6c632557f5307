package requirement

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The levels of the grammar (Dumper::SyntaxLevel). An operator stands in
// parentheses where it is an operand of one that binds closer.
const (
	levelPrimary = iota
	levelAnd
	levelOr
	levelTop
)

// text returns the expression as Apple's Dumper prints it, except that it is
// always source again: there is a space in "leaf trusted", an empty string has
// its quotes, and a string with a line break is written in hexadecimal.
func (e *expr) text() string {
	var b strings.Builder
	e.print(&b, levelTop)
	return b.String()
}

func (e *expr) print(b *strings.Builder, level int) {
	switch e.op {
	case opAnd:
		e.printBinary(b, level, levelAnd, " and ")
	case opOr:
		e.printBinary(b, level, levelOr, " or ")
	case opNot:
		b.WriteString("! ")
		e.left.print(b, levelPrimary)
	default:
		if e.flags == genericSkip {
			fmt.Fprintf(b, "/* opcode %d */ ", e.op)
			e.left.print(b, level)
			return
		}
		b.WriteString(e.primary())
	}
}

func (e *expr) printBinary(b *strings.Builder, level, own int, operator string) {
	if level < own {
		b.WriteByte('(')
		defer b.WriteByte(')')
	}
	e.left.print(b, own)
	b.WriteString(operator)
	e.right.print(b, own)
}

// primary returns an operation that has no expression in it.
func (e *expr) primary() string {
	switch e.op {
	case opFalse:
		return "never"
	case opTrue:
		return "always"
	case opIdent:
		return "identifier " + quote(e.key, false)
	case opAppleAnchor:
		return "anchor apple"
	case opAppleGenericAnchor:
		return "anchor apple generic"
	case opAnchorHash:
		return fmt.Sprintf("%s = H\"%x\"", e.certificate(), e.key)
	case opCDHash:
		return fmt.Sprintf("cdhash H\"%x\"", e.key)
	case opInfoKeyValue, opInfoKeyField:
		return "info[" + quote(e.key, true) + "]" + e.match.text()
	case opEntitlementField:
		return "entitlement[" + quote(e.key, true) + "]" + e.match.text()
	case opCertField:
		return e.certificate() + "[" + quote(e.key, true) + "]" + e.match.text()
	case opCertGeneric:
		return e.certificate() + "[field." + oidText(e.key) + "]" + e.match.text()
	case opCertPolicy:
		return e.certificate() + "[policy." + oidText(e.key) + "]" + e.match.text()
	case opCertFieldDate:
		return e.certificate() + "[timestamp." + oidText(e.key) + "]" + e.match.text()
	case opTrustedCert:
		return e.certificate() + " trusted"
	case opTrustedCerts:
		return "anchor trusted"
	case opNamedAnchor:
		return "anchor apple " + quote(e.key, false)
	case opNamedCode:
		return "(" + quote(e.key, false) + ")"
	case opPlatform:
		return fmt.Sprintf("platform = %d", e.number)
	case opNotarized:
		return "notarized"
	case opLegacyDevID:
		return "legacy"
	default:
		return fmt.Sprintf("false /* opcode %d */", e.op)
	}
}

func (e *expr) certificate() string {
	switch e.number {
	case leafCert:
		return "certificate leaf"
	case anchorCert:
		return "certificate root"
	default:
		return fmt.Sprintf("certificate %d", e.number)
	}
}

func (m match) text() string {
	value := quote(m.value, false)
	switch m.op {
	case matchExists:
		return " /* exists */"
	case matchAbsent:
		return " absent"
	case matchEqual:
		return " = " + value
	case matchContains:
		return " ~ " + value
	case matchBeginsWith:
		return " = " + value + "*"
	case matchEndsWith:
		return " = *" + value
	case matchLessThan:
		return " < " + value
	case matchGreaterThan:
		return " > " + value
	case matchLessEqual:
		return " <= " + value
	case matchGreaterEqual:
		return " >= " + value
	case matchOn, matchBefore, matchAfter, matchOnOrBefore, matchOnOrAfter:
		return [...]string{" = ", " < ", " > ", " <= ", " >= "}[m.op-matchOn] + dateText(m.date)
	default:
		return fmt.Sprintf(" /* match %d */ %s", m.op, value)
	}
}

// dateText returns a date as the Dumper has it from NSDate's description, and as
// the bare number where that is no date of four digits' year.
func dateText(seconds int64) string {
	const from2001 = 978307200 // kCFAbsoluteTimeIntervalSince1970
	if seconds < -1<<35 || seconds > 1<<37 {
		return fmt.Sprintf("<%d>", seconds)
	}
	return time.Unix(from2001+seconds, 0).UTC().Format("<2006-01-02 15:04:05 -0700>")
}

// keywords cannot stand unquoted for a string; they are the LITERAL tokens of
// requirements.grammar.
var keywords = []string{
	"guest", "host", "designated", "library", "plugin", "or", "and", "always", "true", "never", "false",
	"identifier", "cdhash", "platform", "notarized", "legacy", "anchor", "apple", "generic", "certificate", "cert",
	"trusted", "info", "entitlement", "exists", "absent", "leaf", "root", "timestamp",
}

// quote returns a string as it is if it is letters and digits, not beginning
// with a digit, and no keyword; else in quotes if all of it can be printed; else
// in hexadecimal. Keys may have dots, unquoted.
func quote(s string, dots bool) string {
	simple := s != "" && (s[0] < '0' || s[0] > '9') && !slices.Contains(keywords, s)
	for _, c := range []byte(s) {
		switch {
		case c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '.' && dots:
		case c >= ' ' && c <= '~':
			simple = false
		default:
			return fmt.Sprintf("0x%x", s)
		}
	}
	if simple {
		return s
	}
	return `"` + strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(s) + `"`
}

// oidText returns the content octets of a DER OID as dotted numbers, or in
// hexadecimal if they are something else or a number has more than 63 bits.
func oidText(der string) string {
	var text strings.Builder
	arc := uint64(0)
	for i, c := range []byte(der) {
		if arc >= 1<<56 || arc == 0 && c == 0x80 || i == len(der)-1 && c >= 0x80 {
			return fmt.Sprintf("0x%x", der)
		}
		arc = arc<<7 | uint64(c&0x7f)
		if c >= 0x80 {
			continue
		}
		if text.Len() == 0 {
			root := min(arc/40, 2)
			text.WriteString(strconv.FormatUint(root, 10))
			arc -= 40 * root
		}
		text.WriteString("." + strconv.FormatUint(arc, 10))
		arc = 0
	}
	if text.Len() == 0 {
		return "0x"
	}
	return text.String()
}
