package requirement_test

import (
	"encoding/binary"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	. "github.com/codewarrant/codewarrant/codesign/requirement"
	"github.com/codewarrant/codewarrant/internal/machotest"
)

var op = machotest.Operation

// designated returns a requirements blob with one expression.
func designated(expression []byte) []byte {
	return machotest.RequirementsBlob(machotest.Requirements(map[uint32][]byte{machotest.DesignatedRequirement: expression}))
}

// parse reads a designated requirement of one expression.
func parse(t testing.TB, expression []byte) Requirement {
	t.Helper()
	set, err := Parse(designated(expression))
	if err != nil {
		t.Fatal(err)
	}
	r, ok := set.Designated()
	if !ok {
		t.Fatal("no designated requirement")
	}
	return r
}

func compile(t testing.TB, source string) Requirement {
	t.Helper()
	r, err := Compile(source)
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	return r
}

func TestParseReadsEveryType(t *testing.T) {
	got, err := Parse(machotest.RequirementsBlob(machotest.Requirements(map[uint32][]byte{
		machotest.HostRequirement: op(1), machotest.GuestRequirement: op(0), machotest.DesignatedRequirement: op(3),
		machotest.LibraryRequirement: op(15), machotest.PluginRequirement: op(21),
	})))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, r := range got {
		lines = append(lines, r.Type+" => "+r.Text)
	}
	want := []string{
		"host => always", "guest => never", "designated => anchor apple", "library => anchor apple generic", "plugin => notarized",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
}

func TestASetMayBeEmpty(t *testing.T) {
	set, err := Parse(machotest.RequirementsBlob(machotest.Requirements(nil)))
	if err != nil || len(set) != 0 {
		t.Error(set, err)
	}
	if r, ok := set.Designated(); ok {
		t.Error(r)
	}
}

func TestALightweightRequirementIsNamedAndNotEvaluated(t *testing.T) {
	der := string(machotest.DER("ccat", 0, "comp", 1, "reqs", machotest.Dict{}, "vers", 1))
	blob := machotest.RequirementBlob(2, op(uint32(len(der)), []byte(der), make([]byte, -len(der)&3)))
	payload := append(op(1, 3, 20), blob...)
	set, err := Parse(machotest.RequirementsBlob(payload))
	if err != nil {
		t.Fatal(err)
	}
	r, _ := set.Designated()
	if want := "lightweight code requirement of 50 bytes"; r.Text != want {
		t.Errorf("%q instead of %q", r.Text, want)
	}
	if got := r.Evaluate(Facts{}); got != NotEvaluated {
		t.Error(got)
	}
}

func TestRequirementsAreEqualIfTheirOperationsAre(t *testing.T) {
	left, right := parse(t, op(6, op(6, op(1), op(0)), op(1))), parse(t, op(6, op(1), op(6, op(0), op(1))))
	if left.Text != right.Text || left.Equal(right) || !left.Equal(left) {
		t.Errorf("%v %v", left, right)
	}
}

// nested returns depth operations inside one another.
func nested(depth int) []byte {
	return append([]byte(strings.Repeat(string(op(9)), depth-1)), op(1)...)
}

func TestParseRefuses(t *testing.T) {
	whole := designated(op(2, "abc"))
	// put returns the whole with a word of it replaced.
	put := func(offset int, word uint32) []byte {
		b := append([]byte(nil), whole...)
		binary.BigEndian.PutUint32(b[offset:], word)
		return b
	}
	one, two := machotest.RequirementBlob(1, op(1)), machotest.RequirementBlob(1, op(0))
	set := func(index []byte, blobs ...[]byte) []byte {
		for _, b := range blobs {
			index = append(index, b...)
		}
		return machotest.RequirementsBlob(index)
	}
	for name, row := range map[string]struct {
		b    []byte
		want string
	}{
		"nothing":                                {nil, "not a requirements blob of the length it has"},
		"a header cut short":                     {whole[:11], "not a requirements blob of the length it has"},
		"the magic of one requirement":           {put(0, 0xfade0c00), "not a requirements blob of the length it has"},
		"a length past the end":                  {put(4, 45), "not a requirements blob of the length it has"},
		"a length short of the end":              {put(4, 40), "not a requirements blob of the length it has"},
		"a count of four billion":                {put(8, 0xffffffff), "4294967295 requirements claimed in 44 bytes"},
		"a count of none with bytes left":        {put(8, 0), "requirements that end at 12 in a blob of 44 bytes"},
		"an offset past the end":                 {put(16, 0xfffffff0), "a requirement at offset 4294967280 past the end 44"},
		"an offset into the index":               {put(16, 12), "a requirement of 12 bytes at offset 12 where one belongs at 20"},
		"a type of zero":                         {put(12, 0), "a requirement of the unknown type 0"},
		"a type past the last":                   {put(12, 6), "a requirement of the unknown type 6"},
		"a requirement of another magic":         {put(20, 0xfade0c01), "designated requirement: magic 0xfade0c01 instead of 0xfade0c00"},
		"a requirement past the end":             {put(24, 32), "requirements that end at 52 in a blob of 44 bytes"},
		"a requirement of four billion bytes":    {put(24, 0xffffffff), "requirements that end at 4294967315 in a blob of 44 bytes"},
		"a requirement shorter than its header":  {put(24, 8), "a requirement of 8 bytes at offset 20 where one belongs at 20"},
		"a kind that is unknown":                 {put(28, 3), "designated requirement: offset 12: the kind 3, which is unknown"},
		"a string past the end":                  {put(36, 9), "designated requirement: offset 20: a length of 9 where 4 bytes are left"},
		"a string of four billion bytes":         {put(36, 0xffffffff), "designated requirement: offset 20: a length of 4294967295 where 4 bytes are left"},
		"a string without its padding":           {designated(append(op(2), 0, 0, 0, 1, 'x')), "designated requirement: offset 21: a length of 1 where 0 bytes are left"},
		"padding that is not zero":               {designated(op(2, 3, []byte("abcd"))), "designated requirement: offset 24: padding that is not zero"},
		"bytes after the expression":             {designated(op(1, 1)), "designated requirement: offset 16: 4 bytes after the end"},
		"no expression":                          {designated(nil), "designated requirement: offset 12: cut short"},
		"an operand missing":                     {designated(op(6, op(1))), "designated requirement: offset 20: cut short"},
		"an operation that is unknown":           {designated(op(24)), "designated requirement: offset 16: the operation 24, which is unknown"},
		"another flag than those with a size":    {designated(op(0x20000018)), "designated requirement: offset 16: the operation 536870936, which is unknown"},
		"a skip past the end":                    {designated(op(0x40000018, 5, op(1))), "designated requirement: offset 20: a length of 5 where 4 bytes are left"},
		"a skip with nothing behind it":          {designated(op(0x40000018, 0)), "designated requirement: offset 20: cut short"},
		"a certificate's hash of another length": {designated(op(4, 0, "short")), "designated requirement: offset 32: a certificate's hash of 5 bytes instead of 20"},
		"a date cut short":                       {designated(op(10, "a", 9, 1)), "designated requirement: offset 32: cut short"},
		"a lightweight requirement cut short":    {set(op(1, 3, 20), machotest.RequirementBlob(2, op(9))), "designated requirement: offset 16: a length of 9 where 0 bytes are left"},
		"operations too deep":                    {designated(nested(1000)), "designated requirement: offset 4008: operations nest deeper than 999"},
		"a megabyte of operations":               {designated(nested(1 << 18)), "requirements of 1048608 bytes; the limit is 65536"},
		"two requirements in one place":          {set(op(2, 1, 28, 3, 28), one), "a requirement of 16 bytes at offset 28 where one belongs at 44"},
		"a gap between two":                      {set(op(2, 1, 28, 3, 48), one, op(0), two), "a requirement of 16 bytes at offset 48 where one belongs at 44"},
		"two of one type":                        {set(op(2, 3, 28, 3, 44), one, two), "a second designated requirement"},
	} {
		t.Run(name, func(t *testing.T) {
			set, err := Parse(row.b)
			if err == nil {
				t.Fatalf("read as %v", set)
			}
			if diff := cmp.Diff(row.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOperationsMayNestAsDeepAsAppleAllows(t *testing.T) {
	r := parse(t, nested(MaxDepth))
	if want := strings.Repeat("! ", MaxDepth-1) + "always"; r.Text != want {
		t.Error(r.Text)
	}
	if got := r.Operations(); got != MaxDepth {
		t.Errorf("%d operations", got)
	}
	if got := r.Evaluate(Facts{}); got != Satisfied {
		t.Error(got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(machotest.RequirementsBlob(machotest.Requirements(nil)))
	f.Add(designated(nested(20)))
	f.Add(designated(op(8, "")))
	for _, row := range operations(f) {
		f.Add(designated(row.expression))
	}
	lossy := regexp.MustCompile(`/\* (opcode|match) `)
	notSource := regexp.MustCompile(`<|^lightweight|certificate \S+\[|H"([0-9a-f]{0,39}|[0-9a-f]{41,})"`)
	none, some := Facts{}, facts()
	none.Identifier = some.Identifier
	f.Fuzz(func(t *testing.T, b []byte) {
		set, err := Parse(b)
		if err != nil {
			return
		}
		for _, r := range set {
			if len(r.Text) > 16*len(b) || strings.ContainsFunc(r.Text, func(c rune) bool { return c < ' ' || c > '~' }) {
				t.Errorf("text of %d bytes for %d: %q", len(r.Text), len(b), r.Text)
			}
			// More facts can decide what was not, and never the contrary of what was.
			if before, after := r.Evaluate(none), r.Evaluate(some); before != NotEvaluated && before != after {
				t.Errorf("%s: %v without facts, %v with them", r.Text, before, after)
			}
			again, err := Compile(r.Text)
			switch {
			case lossy.MatchString(r.Text) || err != nil && notSource.MatchString(r.Text):
			case err != nil && strings.Contains(err.Error(), "nest deeper"): // grouped to the left
			case err != nil:
				t.Errorf("%q: %v", r.Text, err)
			case again.Text != r.Text:
				t.Errorf("%q is compiled to %q", r.Text, again.Text)
			}
		}
	})
}
