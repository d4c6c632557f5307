package machotest

import (
	"cmp"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Types of requirements: SecRequirementType of CSCommon.h.
const (
	HostRequirement       = 1
	GuestRequirement      = 2
	DesignatedRequirement = 3
	LibraryRequirement    = 4
	PluginRequirement     = 5
)

// Requirements returns the payload of a requirements blob with compiled expressions by type, in ascending order as
// Apple's Maker writes them. It is for Signature.Requirements.
func Requirements(byType map[uint32][]byte) []byte {
	types := slices.Sorted(maps.Keys(byType))
	var blobs []byte
	index := bigEndian(uint32(len(types)))
	for _, t := range types {
		index = append(index, bigEndian(t, uint32(12+8*len(types)+len(blobs)))...)
		blobs = append(blobs, RequirementBlob(1, byType[t])...)
	}
	return append(index, blobs...)
}

// RequirementBlob returns one requirement of a kind: 1 is an expression.
func RequirementBlob(kind uint32, expression []byte) []byte {
	return Blob{Magic: 0xfade0c00, Payload: append(bigEndian(kind), expression...)}.Bytes()
}

// RequirementsBlob returns a payload as the whole blob.
func RequirementsBlob(payload []byte) []byte {
	return Blob{Magic: magicRequirements, Payload: payload}.Bytes()
}

// Operation returns an opcode and its operands, or a match suffix: an int is a word, a string has its length and padding,
// and []byte, such as another operation, is put as it is.
func Operation(opcode uint32, operands ...any) []byte {
	out := bigEndian(opcode)
	for _, operand := range operands {
		switch v := operand.(type) {
		case int:
			out = append(out, bigEndian(uint32(v))...)
		case string:
			out = append(append(out, bigEndian(uint32(len(v)))...), v...)
			out = append(out, make([]byte, -len(v)&3)...)
		case []byte:
			out = append(out, v...)
		default:
			panic(fmt.Sprintf("machotest: no operand of %T", v))
		}
	}
	return out
}

// CompileRequirement compiles an expression of Apple's requirement language (requirements.grammar of
// libsecurity_codesigning), as csreq does, without files and timestamps.
func CompileRequirement(source string) ([]byte, error) {
	c := &compiler{}
	for _, t := range token().FindAllString(source, -1) {
		if strings.TrimSpace(t) != "" && !strings.HasPrefix(t, "/*") {
			c.tokens = append(c.tokens, t)
		}
	}
	out := c.expr()
	if len(c.tokens) > 0 {
		c.fail("%q is left", c.tokens)
	}
	return out, c.err
}

// token matches white space, comments, strings, hashes, binary strings, words and numbers, and operators.
func token() *regexp.Regexp {
	return regexp.MustCompile(`\s+|/\*.*?\*/|"(\\.|[^"\\])*"|H"[0-9a-f]*"|0x[0-9a-f]*|[A-Za-z0-9.]+|[<>]=|.`)
}

type compiler struct {
	tokens []string
	err    error
}

func (c *compiler) fail(format string, args ...any) {
	c.err = cmp.Or(c.err, fmt.Errorf(format, args...))
	c.tokens = nil
}

func (c *compiler) next() string {
	if len(c.tokens) == 0 {
		c.fail("the source ends early")
		return ""
	}
	t := c.tokens[0]
	c.tokens = c.tokens[1:]
	return t
}

// accept takes the next token if it is t.
func (c *compiler) accept(t string) bool {
	found := len(c.tokens) > 0 && c.tokens[0] == t
	if found {
		c.tokens = c.tokens[1:]
	}
	return found
}

func (c *compiler) expect(t string) {
	if !c.accept(t) {
		c.fail("%q instead of %q", c.tokens, t)
	}
}

func (c *compiler) expr() []byte { return c.chain("or", 7, c.term) }
func (c *compiler) term() []byte { return c.chain("and", 6, c.primary) }

// chain compiles operands with an operator between them, which groups to the left.
func (c *compiler) chain(operator string, opcode uint32, operand func() []byte) []byte {
	out := operand()
	for c.accept(operator) {
		out = Operation(opcode, out, operand())
	}
	return out
}

func (c *compiler) primary() []byte {
	switch t := c.next(); t {
	case "(":
		if len(c.tokens) > 1 && c.tokens[1] == ")" && !isKeyword(c.tokens[0]) {
			name := c.value()
			c.expect(")")
			return Operation(19, name)
		}
		out := c.expr()
		c.expect(")")
		return out
	case "!":
		return Operation(9, c.primary())
	case "never", "false":
		return Operation(0)
	case "always", "true":
		return Operation(1)
	case "identifier":
		return Operation(2, c.value())
	case "cdhash":
		return Operation(8, c.value())
	case "info":
		return Operation(10, c.key(), c.match())
	case "entitlement":
		return Operation(16, c.key(), c.match())
	case "platform":
		c.expect("=")
		return Operation(20, c.number())
	case "notarized":
		return Operation(21)
	case "legacy":
		return Operation(23)
	case "anchor":
		return c.anchor()
	case "certificate":
		return c.certificate(c.slot())
	default:
		c.fail("%q where an expression belongs", t)
		return nil
	}
}

// isKeyword reports whether a token is one of the grammar's, which cannot stand for a string.
func isKeyword(token string) bool {
	const keywords = "guest host designated library plugin or and always true never false identifier cdhash platform " +
		"notarized legacy anchor apple generic certificate cert trusted info entitlement exists absent leaf root timestamp"
	return slices.Contains(strings.Fields(keywords), token)
}

func (c *compiler) anchor() []byte {
	switch {
	case c.accept("trusted"):
		return Operation(13)
	case !c.accept("apple"):
		return c.certificate(-1)
	case c.accept("generic"):
		return Operation(15)
	case len(c.tokens) > 0 && !slices.Contains([]string{"and", "or", ")"}, c.tokens[0]):
		return Operation(18, c.value())
	default:
		return Operation(3)
	}
}

func (c *compiler) slot() int {
	switch {
	case c.accept("leaf"):
		return 0
	case c.accept("root"):
		return -1
	case c.accept("-"):
		return -c.number()
	default:
		return c.number()
	}
}

func (c *compiler) number() int {
	negative := c.accept("-")
	n, err := strconv.Atoi(c.next())
	if err != nil {
		c.fail("%v", err)
	}
	if negative {
		return -n
	}
	return n
}

// certificate compiles what is asked of a certificate.
func (c *compiler) certificate(slot int) []byte {
	if c.accept("trusted") {
		return Operation(12, slot)
	}
	if c.accept("=") {
		return Operation(4, slot, c.value())
	}
	key := c.key()
	for prefix, opcode := range map[string]uint32{"field.": 14, "policy.": 17, "timestamp.": 22} {
		if oid, ok := strings.CutPrefix(key, prefix); ok {
			return Operation(opcode, slot, c.oid(oid), c.match())
		}
	}
	return Operation(11, slot, key, c.match())
}

func (c *compiler) oid(dotted string) string {
	var oid asn1.ObjectIdentifier
	for _, arc := range strings.Split(dotted, ".") {
		n, err := strconv.Atoi(arc)
		if err != nil {
			c.fail("%v", err)
		}
		oid = append(oid, n)
	}
	der, err := asn1.Marshal(oid)
	if err != nil || len(der) > 0x81 {
		c.fail("no object identifier: %s", dotted)
		return ""
	}
	return string(der[2:])
}

func (c *compiler) key() string {
	c.expect("[")
	key := c.value()
	c.expect("]")
	return key
}

// value takes a string in any of its forms.
func (c *compiler) value() string {
	t := c.next()
	digits, isHex := strings.CutPrefix(t, "0x")
	if strings.HasPrefix(t, `H"`) {
		digits, isHex = strings.Trim(t, `H"`), true
	}
	if isHex {
		b, err := hex.DecodeString(digits)
		if err != nil {
			c.fail("%v", err)
		}
		return string(b)
	}
	if quoted, ok := strings.CutPrefix(t, `"`); ok {
		return regexp.MustCompile(`\\(.)`).ReplaceAllString(strings.TrimSuffix(quoted, `"`), "$1")
	}
	if isKeyword(t) || !regexp.MustCompile(`^[A-Za-z.][A-Za-z0-9.]*$`).MatchString(t) {
		c.fail("%q where a string belongs", t)
	}
	return t
}

func (c *compiler) match() []byte {
	for i, operator := range []string{"~", "<", ">", "<=", ">="} {
		if c.accept(operator) {
			return Operation([]uint32{2, 5, 6, 7, 8}[i], c.value())
		}
	}
	switch {
	case c.accept("absent"):
		return Operation(14)
	case !c.accept("="):
		return Operation(0)
	case c.accept("*"):
		return Operation(4, c.value())
	}
	value := c.value()
	if c.accept("*") {
		return Operation(3, value)
	}
	return Operation(1, value)
}
